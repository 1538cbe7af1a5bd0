import { StudioError } from '#shared/errors.ts';
import { CallingThreadLane, WorkerLane, type Lane } from './lanes.ts';
import type { ImageFailure, RenderItem, SharedFloats } from './render.ts';
import { shorterSideOf, valuesPerView } from './views.ts';

export type { ImageFailure, RenderItem, RenderView, SharedFloats } from './render.ts';

/** Pictures a lane works on at once: while one is decoded in sharp's own thread, the views of another are made. */
const PICTURES_PER_LANE = 2;

export interface ImagePoolOptions {
  /** Worker threads; 0 renders in the calling thread. The pixels are the same. */
  readonly workers: number;
  /** Bytes of decoded and resized pictures to keep between epochs, shared evenly by the workers; 0 keeps none. */
  readonly cacheBytes: number;
}

/** A picture that could not be used: its position among the items, and why. */
export interface RenderFailure extends ImageFailure {
  readonly index: number;
  readonly path: string;
}

interface QueuedItem {
  readonly item: RenderItem;
  readonly output: SharedFloats;
  readonly resolve: (failure: ImageFailure | undefined) => void;
  readonly reject: (error: unknown) => void;
}

interface QueuedLane {
  readonly lane: Lane;
  readonly queue: QueuedItem[];
  readonly running: Set<Promise<void>>;
}

export function createImagePool(options: ImagePoolOptions): ImagePool {
  return new ImagePool(options);
}

/** Renders batches of views, several at a time, with worker threads that write straight into the batch. */
export class ImagePool {
  readonly #lanes: readonly QueuedLane[];
  readonly #keeps: boolean;
  #closed = false;

  constructor({ workers, cacheBytes }: ImagePoolOptions) {
    const count = Math.max(1, workers);
    const options = { cacheBytes: Math.floor(cacheBytes / count) };
    const newLane = (): Lane => (workers === 0 ? new CallingThreadLane(options.cacheBytes) : new WorkerLane(options));
    this.#lanes = Array.from({ length: count }, () => ({ lane: newLane(), queue: [], running: new Set() }));
    this.#keeps = cacheBytes > 0;
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
      if (result.value !== undefined) failures.push({ index, path: items[index]!.reference.path, ...result.value });
    });
    return { failures };
  }

  /** Ends the workers when what they work on is done. What has not begun ends with a StudioError `cancelled`. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(
      this.#lanes.map(async ({ lane, queue, running }) => {
        for (const { reject } of queue.splice(0)) reject(closedError());
        await Promise.all(running);
        await lane.close();
      }),
    );
  }

  #enqueue(item: RenderItem, output: SharedFloats): Promise<ImageFailure | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<ImageFailure | undefined>();
    const lane = this.#laneFor(item);
    lane.queue.push({ item, output, resolve, reject });
    startQueued(lane);
    return promise;
  }

  /** With a cache a picture always goes to the worker that keeps it, else to the one with the least to do. */
  #laneFor({ reference }: RenderItem): QueuedLane {
    if (this.#keeps) return this.#lanes[hash(`${reference.path}:${reference.offset}`) % this.#lanes.length]!;
    const loadOf = ({ queue, running }: QueuedLane): number => queue.length + running.size;
    return this.#lanes.reduce((least, lane) => (loadOf(lane) < loadOf(least) ? lane : least));
  }
}

function startQueued(lane: QueuedLane): void {
  while (lane.running.size < PICTURES_PER_LANE) {
    const next = lane.queue.shift();
    if (next === undefined) return;
    const { item, output, resolve, reject } = next;
    const running = lane.lane
      .render(item, output)
      .then(resolve, reject)
      .then(() => {
        lane.running.delete(running);
        startQueued(lane);
      });
    lane.running.add(running);
  }
}

/** FNV-1a, 32 bits: the same spread at every start. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
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
