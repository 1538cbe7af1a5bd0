import type * as tf from '@tensorflow/tfjs';
import type { ProcessGroup } from '../tensorflow/capture/collectives.ts';
import { type Average, follow, learn, type Learner, learnerPass, learnerVariables } from './learner.ts';
import { crossEntropy } from './losses.ts';
import { networkVariables } from './network.ts';
import { gatherLabels, type LabeledBatch } from './replicas.ts';
import { imageFeed, type Step } from './step.ts';

export interface SupervisedStepOptions {
  /** Whose step it is, for messages: `base`, `adaptation`, `finetuned`. */
  readonly name: string;
  /** Images of this process. */
  readonly batchSize: number;
  /** Pixels. */
  readonly imageSize: number;
  readonly labelSmoothing: number;
  /** Devices that share the batch. */
  readonly towers?: readonly string[];
  /** Processes that share the batch. */
  readonly replicas?: ProcessGroup | undefined;
  /** BatchNorm sees the images of all of them as one batch. */
  readonly synchronizeNormalization?: boolean;
}

/** `labelWeights`: what each image counts for, 1 on the average of the set. */
export type SupervisedFeed = 'images' | 'labels' | 'labelWeights' | 'learningRate' | 'dropoutSeed';
export type SupervisedFetch = 'loss' | 'gradientNorm';

/** One network, one labeled batch, cross-entropy: the base network's warm-up, the supervised baseline, and fine-tuning. */
export function supervisedStep(
  learner: Learner,
  average: Average | null,
  {
    name,
    batchSize,
    imageSize,
    labelSmoothing,
    towers = [],
    replicas,
    synchronizeNormalization,
  }: SupervisedStepOptions,
): Step<SupervisedFeed, SupervisedFetch> {
  return {
    name: `supervised-${name}`,
    variables: [...learnerVariables(learner), ...(average === null ? [] : networkVariables(average.network))],
    feeds: {
      images: imageFeed(batchSize, imageSize),
      labels: { dataType: 'int32', shape: [batchSize] },
      labelWeights: { dataType: 'float32', shape: [batchSize] },
      learningRate: { dataType: 'float32', shape: [] },
      dropoutSeed: { dataType: 'int32', shape: [2] },
    },
    step: ({ images, learningRate, dropoutSeed, ...feeds }) => {
      const pass = learnerPass(learner, images as tf.Tensor4D, dropoutSeed as tf.Tensor1D, 0, {
        parts: [batchSize],
        towers,
        replicas,
        synchronizesNormalization: synchronizeNormalization,
      });
      const { labels, labelWeights } = gatherLabels(replicas, feeds as unknown as LabeledBatch);
      const loss = crossEntropy(pass.logits, labels, labelSmoothing, labelWeights);
      const gradientNorm = learn(learner, pass, loss.gradient, learningRate as tf.Scalar);
      if (average !== null) follow(average, learner.network);
      return { loss: loss.value, gradientNorm };
    },
  };
}
