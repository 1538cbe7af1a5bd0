import { StudioError, type StudioErrorCode } from '#shared/errors.ts';
import type { ImageReference } from '#shared/images.ts';
import { RandomStream, type RandomPurpose } from '#shared/random.ts';
import { decodeImage } from './decode.ts';
import type { RgbImage } from './image.ts';
import {
  evaluationView,
  labeledView,
  prepareForCache,
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

/** What a thread is given. */
export interface RenderTask {
  readonly item: RenderItem;
  readonly output: SharedFloats;
  /** The picture, decoded and resized before. */
  readonly prepared: RgbImage | undefined;
  /** Hand the decoded and resized picture back, in shared memory. */
  readonly keepPrepared: boolean;
}

/** Why a picture could not be used: a code, and a sentence that names the file. */
export interface ImageFailure {
  readonly code: StudioErrorCode;
  readonly reason: string;
}

export interface RenderOutcome {
  readonly failure: ImageFailure | undefined;
  readonly prepared: RgbImage | undefined;
}

const PURPOSES = { labeled: 'view-labeled', weak: 'view-weak', strong: 'view-strong' } as const;

/** Makes all views of one picture. A picture that cannot be used leaves zeros and is told in the outcome; faults of the studio throw. */
export async function renderItem(task: RenderTask): Promise<RenderOutcome> {
  const { item, output } = task;
  try {
    const image = task.prepared ?? (await loadImage(task));
    for (const view of item.views) renderView(image, item, view, output);
    return { failure: undefined, prepared: task.keepPrepared ? image : undefined };
  } catch (error) {
    if (!(error instanceof StudioError)) throw error;
    const size = valuesPerView(item.settings);
    for (const { slot } of item.views) output.fill(0, slot * size, (slot + 1) * size);
    return { failure: { code: error.code, reason: error.message }, prepared: undefined };
  }
}

async function loadImage({ item, keepPrepared }: RenderTask): Promise<RgbImage> {
  const decoded = await decodeImage(item.reference, { blockingRead: true });
  return keepPrepared ? inSharedMemory(prepareForCache(decoded, item.settings)) : decoded;
}

function inSharedMemory({ width, height, data }: RgbImage): RgbImage {
  const shared = new Uint8Array(new SharedArrayBuffer(data.length));
  shared.set(data);
  return { width, height, data: shared };
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
