import * as tf from '@tensorflow/tfjs';
import type { ProcessGroup } from '../tensorflow/capture/collectives.ts';
import { type Average, follow, learn, type Learner, learnerPass, learnerVariables } from './learner.ts';
import { crossEntropy, scaleLoss, smoothedTargets, softCrossEntropy } from './losses.ts';
import { networkVariables } from './network.ts';
import { type PseudoLabelMemory, memoryVariables, type PseudoLabelOptions, pseudoLabels } from './pseudo-labels.ts';
import { gatherLabels, type LabeledBatch, replicaCount } from './replicas.ts';
import { imageFeed, type Step } from './step.ts';

export interface FixMatchState {
  readonly learner: Learner;
  readonly average: Average | null;
  readonly memory: PseudoLabelMemory;
}

export interface FixMatchStepOptions extends PseudoLabelOptions {
  /** Labeled images a step, in this process. */
  readonly labeledCount: number;
  /** Unlabeled images a step in this process, each seen in a weak and in a strong view. */
  readonly unlabeledCount: number;
  /** Pixels. */
  readonly imageSize: number;
  readonly labelSmoothing: number;
  /** Devices that share the batch. */
  readonly towers?: readonly string[];
  /** Processes that share the batch. */
  readonly replicas?: ProcessGroup | undefined;
  /** BatchNorm sees the images of all of them as one batch. */
  readonly synchronizeNormalization?: boolean;
  /** Labeled and unlabeled images are normalised apart. */
  readonly separateNormalization?: boolean;
}

/** `images` are ordered as a meta step's. */
export type FixMatchFeed = 'images' | 'labels' | 'labelWeights' | 'learningRate' | 'unlabeledWeight' | 'dropoutSeed';
export type FixMatchFetch =
  | 'labeledLoss'
  | 'unlabeledLoss'
  | 'unlabeledLossMasked'
  | 'maskMean'
  | 'loss'
  | 'gradientNorm'
  /** Class of each unlabeled image by its weak view. */
  | 'weakLabels';

/**
 * Plain thresholding in one network, the baseline of semi-supervised learning (FixMatch, Sohn et al. 2020): the network learns its own
 * confident weak-view labels on the strong views, beside the labeled images. No second network and no feedback.
 */
export function fixMatchStep(
  { learner, average, memory }: FixMatchState,
  options: FixMatchStepOptions,
): Step<FixMatchFeed, FixMatchFetch> {
  const { labeledCount, unlabeledCount, imageSize, labelSmoothing, towers = [], replicas } = options;
  const parts = [labeledCount, unlabeledCount, unlabeledCount];
  const scalar = { dataType: 'float32', shape: [] } as const;
  return {
    name: 'fixmatch-step',
    variables: [
      ...learnerVariables(learner),
      ...(average === null ? [] : networkVariables(average.network)),
      ...memoryVariables(memory),
    ],
    feeds: {
      images: imageFeed(labeledCount + 2 * unlabeledCount, imageSize),
      labels: { dataType: 'int32', shape: [labeledCount] },
      labelWeights: { dataType: 'float32', shape: [labeledCount] },
      learningRate: scalar,
      unlabeledWeight: scalar,
      dropoutSeed: { dataType: 'int32', shape: [2] },
    },
    step: (feeds) => {
      const pass = learnerPass(learner, feeds.images as tf.Tensor4D, feeds.dropoutSeed as tf.Tensor1D, 0, {
        parts,
        towers,
        replicas,
        synchronizesNormalization: options.synchronizeNormalization,
        normalizesApart: options.separateNormalization,
      });
      const [labeledLogits, weakLogits, strongLogits] = tf.split<tf.Tensor2D>(
        pass.logits,
        parts.map((count) => count * replicaCount(replicas)),
      );
      const { labels, labelWeights } = gatherLabels(replicas, feeds as unknown as LabeledBatch);
      const labeled = crossEntropy(labeledLogits!, labels, labelSmoothing, labelWeights);
      const given = pseudoLabels(weakLogits!, memory, options);
      const unlabeled = softCrossEntropy(strongLogits!, smoothedTargets(given.hard, strongLogits!.shape[1], 0));
      const accepted = unlabeled.masked(given.weights ?? given.mask);
      const weighted = scaleLoss(accepted, feeds.unlabeledWeight as tf.Scalar);
      const logitsGradient = tf.concat<tf.Tensor2D>([labeled.gradient, tf.zerosLike(weakLogits!), weighted.gradient]);
      const gradientNorm = learn(learner, pass, logitsGradient, feeds.learningRate as tf.Scalar);
      if (average !== null) follow(average, learner.network);
      return {
        labeledLoss: labeled.value,
        unlabeledLoss: unlabeled.mean.value,
        unlabeledLossMasked: accepted.value,
        maskMean: tf.mean(given.mask),
        loss: tf.add(labeled.value, weighted.value),
        gradientNorm,
        weakLabels: given.hard,
      };
    },
  };
}
