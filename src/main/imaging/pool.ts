import { StudioError } from '#shared/errors.ts';
import { ImageCache } from './image-cache.ts';
import { callingThread, WorkerLane, type Lane } from './lanes.ts';
import type { ImageFailure, RenderItem, RenderOutcome, SharedFloats } from './render.ts';
import { shorterSideOf, valuesPerView } from './views.ts';

export type { ImageFailure, RenderItem, RenderView, SharedFloats } from './render.ts';

/** Tasks a lane holds at once: while one picture is decoded in sharp's own thread, the views of another are made. */
const TASKS_PER_LANE = 2;

export interface ImagePoolOptions {
  /** Worker threads; 0 renders in the calling thread. The pixels are the same. */
  readonly workers: number;
  /** Bytes of decoded and resized pictures to keep between epochs; 0 keeps none. */
  readonly cacheBytes: number;
}

/** A picture that could not be used: its position among the items, and why. */
export interface RenderFailure extends ImageFailure {
  readonly index: number;
  readonly path: string;
}

interface QueuedTask {
  readonly item: RenderItem;
  readonly output: SharedFloats;
  readonly resolve: (outcome: RenderOutcome) => void;
  readonly reject: (error: unknown) => void;
}

interface LoadedLane {
  readonly lane: Lane;
  load: number;
}

export function createImagePool(options: ImagePoolOptions): ImagePool {
  return new ImagePool(options);
}

/** Renders batches of views, several at a time, with worker threads that write straight into the batch. */
export class ImagePool {
  readonly #lanes: readonly LoadedLane[];
  readonly #cache: ImageCache;
  readonly #keeps: boolean;
  #queue: QueuedTask[] = [];
  #running = new Set<Promise<unknown>>();
  #closed = false;

  constructor({ workers, cacheBytes }: ImagePoolOptions) {
    const lanes = workers === 0 ? [callingThread] : Array.from({ length: workers }, () => new WorkerLane());
    this.#lanes = lanes.map((lane) => ({ lane, load: 0 }));
    this.#cache = new ImageCache(cacheBytes);
    this.#keeps = cacheBytes > 0;
  }

  /** Bytes of the pictures kept now. */
  get cachedBytes(): number {
    return this.#cache.bytes;
  }

  /**
   * Makes all views of all items. Batches asked for one after the other are worked on in that order.
   *
   * @param output slots × imageSize × imageSize × 3 float32; only the slots the items name are written.
   * @returns the pictures that could not be used, in the order of the items; their slots hold zeros.
   * @throws StudioError when a slot lies outside the output, a worker stopped, or the pool is closed; never for a bad picture. By then no
   * thread writes into the output any more.
   */
  async render(items: readonly RenderItem[], output: SharedFloats): Promise<{ failures: RenderFailure[] }> {
    if (this.#closed) throw closedError();
    for (const item of items) checkItem(item, output);
    const results = await Promise.allSettled(items.map((item) => this.#enqueue(item, output)));
    const failures: RenderFailure[] = [];
    results.forEach((result, index) => {
      if (result.status === 'rejected') throw result.reason;
      const { failure } = result.value;
      if (failure !== undefined) failures.push({ index, path: items[index]!.reference.path, ...failure });
    });
    return { failures };
  }

  /** Ends the workers when what they work on is done. What has not begun ends with a StudioError `cancelled`. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { reject } of this.#queue) reject(closedError());
    this.#queue = [];
    await Promise.allSettled(this.#running);
    await Promise.all(this.#lanes.map(({ lane }) => lane.close()));
  }

  #enqueue(item: RenderItem, output: SharedFloats): Promise<RenderOutcome> {
    const { promise, resolve, reject } = Promise.withResolvers<RenderOutcome>();
    this.#queue.push({ item, output, resolve, reject });
    this.#startQueued();
    return promise;
  }

  /** Gives waiting tasks, oldest first, to the lanes with the least to do. */
  #startQueued(): void {
    for (;;) {
      const free = this.#lanes.reduce((least, lane) => (lane.load < least.load ? lane : least));
      if (free.load >= TASKS_PER_LANE) return;
      const task = this.#queue.shift();
      if (task === undefined) return;
      free.load += 1;
      const running = this.#run(free.lane, task).finally(() => {
        free.load -= 1;
        this.#running.delete(running);
        this.#startQueued();
      });
      this.#running.add(running);
    }
  }

  async #run(lane: Lane, { item, output, resolve, reject }: QueuedTask): Promise<void> {
    const key = cacheKey(item);
    try {
      const prepared = this.#cache.get(key);
      const keepPrepared = this.#keeps && prepared === undefined;
      const outcome = await lane.run({ item, output, prepared, keepPrepared });
      if (outcome.prepared !== undefined) this.#cache.set(key, outcome.prepared);
      resolve(outcome);
    } catch (error) {
      reject(error);
    }
  }
}

/** Everything a decoded and resized picture depends on. */
function cacheKey({ reference, settings }: RenderItem): string {
  return JSON.stringify([reference.path, reference.offset, reference.box, shorterSideOf(settings)]);
}

function checkItem({ views, settings }: RenderItem, output: SharedFloats): void {
  shorterSideOf(settings); // throws where the settings contradict each other, before any picture is blamed for it
  const slots = Math.floor(output.length / valuesPerView(settings));
  for (const { slot } of views) {
    if (slot >= 0 && slot < slots) continue;
    throw new StudioError('internal', `A view was to go into slot ${slot} of a batch with ${slots}.`);
  }
}

function closedError(): StudioError {
  return new StudioError('cancelled', 'The image workers were closed.', { hint: 'Start them again.' });
}
