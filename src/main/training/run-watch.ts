import type { NetworkName } from '#shared/training.ts';
import type { ImageBatch } from './batches.ts';
import { predictLabeled } from './evaluate.ts';
import type { ValueExchange } from './predict-together.ts';
import type { StepExecutor } from './executor.ts';
import { type Predictor, predictorOf } from './predictor.ts';
import type { RunContext } from './run-context.ts';
import { networksOf, type TrainingState } from './training-state.ts';
import { adaptationStart } from './training-steps.ts';

/** Steps kept at each end of the feedback. */
const EXTREMES = 25;

/** What a run tells of its pseudo labels while it trains. It changes nothing of the run. */
export interface RunWatch {
  /** Tells a step's batch when its feedback is among the strongest so far. @param feedback null in steps without. */
  step(step: number, feedback: number | null, batch: ImageBatch, weakLabels: ArrayLike<number> | undefined): void;
  /** Labels the probe images with every network that has begun to learn, when its step has come. */
  round(): Promise<void>;
}

/** @param exchange with the processes that share the probe images. */
export function runWatch(
  run: RunContext,
  state: TrainingState,
  executor: StepExecutor,
  exchange: ValueExchange | null = null,
): RunWatch {
  const { config, manifest, emit } = run;
  const [highest, lowest] = [new Extremes(EXTREMES), new Extremes(EXTREMES)];
  const networks = networksOf(state).map(([name, network]): [NetworkName, Predictor] => [
    name,
    predictorOf(executor, network, config.imageSize, { name: `round-${name}`, weights: 'live' }),
  ]);
  const images = manifest.unlabeled.slice(0, config.roundImages);
  return {
    step: (step, feedback, { used, labels }, weakLabels) => {
      if (feedback === null || weakLabels === undefined) return;
      const isHigh = highest.takes(feedback);
      const isLow = lowest.takes(-feedback);
      if (!isHigh && !isLow) return;
      const ids = Float64Array.from(used, ({ id }) => id);
      const unlabeled = ids.slice(labels.length);
      // The step labels the images of all processes; those of this one are known here.
      const first = (exchange?.group.rank ?? 0) * unlabeled.length;
      emit({
        type: 'feedbackExtreme',
        step,
        feedback,
        labeled: ids.slice(0, labels.length),
        unlabeled,
        weakLabels: Uint8Array.from(weakLabels).slice(first, first + unlabeled.length),
      });
    },
    round: async () => {
      const { step } = run.progress;
      if (config.roundEvery === 0 || step % config.roundEvery !== 0 || images.length === 0) return;
      const learning = networks.filter(([name]) => name === 'base' || step > adaptationStart(config));
      const said = await predictLabeled({
        networks: learning,
        images,
        classes: manifest.classes,
        view: config,
        pool: run.pool,
        buffers: run.buffers,
        exchange,
        onBadImage: (image, reason) => run.bad.add(image, reason),
      });
      for (const [which, [network]] of learning.entries()) {
        emit({
          type: 'round',
          network,
          step,
          images: Float64Array.from(said.ids),
          probabilities: said.probabilities[which]!,
          seconds: said.seconds,
        });
      }
    },
  };
}

/** The largest values so far, at most so many. */
class Extremes {
  readonly #limit: number;
  readonly #values: number[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether a value is one of them, which it is from then on. */
  takes(value: number): boolean {
    if (this.#values.length === this.#limit && value <= this.#values[0]!) return false;
    if (this.#values.length === this.#limit) this.#values.shift();
    const place = this.#values.findIndex((kept) => kept > value);
    this.#values.splice(place === -1 ? this.#values.length : place, 0, value);
    return true;
  }
}
