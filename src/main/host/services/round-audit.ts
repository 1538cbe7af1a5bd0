import { setImmediate as nextTurn } from 'node:timers/promises';
import { StudioError } from '#shared/errors.ts';
import { classNames } from '#shared/expressions.ts';
import type {
  Distribution,
  FlippedPage,
  FlippedRequest,
  Flips,
  Round,
  RoundCalibration,
  RoundHistogram,
  ThresholdPreview,
} from '#shared/rounds.ts';
import { reliabilityOf } from '../../audit/rounds/calibration.ts';
import { type RoundColumns, joinColumns } from '../../audit/rounds/columns.ts';
import { ThresholdIndex, confidenceHistogram } from '../../audit/rounds/confidences.ts';
import { countFlips, flippedPlaces } from '../../audit/rounds/flips.ts';
import type { Catalog } from '../../catalog/catalog.ts';

/** Labels read between which others get their turn: some ten milliseconds. */
const SLICE = 20_000;
/** Rounds kept in memory, 13 bytes a label and 4 more once thresholds were moved. */
const KEPT_ROUNDS = 4;

/** A round in memory, as it was at some number of labels. */
interface LoadedRound {
  readonly version: string;
  readonly columns: Promise<RoundColumns>;
  thresholds: ThresholdIndex | null;
}

/**
 * What the labels of rounds come to. A round is read once, half a second for a million labels; flips, histograms and thresholds are then answered
 * from memory.
 */
export class RoundAudit {
  readonly #catalog: Catalog;
  readonly #loaded = new Map<number, LoadedRound>();

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  async flips(fromId: number, toId: number): Promise<Flips> {
    const [from, to] = [this.#round(fromId), this.#round(toId)];
    const classes = classNames(Math.max(from.classes.length, to.classes.length));
    const counts = countFlips(await this.#columns(from), await this.#columns(to), classes.length);
    return { from: fromId, to: toId, classes, ...counts };
  }

  /** The images behind a cell of the matrix, or behind all flips. */
  async flipped({ from, to, afterId = 0, limit = 100, fromClass, toClass }: FlippedRequest): Promise<FlippedPage> {
    const [earlier, later] = await Promise.all([this.#columns(this.#round(from)), this.#columns(this.#round(to))]);
    const places = flippedPlaces(earlier, later, { fromClass, toClass, afterId, limit });
    const ids = places.map((place) => earlier.images[place.from]!);
    const rows = new Map(this.#catalog.query.rows(ids).map((row) => [row.id, row]));
    const said = (columns: RoundColumns, place: number): { label: number; confidence: number } => ({
      label: columns.labels[place]!,
      confidence: columns.confidences[place]!,
    });
    return {
      images: places.flatMap((place, index) => {
        const image = rows.get(ids[index]!);
        return image === undefined ? [] : [{ image, from: said(earlier, place.from), to: said(later, place.to) }];
      }),
      nextAfterId: places.length < limit ? null : ids.at(-1)!,
    };
  }

  async histogram(id: number, bins: number): Promise<RoundHistogram> {
    const round = this.#round(id);
    const counts = confidenceHistogram(await this.#columns(round), round.classes.length, bins);
    return { round: id, bins, perClass: round.classes.map((name, label) => ({ name, counts: counts[label]! })) };
  }

  /** Over the images whose class the maker of the set or a person says. */
  async calibration(id: number): Promise<RoundCalibration> {
    const round = this.#round(id);
    const columns = await this.#columns(round);
    const truths = await this.#truths(id, columns.labels.length);
    const { given, right, ...figures } = reliabilityOf(columns, truths, round.classes.length);
    return {
      round: id,
      ...figures,
      bins: [...figures.bins],
      perClass: round.classes.map((name, label) => ({
        name,
        count: given[label]!,
        precision: given[label] === 0 ? null : right[label]! / given[label]!,
      })),
    };
  }

  /**
   * What thresholds would accept. @param thresholds one for each class of the round, or one for all.
   * @throws StudioError 'usage' for another number of them.
   */
  async thresholds(id: number, thresholds: readonly number[]): Promise<ThresholdPreview> {
    const round = this.#round(id);
    const { classes } = round;
    if (thresholds.length !== 1 && thresholds.length !== classes.length) {
      throw new StudioError(
        'usage',
        `The round has ${classes.length} classes and got ${thresholds.length} thresholds.`,
        {
          hint: `Give one for all, or one each for ${classes.join(', ')}.`,
        },
      );
    }
    const loaded = this.#load(round);
    loaded.thresholds ??= new ThresholdIndex(await loaded.columns, classes.length);
    const found = classes.map((name, label) => {
      const threshold = thresholds[label] ?? thresholds[0]!;
      return { name, threshold, ...loaded.thresholds!.accepted(label, threshold) };
    });
    const accepted = found.reduce((sum, ofClass) => sum + ofClass.accepted, 0);
    const count = found.reduce((sum, ofClass) => sum + ofClass.count, 0);
    const present = found.map((ofClass) => ofClass.accepted).filter((number) => number > 0);
    return {
      round: id,
      count,
      accepted,
      share: count === 0 ? 0 : accepted / count,
      perClass: found.map((ofClass) => ({ ...ofClass, share: accepted === 0 ? 0 : ofClass.accepted / accepted })),
      imbalanceRatio: present.length === 0 ? null : Math.max(...present) / Math.min(...present),
      emptyClasses: found.filter((ofClass) => ofClass.accepted === 0).map(({ name }) => name),
    };
  }

  /** Labeled faces beside the round's labels: the labeled set of its run, or, without one, all labeled training images. */
  distribution(id: number): Distribution {
    const round = this.#round(id);
    const { labeled, counts } = this.#labeled(round);
    const labeledTotal = counts.reduce((sum, count) => sum + count, 0);
    const perClass = round.perClass.map(({ name, count, share }, label) => {
      const labeledCount = counts[label] ?? 0;
      const labeledShare = labeledTotal === 0 ? 0 : labeledCount / labeledTotal;
      return {
        name,
        labeledCount,
        labeledShare,
        pseudoCount: count,
        pseudoShare: share,
        difference: share - labeledShare,
      };
    });
    const totalVariation = perClass.reduce((sum, { difference }) => sum + Math.abs(difference), 0) / 2;
    return { round: id, labeled, perClass, totalVariation };
  }

  /** Forgets what is in memory of a round. */
  forget(id: number): void {
    this.#loaded.delete(id);
  }

  #labeled({ run, classes }: Round): { labeled: string; counts: readonly number[] } {
    const known = run === null ? undefined : this.#catalog.runs.list().find(({ id }) => id === run);
    if (known !== undefined) {
      const { request, snapshot } = this.#catalog.runs.get(known.id);
      return { labeled: request.labeled, counts: snapshot.labeledCounts };
    }
    const { labels } = this.#catalog.query.facets({ splits: ['train'] });
    const byLabel = new Map(labels.map(({ value, count }) => [value, count]));
    return { labeled: 'all labeled training images', counts: classes.map((_, label) => byLabel.get(label) ?? 0) };
  }

  #round(id: number): Round {
    return this.#catalog.rounds.get(id);
  }

  #columns(round: Round): Promise<RoundColumns> {
    return this.#load(round).columns;
  }

  #load({ id, count, updatedAt }: Round): LoadedRound {
    const version = `${count} ${updatedAt}`;
    const known = this.#loaded.get(id);
    this.#loaded.delete(id);
    const loaded = known?.version === version ? known : { version, columns: this.#read(id), thresholds: null };
    loaded.columns.catch(() => this.#loaded.delete(id));
    this.#loaded.set(id, loaded);
    const [oldest] = this.#loaded.keys();
    if (this.#loaded.size > KEPT_ROUNDS) this.#loaded.delete(oldest!);
    return loaded;
  }

  async #read(id: number): Promise<RoundColumns> {
    const parts: RoundColumns[] = [];
    for (let after = 0; ; await nextTurn()) {
      const part = this.#catalog.pseudoLabels.columns(id, after, SLICE);
      if (part.images.length === 0) return joinColumns(parts);
      parts.push(part);
      after = part.images.at(-1)!;
    }
  }

  /** [N] class of each image of a round, 8 where nobody says. */
  async #truths(id: number, count: number): Promise<Uint8Array> {
    const truths = new Uint8Array(count);
    let filled = 0;
    for (let after = 0; ; await nextTurn()) {
      const part = this.#catalog.pseudoLabels.truths(id, after, SLICE);
      if (part === null) return truths;
      truths.set(part.classes.subarray(0, count - filled), filled);
      filled += part.classes.length;
      after = part.last;
    }
  }
}
