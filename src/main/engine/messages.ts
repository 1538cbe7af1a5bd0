import type { SerializedStudioError } from '#shared/errors.ts';
import type { ManifestImage } from '#shared/images.ts';
import type { RuntimeInfo } from '#shared/runtime.ts';
import type { NetworkName } from '#shared/training.ts';
import type { PictureQuestion } from '../prediction/picture.ts';
import type { PictureAnswer } from '../prediction/predict.ts';
import type { ClusterMember } from '../tensorflow/capture/config-proto.ts';
import type { NetworkPredictions } from '../training/evaluate.ts';
import type { TrainingEvent, TrainingOutcome } from '../training/events.ts';
import type { NetworkLabels } from '../training/label.ts';

/**
 * Everything that passes between the host and an engine process. An engine is given files and manifests and answers with typed messages; it
 * never opens the catalog. Both ends are of one build, so the types are the validation.
 */
export type ToEngine =
  /**
   * Train, or go on with, the run in `directory`, which holds config.json and manifest.json; `finetuneOnly` leaves out the
   * training steps that are still to do; `cluster` are the processes it trains with. Only once in an engine's life.
   */
  | {
      readonly kind: 'train';
      readonly directory: string;
      readonly finetuneOnly?: boolean;
      readonly cluster?: ClusterMember;
    }
  | { readonly kind: 'pause' }
  | { readonly kind: 'stop' }
  | { readonly kind: 'request'; readonly id: number; readonly request: EngineRequest }
  /** Nobody waits for the answer any more. */
  | { readonly kind: 'cancel'; readonly id: number };

/** A question with one answer. */
export type EngineRequest =
  | { readonly kind: 'runtime' }
  | {
      readonly kind: 'predict';
      /** Asked side by side about the same faces. */
      readonly models: readonly EngineModel[];
      readonly question: PictureQuestion;
      /** Where each network looked. */
      readonly explain: boolean;
      /** For each network, the files of features to find the nearest images in. */
      readonly neighbors: readonly (readonly string[])[] | null;
      /** Where the workspace keeps what can be computed again. */
      readonly cache: string;
    }
  /** Writes what a network's last layer sees of images to a file, to find neighbours in. */
  | {
      readonly kind: 'features';
      readonly model: EngineModel;
      readonly images: readonly ManifestImage[];
      readonly file: string;
      readonly workers: number;
    }
  | {
      readonly kind: 'evaluate';
      readonly model: EngineModel;
      readonly images: readonly ManifestImage[];
      readonly workers: number;
    }
  /**
   * Label one list of many; two under way keep the engine at work. They are answered in the order they come. An empty list asks what the network
   * is.
   */
  | {
      readonly kind: 'label';
      readonly model: EngineModel;
      readonly images: readonly ManifestImage[];
      readonly workers: number;
      readonly embeddings: boolean;
    };

/** Where an engine finds a trained network: a checkpoint folder, and which network in it. */
export interface EngineModel {
  readonly checkpoint: string;
  readonly network: NetworkName;
}

export interface EngineAnswers {
  runtime: RuntimeInfo;
  predict: PictureAnswer;
  /** How many of the images could be read. */
  features: { readonly count: number };
  /** Memory in proportion to the images; the host makes the metrics of it. */
  evaluate: NetworkPredictions;
  label: NetworkLabels & { readonly step: number; readonly classes: readonly string[] };
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
