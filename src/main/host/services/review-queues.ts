import {
  type QueueInfo,
  type QueueList,
  type QueuePage,
  type QueueRequest,
  type RankRequest,
  type Suspect,
  type Suspicion,
  type Weights,
  QUEUES,
  SUSPICIONS,
  weightsSchema,
} from '#shared/review.ts';
import type { NearImage, NearestRequest } from '#shared/map.ts';
import type { ConfidentReport } from '#shared/review-use.ts';
import { StudioError } from '#shared/errors.ts';
import type { Round } from '#shared/rounds.ts';
import { firstWhere } from '#shared/sorted.ts';
import type { RoundSignals } from '../../catalog/review-signals.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { type QueueOrder, chosenOrder, queueOrder, reasonTest, weightsOf } from '../../audit/composite.ts';
import { scoreInThread } from '../../audit/score-thread.ts';
import { MISSING, QUEUE_SENTENCES, sentenceOf } from '../../audit/sentences.ts';
import { NEIGHBOURS, type RankInput, type SuspicionScores, argmax } from '../../audit/suspicions.ts';
import { cosineOf } from '../../audit/vectors.ts';
import { roundEmbeddings } from './review-embeddings.ts';
import { PickedImages } from './picked-images.ts';
import type { RoundService } from './round-service.ts';

const WEIGHTS_SETTING = 'review.weights';
/** Acts after which a ranking is made anew: what was decided is known at once, what follows from it for others is not. */
const STALE_ACTS = 500;

/** A ranking of one round, kept while it is looked through. */
interface Ranking {
  readonly key: string;
  readonly round: Round;
  readonly against: Round | null;
  readonly signals: RoundSignals;
  readonly input: RankInput;
  readonly found: SuspicionScores;
  readonly orders: Map<string, QueueOrder>;
  /** Number of the newest act it knows. */
  readonly upTo: number;
}

/** Ranks the labels of rounds by how suspicious they are. */
export class ReviewQueues {
  /** Images chosen by hand, to be looked through as a queue. */
  readonly picks: PickedImages;
  readonly #catalog: Catalog;
  readonly #rounds: RoundService;
  #last: { readonly key: string; readonly ranking: Promise<Ranking> } | undefined;

  constructor(catalog: Catalog, rounds: RoundService) {
    this.#catalog = catalog;
    this.#rounds = rounds;
    this.picks = new PickedImages((round) => rounds.folderOf(round));
  }

  /** What each suspicion counts for in the mixed queue. */
  get weights(): Record<Suspicion, number> {
    const kept = this.#catalog.settings.get(WEIGHTS_SETTING);
    return weightsOf(kept === null ? {} : weightsSchema.parse(JSON.parse(kept)));
  }

  /** Keeps weights for those suspicions that are named. @throws StudioError 'bad-input' when all would be 0. */
  setWeights(weights: Weights): Record<Suspicion, number> {
    const merged = weightsOf({ ...this.weights, ...weights });
    this.#catalog.settings.set(WEIGHTS_SETTING, JSON.stringify(merged));
    return merged;
  }

  /** All queues of a round with their counts. */
  async list(request: RankRequest): Promise<QueueList> {
    const ranking = await this.#ranking(request);
    const { round, against, input, found } = ranking;
    const decided = this.#catalog.reviewSignals.decided();
    const weights = weightsOf({ ...this.weights, ...request.weights });
    const queues = QUEUES.map((queue): QueueInfo => {
      const order = this.#order(ranking, queue, weights);
      const test = queue === 'mixed' || queue === 'confidence' ? () => true : reasonTest(queue, input, found);
      let undecided = 0;
      for (const row of order.order) if (test(row) && !decided.has(ranking.signals.images[row]!)) undecided++;
      return { queue, sentence: QUEUE_SENTENCES[queue], count: order.count, undecided };
    });
    return {
      round: round.id,
      against: against?.id ?? null,
      images: input.labels.length,
      given: input.isGiven.reduce((sum, isGiven) => sum + isGiven, 0),
      weights,
      queues,
      missing: SUSPICIONS.filter((suspicion) => found.scores[suspicion] === null).map((suspicion) => ({
        suspicion,
        sentence: MISSING[suspicion],
      })),
    };
  }

  /**
   * The images of a queue, the most suspicious first, each with the reasons in sentences.
   * @throws StudioError 'not-found' for a choice of images that is not kept.
   */
  async page(request: QueueRequest): Promise<QueuePage> {
    const { queue = 'mixed', undecidedOnly = true, label, picked, from = 0, limit = 100 } = request;
    const ranking = await this.#ranking(request);
    const weights = weightsOf({ ...this.weights, ...request.weights });
    const { order, scores } =
      picked === undefined ? this.#order(ranking, queue, weights) : await this.#pickedOrder(ranking, picked, weights);
    const { images } = ranking.signals;
    const decided = undecidedOnly ? this.#catalog.reviewSignals.decided() : new Set();
    const places: number[] = [];
    let place = from;
    for (; place < order.length && places.length < limit; place++) {
      const row = order[place]!;
      if (decided.has(images[row]!)) continue;
      if (label !== undefined && ranking.input.labels[row] !== label) continue;
      places.push(place);
    }
    return {
      round: ranking.round.id,
      queue,
      suspects: this.#suspects(ranking, places, order, scores),
      next: place < order.length ? place : null,
    };
  }

  /**
   * The images that the network finds most alike to one, the nearest first: those that the queue of neighbours goes by. Null without embeddings;
   * none for an image that is not in the round. Found with the ranking, so that asking takes no time while a queue is looked through.
   */
  async nearest({ image, ...request }: NearestRequest): Promise<NearImage[] | null> {
    const { signals, input, found } = await this.#ranking(request);
    const { embeddings } = input;
    if (embeddings === null || found.neighbours === null) return null;
    const row = rowOf(signals.images, image);
    if (row < 0) return [];
    const { values, size } = embeddings;
    const near = found.neighbours.subarray(row * NEIGHBOURS, (row + 1) * NEIGHBOURS);
    return Array.from(near)
      .filter((other) => other >= 0)
      .map((other) => ({
        image: signals.images[other]!,
        label: input.labels[other]!,
        isGiven: input.isGiven[other] === 1,
        distance: 1 - cosineOf(values, row * size, values, other * size, size),
      }));
  }

  /** What confident learning says of the labels that images have of their own. @throws StudioError 'bad-input' where none has one. */
  async confident(request: RankRequest): Promise<ConfidentReport> {
    const { round, input, found } = await this.#ranking(request);
    if (found.confident === null) {
      throw new StudioError('bad-input', `No image of the round “${round.name}” has a label of its own.`, {
        hint: 'Confident learning looks for wrong labels of a labeled set: label one out of sample.',
        commandLine: '`review crossfit`',
      });
    }
    const { thresholds, counts, joint } = found.confident;
    const right = joint.reduce((sum, row, label) => sum + row[label]!, 0);
    let [images, issues] = [0, 0];
    input.isGiven.forEach((isGiven, row) => {
      images += isGiven;
      if (isGiven === 1) issues += found.issues![row]!;
    });
    return {
      round: round.id,
      classes: round.classes,
      images,
      issues,
      estimatedShare: 1 - right,
      thresholds,
      counts,
    };
  }

  #suspects(ranking: Ranking, places: readonly number[], order: Uint32Array, scores: Float32Array): Suspect[] {
    const { signals, input, found } = ranking;
    const ids = places.map((place) => signals.images[order[place]!]!);
    const rows = new Map(this.#catalog.query.rows(ids).map((row) => [row.id, row]));
    const reviews = this.#catalog.reviews.of(ids);
    const tests = SUSPICIONS.map((suspicion) => [suspicion, reasonTest(suspicion, input, found)] as const);
    return places.flatMap((place): Suspect[] => {
      const row = order[place]!;
      const id = signals.images[row]!;
      const image = rows.get(id);
      if (image === undefined) return [];
      const predicted = argmax(input.probabilities, row * input.classCount, input.classCount);
      return [
        {
          rank: place,
          image,
          score: scores[row]!,
          label: input.labels[row]!,
          isGiven: input.isGiven[row] === 1,
          predicted,
          confidence: input.probabilities[row * input.classCount + predicted]!,
          verdict: reviews.get(id)?.verdict ?? null,
          reasons: tests
            .filter(([, isNamed]) => isNamed(row))
            .map(([suspicion]) => ({
              suspicion,
              score: found.scores[suspicion]![row]!,
              sentence: sentenceOf(suspicion, row, { input, found, against: ranking.against?.name ?? null }),
            })),
        },
      ];
    });
  }

  #order(ranking: Ranking, queue: (typeof QUEUES)[number], weights: Readonly<Record<Suspicion, number>>): QueueOrder {
    const key = queue === 'mixed' ? `mixed ${JSON.stringify(weights)}` : queue;
    const known = ranking.orders.get(key);
    if (known !== undefined) return known;
    const order = queueOrder(queue, ranking.input, ranking.found, weights);
    ranking.orders.set(key, order);
    return order;
  }

  /** The images of a choice that the round has, in the order of the mixed queue. */
  async #pickedOrder(
    ranking: Ranking,
    picked: string,
    weights: Readonly<Record<Suspicion, number>>,
  ): Promise<QueueOrder> {
    const { round, signals, orders } = ranking;
    const key = `picked ${picked} ${JSON.stringify(weights)}`;
    const known = orders.get(key);
    if (known !== undefined) return known;
    const { images } = await this.picks.get(round.id, picked);
    const rows = images.map((image) => rowOf(signals.images, image)).filter((row) => row >= 0);
    const order = chosenOrder(Uint32Array.from(rows), this.#order(ranking, 'mixed', weights).scores);
    orders.set(key, order);
    return order;
  }

  async #ranking({ round: wanted, against: wantedOther, method = 'log-odds' }: RankRequest): Promise<Ranking> {
    const round = this.#rounds.named(String(wanted));
    const against = wantedOther === undefined ? this.#otherNetwork(round) : this.#rounds.named(String(wantedOther));
    if (against !== null && against.source !== round.source) {
      throw new StudioError(
        'bad-input',
        `“${against.name}” is a round over ${against.source}, not over ${round.source}.`,
        {
          hint: 'Compare rounds over the same source.',
        },
      );
    }
    const key = JSON.stringify([round.id, round.updatedAt, against?.id, against?.updatedAt, method]);
    const known = this.#last;
    if (known?.key === key) {
      const ranking = await known.ranking;
      if (this.#catalog.decisions.newest() - ranking.upTo < STALE_ACTS) return ranking;
    }
    const ranking = this.#rank(key, round, against, method);
    this.#last = { key, ranking };
    // A ranking that failed is not kept.
    ranking.catch(() => (this.#last = undefined));
    return ranking;
  }

  async #rank(key: string, round: Round, against: Round | null, method: RankInput['method']): Promise<Ranking> {
    if (round.count === 0) {
      throw new StudioError('bad-input', `The round “${round.name}” holds no labels yet.`, {
        hint: 'Wait until it is labeled, or choose another.',
        commandLine: '`rounds list`',
      });
    }
    const upTo = this.#catalog.decisions.newest();
    const signals = await this.#catalog.reviewSignals.read(round, against);
    const file = this.#embeddingFile(round);
    const embeddings = file === null ? null : await roundEmbeddings(file, signals.images);
    const input = { ...signals, classCount: round.classes.length, method, embeddings };
    return { key, round, against, signals, input, found: await scoreInThread(input), orders: new Map(), upTo };
  }

  /** The round's own, or those of the newest round over the same source: what is alike does not depend on who labeled it. */
  #embeddingFile(round: Round): string | null {
    const others = this.#catalog.rounds.list({ source: round.source });
    const files = [round, ...others].map(({ id }) => this.#rounds.embeddingFile(id));
    return files.find((file) => file !== null) ?? null;
  }

  /** The newest finished round of another network of the same run over the same source. */
  #otherNetwork(round: Round): Round | null {
    if (round.run === null) return null;
    const rounds = this.#catalog.rounds.list({ source: round.source });
    const isOther = ({ run, network, status }: Round): boolean =>
      run === round.run && network !== round.network && status === 'finished';
    return rounds.find(isOther) ?? null;
  }
}

/** Where an image is among ascending ones; -1 where it is not. */
function rowOf(images: Float64Array, image: number): number {
  const row = firstWhere(images, (other) => other >= image);
  return images[row] === image ? row : -1;
}
