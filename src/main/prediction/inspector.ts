import type { StepExecutor } from '../training/executor.ts';
import type { StepRunner } from '../training/step.ts';
import type { TrainedNetwork } from '../training/trained-network.ts';
import { type Inspected, inspectionStep } from './grad-cam.ts';

/** What a network says about one face. */
export interface Inspection {
  /** Rows sum to one. [classes] */
  readonly probabilities: number[];
  /** [features]. */
  readonly features: Float32Array;
  /** Class activation, [classes, side, side]. */
  readonly maps: Float32Array;
  readonly mapSide: number;
}

export interface Inspector {
  /** @param images [1, imageSize, imageSize, 3], normalised. */
  inspect(images: Float32Array): Promise<Inspection>;
}

/** A network made ready to be asked about one face at a time. Its weights are taken as they are now. */
export function inspectorOf(executor: StepExecutor, { network, name, view }: TrainedNetwork): Inspector {
  const runner: StepRunner<'images', Inspected> = executor.prepare(
    inspectionStep(network, { name, count: 1, imageSize: view.imageSize }),
  );
  const { classes } = network.architecture;
  return {
    async inspect(images) {
      const { logits, features, maps } = await runner.run({ images });
      return {
        probabilities: softmax(logits),
        features: features as Float32Array,
        maps: maps as Float32Array,
        mapSide: Math.sqrt(maps.length / classes),
      };
    },
  };
}

function softmax(logits: ArrayLike<number>): number[] {
  const values = Array.from(logits);
  const largest = Math.max(...values);
  const exponentials = values.map((value) => Math.exp(value - largest));
  const sum = exponentials.reduce((total, value) => total + value, 0);
  return exponentials.map((value) => value / sum);
}
