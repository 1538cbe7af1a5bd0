import * as tf from '@tensorflow/tfjs';
import type { Best, Evaluation, NetworkName, TrainingConfig } from '#shared/training.ts';
import type { Tensors } from './checkpoint.ts';
import { evaluateNetworks } from './evaluate.ts';
import type { ValueExchange } from './predict-together.ts';
import { graphExecutor, type StepExecutor } from './executor.ts';
import type { Network } from './network.ts';
import { type Predictor, predictorOf } from './predictor.ts';
import type { RunContext } from './run-context.ts';
import { adaptationStart } from './training-steps.ts';
import { momentumPrefix, networksOf, type TrainingState, withoutPrefix } from './training-state.ts';

/**
 * Which weights of a run are the best is decided on validation images alone; a test split is scored only on request. `best` is the network
 * that scored highest, whichever it is; `best-adaptation` the adaptation network, or its average, at its best: what fine-tuning starts
 * from. As released, only that one is a candidate for either.
 */
export const BEST = 'best';
export const BEST_ADAPTATION = 'best-adaptation';

/** Which of the two places an evaluation has taken. */
export interface Improvement {
  readonly best: boolean;
  readonly bestAdaptation: boolean;
}

/**
 * Scores the networks of a run that have begun to learn, each time it is called, with the weights that the executor has then.
 * @param exchange with the processes that share the validation images. @returns a function that tells the scores and notes the best in the
 * run's progress.
 */
export function validator(
  run: RunContext,
  state: TrainingState,
  executor: StepExecutor,
  exchange: ValueExchange | null = null,
): () => Promise<Improvement> {
  const { config, progress, emit } = run;
  const networks = networksOf(state).map(([name, network]): [NetworkName, Predictor] => [
    name,
    predictorOf(executor, network, config.imageSize, { name, weights: 'live' }),
  ]);
  return async () => {
    const started = progress.step > adaptationStart(config);
    const evaluations = await evaluateOnValidation(
      run,
      networks.filter(([name]) => started || name === 'base'),
      exchange,
    );
    logMemory(run);
    emit({ type: 'phase', phase: 'training' });
    const best = bestOf(evaluations, candidatesOf(config), progress.best);
    const bestAdaptation = bestOf(evaluations, finetuningCandidatesOf(config), progress.bestAdaptation);
    progress.best = best ?? progress.best;
    progress.bestAdaptation = bestAdaptation ?? progress.bestAdaptation;
    return { best: best !== null, bestAdaptation: bestAdaptation !== null };
  };
}

/** Scores a fine-tuned network, which may be the best of the run. */
export async function scoreFinetuned(run: RunContext, network: Network): Promise<void> {
  const { config, progress, library, session } = run;
  const executor = graphExecutor(library, session);
  try {
    const predictor = predictorOf(executor, network, config.imageSize, { name: 'finetuned', weights: 'frozen' });
    const evaluations = await evaluateOnValidation(run, [['finetuned', predictor]]);
    progress.best = bestOf(evaluations, ['finetuned'], progress.best) ?? progress.best;
  } finally {
    await executor.close();
  }
}

/** What of a checkpoint fine-tuning may start from. */
export function adaptationWeights(tensors: Tensors): Tensors {
  const weights = withoutPrefix(tensors, momentumPrefix('adaptation'));
  return new Map([...weights].filter(([name]) => name.startsWith('adaptation.') || name.startsWith('ema.')));
}

/** Networks that may become the best of a run before fine-tuning. */
export function candidatesOf(config: TrainingConfig): NetworkName[] {
  return config.released ? finetuningCandidatesOf(config) : ['base', 'adaptation', 'ema'];
}

/** As released: the average where there is one. */
function finetuningCandidatesOf({ ema, released }: TrainingConfig): NetworkName[] {
  if (released) return [ema === 0 ? 'adaptation' : 'ema'];
  return ['adaptation', 'ema'];
}

/** The highest of the candidates' accuracies, if it is higher than the best so far; of equals the earlier, then the first named. */
export function bestOf(
  evaluations: readonly Evaluation[],
  candidates: readonly NetworkName[],
  best: Best | null,
): Best | null {
  const higher = candidates
    .flatMap((name) => evaluations.filter(({ network }) => network === name))
    .reduce<Evaluation | null>(
      (highest, evaluation) =>
        evaluation.accuracy > (highest?.accuracy ?? best?.accuracy ?? -1) ? evaluation : highest,
      null,
    );
  if (higher === null) return null;
  const { step, network, accuracy, meanClassAccuracy } = higher;
  return { step, network, accuracy, meanClassAccuracy };
}

async function evaluateOnValidation(
  run: RunContext,
  networks: readonly (readonly [NetworkName, Predictor])[],
  exchange: ValueExchange | null = null,
): Promise<Evaluation[]> {
  const { config, manifest, progress, pool, buffers, bad, emit } = run;
  if (manifest.validation.length === 0 || networks.length === 0) return [];
  emit({ type: 'phase', phase: 'evaluating' });
  const evaluations = await evaluateNetworks({
    networks,
    images: manifest.validation,
    classes: manifest.classes,
    split: 'validation',
    step: progress.step,
    view: config,
    pool,
    buffers,
    exchange,
    onBadImage: (image, reason) => bad.add(image, reason),
  });
  for (const evaluation of evaluations) emit({ type: 'evaluation', evaluation });
  return evaluations;
}

/** A leak shows here long before it hurts. */
function logMemory({ progress, emit }: RunContext): void {
  const megabytes = Math.round(process.memoryUsage.rss() / 2 ** 20);
  emit({
    type: 'log',
    level: 'info',
    message: `Step ${progress.step}: ${tf.memory().numTensors} tensors, ${megabytes} MiB resident.`,
  });
}
