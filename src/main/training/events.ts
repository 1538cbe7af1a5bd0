import type { Best, Evaluation, NetworkName, Phase, StepMetrics } from '#shared/training.ts';

/** What training tells while it runs. The host keeps it; training keeps only its checkpoints. */
export type TrainingEvent =
  /** First event of every start: which step comes next, and on what it runs. Rows of this step and later ones are void. */
  | {
      readonly type: 'started';
      readonly nextStep: number;
      readonly device: string;
      readonly version: string;
      readonly precision: string;
    }
  | { readonly type: 'phase'; readonly phase: Phase }
  | { readonly type: 'step'; readonly metrics: StepMetrics }
  /**
   * How one process of a cluster fared in a step: milliseconds waiting for images, in the step, and of these in exchanges with the others,
   * waiting for them included. The one that the others wait for has the least of that. Images a second are its own.
   */
  | {
      readonly type: 'replica';
      readonly rank: number;
      readonly step: number;
      readonly dataMilliseconds: number;
      readonly stepMilliseconds: number;
      readonly exchangeMilliseconds: number;
      readonly imagesPerSecond: number;
    }
  | { readonly type: 'evaluation'; readonly evaluation: Evaluation }
  /** What a network says of some unlabeled images after so many steps: [N] catalog ids, ascending, and [N×K] probabilities. */
  | {
      readonly type: 'round';
      readonly network: NetworkName;
      readonly step: number;
      readonly images: Float64Array;
      readonly probabilities: Float32Array;
      readonly seconds: number;
    }
  /** A step whose feedback is among the strongest since the start: catalog ids, and the classes of the unlabeled images' weak views. */
  | {
      readonly type: 'feedbackExtreme';
      readonly step: number;
      readonly feedback: number;
      readonly labeled: Float64Array;
      readonly unlabeled: Float64Array;
      readonly weakLabels: Uint8Array;
    }
  /** `best` is the best so far by validation. */
  | { readonly type: 'checkpoint'; readonly name: string; readonly step: number; readonly best: Best | null }
  | { readonly type: 'badImage'; readonly image: number; readonly path: string; readonly reason: string }
  | { readonly type: 'finetune'; readonly epoch: number; readonly epochs: number; readonly loss: number }
  | { readonly type: 'log'; readonly level: 'info' | 'warning' | 'error'; readonly message: string };

/** How a call of training ended. Errors are thrown. `step`: steps done so far. */
export interface TrainingOutcome {
  readonly status: 'finished' | 'paused' | 'stopped';
  readonly step: number;
  readonly best: Best | null;
}
