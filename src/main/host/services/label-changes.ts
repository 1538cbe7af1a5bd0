import type { ImageRow } from '#shared/catalog.ts';
import {
  CHANGED_IMAGES,
  type ChangedLabel,
  type FixedChanges,
  type LabelChanges,
  type LabelChangesRequest,
  type ReviewedLabelPage,
  type RoundChanges,
} from '#shared/label-changes.ts';
import type { ReviewedLabel, ReviewedPart } from '#shared/reviewed-use.ts';
import type { Round } from '#shared/rounds.ts';
import type { TrainingManifest } from '#shared/training.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { RoundAudit } from './round-audit.ts';
import type { RunService } from './run-service.ts';

export interface LabelChangesOptions {
  readonly catalog: Catalog;
  readonly runs: RunService;
  readonly audit: RoundAudit;
}

/** Two runs by their labels: those they gave to unlabeled faces, and those they were given to learn from. */
export class LabelChangesService {
  readonly #options: LabelChangesOptions;

  constructor(options: LabelChangesOptions) {
    this.#options = options;
  }

  /** From the first run to the second. @throws StudioError 'not-found' for an unknown run, 'corrupt' when what a run trained on is gone. */
  async between({ first, second, limit = CHANGED_IMAGES }: LabelChangesRequest): Promise<LabelChanges> {
    return { first, second, rounds: await this.#rounds(first, second), fixed: this.#fixed(first, second, limit) };
  }

  /** Reviewed labels that a run was given, by the numbers of the images after one. */
  reviewed(id: string, part: ReviewedPart, afterImage: number, limit: number): ReviewedLabelPage {
    const labels = this.#options.catalog.runs.reviewedLabels(id, part, afterImage, limit);
    const rows = this.#rowsOf(labels.map(({ image }) => image));
    return {
      labels: labels.map((label) => ({ ...label, row: rows.get(label.image) ?? null })),
      nextAfterImage: labels.length < limit ? null : (labels.at(-1)?.image ?? null),
    };
  }

  #rounds(first: string, second: string): Promise<RoundChanges[]> {
    const { catalog, audit } = this.#options;
    const [ofFirst, ofSecond] = [first, second].map((run) =>
      catalog.rounds.list({ run }).filter(({ count }) => count > 0),
    );
    return Promise.all(
      roundPairs(ofFirst!, ofSecond!).map(async ([from, to]) => ({
        source: from.source,
        from: nameOf(from),
        to: nameOf(to),
        flips: await audit.flips(from.id, to.id),
      })),
    );
  }

  #fixed(first: string, second: string, limit: number): FixedChanges {
    const { runs, catalog } = this.#options;
    const [from, to] = [runs.manifest(first), runs.manifest(second)];
    const classes = from.classes.length >= to.classes.length ? from.classes : to.classes;
    const { common, ...counts } = labelsInCommon(from, to);
    const changed = common.filter((pair) => pair.from !== pair.to).sort((one, other) => one.image - other.image);
    const matrix = classes.map(() => classes.map(() => 0));
    for (const { from: before, to: after } of common) matrix[before]![after]!++;
    const ids = changed.map(({ image }) => image);
    // The later run knows of more decisions; a label that was corrected back is known to the earlier one.
    const decisions = new Map<number, ReviewedLabel>();
    for (const run of [first, second]) {
      for (const used of catalog.runs.reviewedLabelsOf(run, 'labeled', ids)) {
        if (used.verdict === 'relabel' || !decisions.has(used.image)) decisions.set(used.image, used);
      }
    }
    const told = changed.slice(0, limit);
    const rows = this.#rowsOf(told.map(({ image }) => image));
    return {
      from: { labeled: runs.get(first).request.labeled, images: from.labeled.length },
      to: { labeled: runs.get(second).request.labeled, images: to.labeled.length },
      classes: [...classes],
      ...counts,
      both: common.length,
      changed: changed.length,
      decided: changed.filter(({ image }) => decisions.has(image)).length,
      matrix,
      images: told.map((change): ChangedLabel => {
        const { image: _image, label: _label, ...decision } = decisions.get(change.image) ?? {};
        return {
          ...change,
          decision: decisions.has(change.image) ? (decision as ChangedLabel['decision']) : null,
          row: rows.get(change.image) ?? null,
        };
      }),
    };
  }

  #rowsOf(ids: readonly number[]): Map<number, ImageRow> {
    return new Map(this.#options.catalog.query.rows([...ids]).map((row) => [row.id, row]));
  }
}

const nameOf = ({ id, name, network, step }: Round): RoundChanges['from'] => ({ id, name, network, step });

/**
 * The rounds to compare, a pair for each source both runs have rounds of: the newest of the second run, and the newest of the first that the
 * same network made; where no network is common, the newest of each. @param first newest first. @param second newest first.
 */
export function roundPairs(first: readonly Round[], second: readonly Round[]): (readonly [Round, Round])[] {
  const sources = [...new Set(second.map(({ source }) => source))].sort();
  return sources.flatMap((source) => {
    const [before, after] = [first, second].map((rounds) => rounds.filter((round) => round.source === source));
    const [newestBefore] = before!;
    const [newestAfter] = after!;
    if (newestBefore === undefined || newestAfter === undefined) return [];
    for (const to of after!) {
      const from = before!.find(({ network }) => network === to.network);
      if (from !== undefined) return [[from, to] as const];
    }
    return [[newestBefore, newestAfter] as const];
  });
}

/** The images that two labeled sets have in common with both labels, and how many only one has. */
function labelsInCommon(
  from: TrainingManifest,
  to: TrainingManifest,
): {
  readonly onlyFrom: number;
  readonly onlyTo: number;
  readonly common: readonly { readonly image: number; readonly from: number; readonly to: number }[];
} {
  const before = new Map(from.labeled.map(({ id, label }) => [id, label]));
  const common = to.labeled.flatMap(({ id, label }) => {
    const was = before.get(id);
    return was === undefined ? [] : [{ image: id, from: was, to: label }];
  });
  return {
    onlyFrom: from.labeled.length - common.length,
    onlyTo: to.labeled.length - common.length,
    common,
  };
}
