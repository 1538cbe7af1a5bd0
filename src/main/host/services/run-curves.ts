import { mkdirSync } from 'node:fs';
import type { Evaluation, StepMetrics } from '#shared/training.ts';
import { EventFile } from '../../interchange/event-file.ts';

/** Where each number of a step is found in TensorBoard: the part before the slash is a section of its page. */
const TAGS: Readonly<Record<Exclude<keyof StepMetrics, 'step'>, string>> = {
  labeledLoss: 'loss/base, labeled',
  unlabeledLoss: 'loss/base, unlabeled',
  unlabeledLossMasked: 'loss/base, unlabeled, sure only',
  udaLoss: 'loss/base, labeled and unlabeled',
  baseLoss: 'loss/base',
  adaptationLoss: 'loss/adaptation',
  labeledLossOld: 'feedback/labeled loss before',
  labeledLossNew: 'feedback/labeled loss after',
  feedback: 'feedback/signal',
  feedbackLoss: 'feedback/loss',
  maskMean: 'pseudo labels/share that is sure',
  unlabeledWeight: 'pseudo labels/weight',
  baseLearningRate: 'learning rate/base',
  adaptationLearningRate: 'learning rate/adaptation',
  baseGradientNorm: 'gradient norm/base',
  adaptationGradientNorm: 'gradient norm/adaptation',
  dataMilliseconds: 'speed/waiting for images, ms',
  stepMilliseconds: 'speed/step, ms',
  imagesPerSecond: 'speed/images per second',
};

/** The curves of a run as TensorBoard reads them. */
export class RunCurves {
  readonly #file: EventFile;

  /** @param folder is made when it is not there. @throws StudioError when it cannot be written. */
  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.#file = new EventFile(folder, new Date());
  }

  get path(): string {
    return this.#file.path;
  }

  addStep(metrics: StepMetrics, at = new Date()): void {
    const values = Object.entries(TAGS).flatMap(([field, tag]) => {
      const value = metrics[field as keyof typeof TAGS];
      return value === null ? [] : [[tag, value] as const];
    });
    this.#file.addScalars(metrics.step, at, Object.fromEntries(values));
  }

  addEvaluation({ network, split, step, accuracy, meanClassAccuracy, nll, ece }: Evaluation, at = new Date()): void {
    this.#file.addScalars(step, at, {
      [`${split}/accuracy, ${network}`]: accuracy,
      [`${split}/mean class accuracy, ${network}`]: meanClassAccuracy,
      [`${split}/negative log-likelihood, ${network}`]: nll,
      [`${split}/calibration error, ${network}`]: ece,
    });
  }

  close(): void {
    this.#file.close();
  }
}
