import type { SerializedStudioError } from '#shared/errors.ts';
import type { ImageReference, ManifestImage } from '#shared/images.ts';
import type { RuntimeInfo } from '#shared/runtime.ts';
import type { Evaluation, NetworkName } from '#shared/training.ts';
import type { TrainingEvent, TrainingOutcome } from '../training/events.ts';

/**
 * Everything that passes between the host and an engine process. An engine is given files and manifests and answers with typed messages; it
 * never opens the catalog. Both ends are of one build, so the types are the validation.
 */
export type ToEngine =
  /**
   * Train, or go on with, the run in `directory`, which holds config.json and manifest.json; `finetuneOnly` leaves out the
   * training steps that are still to do. Only once in an engine's life.
   */
  | { readonly kind: 'train'; readonly directory: string; readonly finetuneOnly?: boolean }
  | { readonly kind: 'pause' }
  | { readonly kind: 'stop' }
  | { readonly kind: 'request'; readonly id: number; readonly request: EngineRequest };

/** A question with one answer. */
export type EngineRequest =
  | { readonly kind: 'runtime' }
  | { readonly kind: 'predict'; readonly model: EngineModel; readonly images: readonly ImageReference[] }
  | {
      readonly kind: 'evaluate';
      readonly model: EngineModel;
      readonly images: readonly ManifestImage[];
      readonly split: string;
      readonly workers: number;
    };

/** Where an engine finds a trained network: a checkpoint folder, and which network in it. */
export interface EngineModel {
  readonly checkpoint: string;
  readonly network: NetworkName;
}

export interface EngineAnswers {
  runtime: RuntimeInfo;
  predict: {
    readonly step: number;
    readonly classes: readonly string[];
    readonly probabilities: readonly (readonly number[])[];
  };
  evaluate: Evaluation;
}

export type FromEngine =
  | { readonly kind: 'ready'; readonly runtime: RuntimeInfo }
  /** Sent every few seconds for as long as the engine's event loop turns. Bytes of resident memory. */
  | { readonly kind: 'heartbeat'; readonly residentBytes: number }
  | { readonly kind: 'training'; readonly event: TrainingEvent }
  | { readonly kind: 'trained'; readonly outcome: TrainingOutcome }
  | { readonly kind: 'failed'; readonly error: SerializedStudioError }
  | { readonly kind: 'progress'; readonly id: number; readonly done: number; readonly total: number }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: EngineAnswers[keyof EngineAnswers] }
  | { readonly kind: 'refusal'; readonly id: number; readonly error: SerializedStudioError };
