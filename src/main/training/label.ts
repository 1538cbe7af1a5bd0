import { setImmediate } from 'node:timers/promises';
import type { ManifestImage } from '#shared/images.ts';
import { createImagePool, type ImagePool } from '../imaging/pool.ts';
import { BatchBuffers } from './batch-buffers.ts';
import { renderEvaluationBatch } from './evaluate.ts';
import { EVALUATION_BATCH } from './evaluation-batches.ts';
import type { StepExecutor } from './executor.ts';
import { featurePredictorOf, predictorOf } from './predictor.ts';
import { Prefetcher } from './prefetch.ts';
import type { TrainedNetwork } from './trained-network.ts';

/** What a network said of some images. */
export interface NetworkLabels {
  /** [N] catalog ids of the images that could be read, in the order given. */
  readonly ids: Float64Array;
  /** [N×K] row-major. */
  readonly probabilities: Float32Array;
  /** [N×D] what the last layer saw, as the bits of float16 numbers; null where nobody wants it. */
  readonly embeddings: Uint16Array | null;
  readonly embeddingSize: number;
  readonly failures: readonly { readonly id: number; readonly reason: string }[];
}

type Batch = Awaited<ReturnType<typeof renderEvaluationBatch>>;

/** Of one batch. `features`: null where nobody wants them. */
interface Answer {
  readonly probabilities: Float32Array;
  readonly features: Float32Array | null;
}

/**
 * Labels lists of images with one network, in the order the lists come. The images of a list that waits are rendered meanwhile, so that two lists
 * under way keep both the threads and the network at work.
 */
export class Labeler {
  readonly #trained: TrainedNetwork;
  readonly #pool: ImagePool;
  readonly #buffers = new BatchBuffers();
  readonly #predict: (images: Float32Array) => Promise<Answer>;
  #turn: Promise<unknown> = Promise.resolve();

  /** @param executor where the network's graph runs. @param embeddings whether what the last layer sees is wanted. */
  constructor(
    trained: TrainedNetwork,
    executor: StepExecutor,
    { workers, embeddings }: { workers: number; embeddings: boolean },
  ) {
    const { network, name, view } = trained;
    this.#trained = trained;
    this.#pool = createImagePool({ workers, cacheBytes: 0 });
    if (embeddings) {
      const predictor = featurePredictorOf(executor, network, view.imageSize, { name, count: EVALUATION_BATCH });
      this.#predict = (images) => predictor.predict(images);
    } else {
      const predictor = predictorOf(executor, network, view.imageSize, { name, weights: 'frozen' });
      this.#predict = async (images) => ({ probabilities: await predictor.predict(images), features: null });
    }
  }

  async label(images: readonly ManifestImage[]): Promise<NetworkLabels> {
    const listOf = (index: number): readonly ManifestImage[] =>
      images.slice(index * EVALUATION_BATCH, (index + 1) * EVALUATION_BATCH);
    const { view } = this.#trained;
    const batches = new Prefetcher((index) => renderEvaluationBatch(this.#pool, this.#buffers, view, listOf(index)), 1);
    const count = Math.ceil(images.length / EVALUATION_BATCH);
    const first = count === 0 ? null : batches.take(0, count);
    first?.catch(() => undefined); // told when its turn comes
    const before = this.#turn;
    const labels = before.then(async () => {
      try {
        const gathered = new Gathered(this.#trained.classes.length, images.length);
        for (let index = 0; index < count; index++) {
          const batch = index === 0 ? await first! : await batches.take(index, count);
          await this.#predictBatch(batch, listOf(index), gathered);
          // Lets messages in between.
          await setImmediate();
        }
        return gathered.labels();
      } finally {
        await batches.drain();
      }
    });
    this.#turn = labels.catch(() => undefined); // whoever asked is told
    return labels;
  }

  /** The executor stays: it is the caller's. */
  async close(): Promise<void> {
    await this.#turn;
    await this.#pool.close();
  }

  async #predictBatch(
    { rendered, failures }: Batch,
    images: readonly ManifestImage[],
    gathered: Gathered,
  ): Promise<void> {
    const answer = await this.#predict(rendered);
    this.#buffers.give(rendered);
    const reasons = new Map(failures.map(({ index, reason }) => [index, reason]));
    for (const [row, { id }] of images.entries()) {
      const reason = reasons.get(row);
      if (reason === undefined) gathered.add(id, answer, row);
      else gathered.failures.push({ id, reason });
    }
  }
}

/** Rows of several batches, one behind the other. */
class Gathered {
  readonly failures: { id: number; reason: string }[] = [];
  readonly #classes: number;
  readonly #ids: Float64Array;
  readonly #probabilities: Float32Array;
  readonly #largest: number;
  #embeddings: Float16Array | null = null;
  #embeddingSize = 0;
  #count = 0;

  /** @param largest images at most. */
  constructor(classes: number, largest: number) {
    this.#classes = classes;
    this.#largest = largest;
    this.#ids = new Float64Array(largest);
    this.#probabilities = new Float32Array(largest * classes);
  }

  /** @param row which of the batch. */
  add(id: number, { probabilities, features }: Answer, row: number): void {
    const position = this.#count++;
    this.#ids[position] = id;
    const classes = this.#classes;
    this.#probabilities.set(probabilities.subarray(row * classes, (row + 1) * classes), position * classes);
    if (features === null) return;
    if (this.#embeddings === null) {
      this.#embeddingSize = features.length / EVALUATION_BATCH;
      this.#embeddings = new Float16Array(this.#largest * this.#embeddingSize);
    }
    const size = this.#embeddingSize;
    this.#embeddings.set(features.subarray(row * size, (row + 1) * size), position * size);
  }

  labels(): NetworkLabels {
    const count = this.#count;
    const embeddings = this.#embeddings?.slice(0, count * this.#embeddingSize) ?? null;
    return {
      ids: this.#ids.slice(0, count),
      probabilities: this.#probabilities.slice(0, count * this.#classes),
      embeddings: embeddings && new Uint16Array(embeddings.buffer),
      embeddingSize: this.#embeddingSize,
      failures: this.failures,
    };
  }
}
