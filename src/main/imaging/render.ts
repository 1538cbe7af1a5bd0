import { StudioError, type StudioErrorCode } from '#shared/errors.ts';
import type { ImageReference } from '#shared/images.ts';
import { RandomStream, type RandomPurpose } from '#shared/random.ts';
import { decodeImage } from './decode.ts';
import { adjustColor } from './enhance.ts';
import { ImageCache } from './image-cache.ts';
import type { RgbImage } from './image.ts';
import {
  evaluationView,
  labeledView,
  prepareForCache,
  shorterSideOf,
  strongView,
  valuesPerView,
  weakView,
  type ViewKind,
  type ViewSettings,
} from './views.ts';

/** Memory that worker threads write into and the training loop reads. */
export type SharedFloats = Float32Array<SharedArrayBuffer>;

/** One view of a picture and where it goes. */
export interface RenderView {
  readonly kind: ViewKind;
  /** Position in the output batch. */
  readonly slot: number;
  /** Which random numbers it draws; the kind's own unless given, as for fine-tuning. An evaluation view draws none. */
  readonly purpose?: RandomPurpose;
}

/** A picture, read once, and the views to make of it. */
export interface RenderItem {
  readonly reference: ImageReference;
  readonly views: readonly RenderView[];
  readonly settings: ViewSettings;
  /** Where in the random numbers the views are: the same address gives the same pixels, in whichever thread and order. */
  readonly address: { readonly seed: number; readonly epoch: number; readonly index: number };
}

/** Why a picture could not be used: a code, and a sentence that names the file. */
export interface ImageFailure {
  readonly code: StudioErrorCode;
  readonly reason: string;
}

const PURPOSES = { labeled: 'view-labeled', weak: 'view-weak', strong: 'view-strong' } as const;

/** What one thread renders with: its part of the cache of decoded and resized pictures. */
export class Renderer {
  readonly #cache: ImageCache;

  /** @param cacheBytes the most its cache may hold; 0 keeps nothing. */
  constructor(cacheBytes: number) {
    this.#cache = new ImageCache(cacheBytes);
  }

  get cachedBytes(): number {
    return this.#cache.bytes;
  }

  /**
   * Makes all views of one picture. @returns why the picture could not be used, its slots then holding zeros; undefined when all is well.
   * Faults of the studio throw.
   */
  async render(item: RenderItem, output: SharedFloats): Promise<ImageFailure | undefined> {
    try {
      const image = await this.#load(item);
      for (const view of item.views) renderView(image, item, view, output);
      return undefined;
    } catch (error) {
      if (!(error instanceof StudioError)) throw error;
      const size = valuesPerView(item.settings);
      for (const { slot } of item.views) output.fill(0, slot * size, (slot + 1) * size);
      return { code: error.code, reason: error.message };
    }
  }

  async #load(item: RenderItem): Promise<RgbImage> {
    const key = cacheKey(item);
    const cached = this.#cache.get(key);
    if (cached !== undefined) return cached;
    const decoded = await decodeImage(item.reference, { blockingRead: true });
    const wanted = item.settings.grayscale === true ? adjustColor(decoded, 0) : decoded;
    if (this.#cache.capacity === 0) return wanted;
    const prepared = prepareForCache(wanted, item.settings);
    this.#cache.set(key, prepared);
    return prepared;
  }
}

/** Everything a decoded and resized picture depends on. */
function cacheKey({ reference, settings }: RenderItem): string {
  return JSON.stringify([reference.path, reference.offset, reference.box, shorterSideOf(settings), settings.grayscale]);
}

function renderView(image: RgbImage, { settings, address }: RenderItem, view: RenderView, output: SharedFloats): void {
  const offset = view.slot * valuesPerView(settings);
  if (view.kind === 'evaluation') {
    evaluationView(image, settings, output, offset);
    return;
  }
  const purpose = view.purpose ?? PURPOSES[view.kind];
  const random = new RandomStream(address.seed, purpose, address.epoch, address.index);
  const render = { labeled: labeledView, weak: weakView, strong: strongView }[view.kind];
  render(image, settings, random, output, offset);
}
