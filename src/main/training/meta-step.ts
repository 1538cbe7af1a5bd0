import * as tf from '@tensorflow/tfjs';
import type { FeedbackMode } from '#shared/training.ts';
import type { ProcessGroup } from '../tensorflow/capture/collectives.ts';
import { feedbackSignal } from './feedback.ts';
import { type Average, follow, learn, type Learner, learnerPass, learnerVariables } from './learner.ts';
import { crossEntropy, scaleLoss, softCrossEntropy } from './losses.ts';
import { networkVariables } from './network.ts';
import {
  memoryVariables,
  pseudoLabelLoss,
  type PseudoLabelMemory,
  type PseudoLabelOptions,
  type PseudoLabels,
  pseudoLabels,
} from './pseudo-labels.ts';
import { gatherLabels, gatherRows, type LabeledBatch, replicaCount } from './replicas.ts';
import { evaluationPass } from './resnet.ts';
import { imageFeed, type Step } from './step.ts';

/** Everything a meta step reads and updates. */
export interface MetaState {
  readonly base: Learner;
  readonly adaptation: Learner;
  /** Moving average of the adaptation network. */
  readonly average: Average | null;
  /** Moving average of the feedback, a scalar; only `paper` moves it. */
  readonly feedbackBaseline: tf.Variable;
  readonly memory: PseudoLabelMemory;
}

export interface MetaStepOptions extends PseudoLabelOptions {
  /** Labeled images a step, in this process. */
  readonly labeledCount: number;
  /** Unlabeled images a step in this process, each seen in a weak and in a strong view. */
  readonly unlabeledCount: number;
  /** Pixels. */
  readonly imageSize: number;
  readonly labelSmoothing: number;
  /** The unlabeled loss counts accepted images only; the released program counts all and merely reports the mask. */
  readonly maskUnlabeledLoss: boolean;
  /** Weight of the labeled images in the adaptation network's own loss; the released program leaves them out of it. */
  readonly adaptationLabeledWeight: number;
  readonly feedback: FeedbackMode;
  /** Devices that share the batch. */
  readonly towers?: readonly string[];
  /** Processes that share the batch. */
  readonly replicas?: ProcessGroup | undefined;
  /** BatchNorm sees the images of all of them as one batch. */
  readonly synchronizeNormalization?: boolean;
  /** Labeled and unlabeled images are normalised apart. */
  readonly separateNormalization?: boolean;
}

/**
 * `labelWeights`: what each labeled image counts for where a network learns from it, 1 on the average of the set; the feedback measures all
 * alike. `images`: the labeled ones, then the weak views of the unlabeled ones, then their strong views. `dropoutSeed` as
 * step.ts makes it.
 */
export type MetaFeed =
  | 'images'
  | 'labels'
  | 'labelWeights'
  | 'baseLearningRate'
  | 'adaptationLearningRate'
  | 'unlabeledWeight'
  | 'dropoutSeed';

export type MetaFetch =
  | 'labeledLoss'
  | 'unlabeledLoss'
  | 'unlabeledLossMasked'
  | 'maskMean'
  | 'udaLoss'
  | 'adaptationLoss'
  | 'labeledLossOld'
  | 'labeledLossNew'
  | 'feedback'
  | 'feedbackLoss'
  | 'baseLoss'
  | 'baseGradientNorm'
  | 'adaptationGradientNorm'
  /** Class of each unlabeled image by its weak view, which the adaptation network learns from, and the class the feedback bears on. */
  | 'weakLabels'
  | 'feedbackLabels';

/** The feeds as what they are: images of this process, labels of all. */
interface MetaBatch extends LabeledBatch {
  readonly labeledImages: tf.Tensor4D;
  readonly strongImages: tf.Tensor4D;
  readonly adaptationLearningRate: tf.Scalar;
  readonly unlabeledWeight: tf.Scalar;
  readonly dropoutSeed: tf.Tensor1D;
}

/** Which of a step's dropout draws is whose. */
const DROPOUT_DRAWS = { base: 0, adaptation: 1, adaptationAgain: 2 } as const;

/**
 * One step of Meta-Face2Exp (Zeng et al., CVPR 2022, and its released program): the base network labels unlabeled faces, the adaptation
 * network learns from those labels, and what that did to its loss on labeled faces is fed back to the base network.
 */
export function metaStep(state: MetaState, options: MetaStepOptions): Step<MetaFeed, MetaFetch> {
  const { base, adaptation, average, feedbackBaseline } = state;
  const { labeledCount, unlabeledCount, imageSize, towers = [], replicas } = options;
  const { separateNormalization: normalizesApart, synchronizeNormalization: synchronizesNormalization } = options;
  const parts = [labeledCount, unlabeledCount, unlabeledCount];
  const scalar = { dataType: 'float32', shape: [] } as const;
  return {
    name: 'meta-step',
    variables: [
      ...learnerVariables(base),
      ...learnerVariables(adaptation),
      ...(average === null ? [] : networkVariables(average.network)),
      feedbackBaseline,
      ...memoryVariables(state.memory),
    ],
    feeds: {
      images: imageFeed(labeledCount + 2 * unlabeledCount, imageSize),
      labels: { dataType: 'int32', shape: [labeledCount] },
      labelWeights: { dataType: 'float32', shape: [labeledCount] },
      baseLearningRate: scalar,
      adaptationLearningRate: scalar,
      unlabeledWeight: scalar,
      dropoutSeed: { dataType: 'int32', shape: [2] },
    },
    step: (feeds) => {
      const images = feeds.images as tf.Tensor4D;
      const [labeledImages, , strongImages] = tf.split<tf.Tensor4D>(images, parts);
      const labeled = gatherLabels(replicas, feeds as unknown as LabeledBatch);
      const batch = { ...feeds, ...labeled, labeledImages, strongImages } as unknown as MetaBatch;

      // 1 and 2. Base network forward, over all views at once, so that BatchNorm sees them together; pseudo labels from the weak views.
      const basePass = learnerPass(base, images, batch.dropoutSeed, DROPOUT_DRAWS.base, {
        parts,
        towers,
        replicas,
        synchronizesNormalization,
        overlaps: true,
        normalizesApart,
      });
      const uda = udaLosses(basePass.logits, batch, state.memory, options);

      // 3 and 4. Adaptation network: a step on the strong views with the weak views' labels, and what it did to the labeled loss.
      const adapted = adaptationStep(adaptation, average, batch, uda.pseudoLabels, options);

      // 5. Base network backward, the feedback weighing the labels it gave.
      const feedback = feedbackSignal(
        options.feedback,
        adapted.labeledLossOld,
        adapted.labeledLossNew,
        feedbackBaseline,
      );
      const feedbackLabels =
        options.feedback === 'paper' ? uda.pseudoLabels.hard : tf.argMax<tf.Tensor1D>(uda.strongLogits, 1);
      const feedbackLoss = scaleLoss(crossEntropy(uda.strongLogits, feedbackLabels), feedback);
      const strongGradient: tf.Tensor2D = tf.add(uda.unlabeledGradient, feedbackLoss.gradient);
      const logitsGradient = tf.concat<tf.Tensor2D>([
        uda.labeledGradient,
        tf.zerosLike(strongGradient),
        strongGradient,
      ]);
      const baseGradientNorm = learn(base, basePass, logitsGradient, feeds.baseLearningRate as tf.Scalar);

      return {
        ...uda.reported,
        ...adapted,
        feedback,
        feedbackLoss: feedbackLoss.value,
        baseLoss: tf.add(uda.reported.udaLoss, feedbackLoss.value),
        baseGradientNorm,
        weakLabels: uda.pseudoLabels.hard,
        feedbackLabels,
      };
    },
  };
}

interface UdaLosses {
  readonly reported: Readonly<
    Record<'labeledLoss' | 'unlabeledLoss' | 'unlabeledLossMasked' | 'maskMean' | 'udaLoss', tf.Scalar>
  >;
  readonly strongLogits: tf.Tensor2D;
  /** Gradients of the sum of both losses in the logits of the labeled images and of the strong views. */
  readonly labeledGradient: tf.Tensor2D;
  readonly unlabeledGradient: tf.Tensor2D;
  /** Of the weak views. */
  readonly pseudoLabels: PseudoLabels;
}

/** Labeled loss, and agreement of the strong views with the weak views' soft labels (Xie et al. 2020: unsupervised data augmentation). */
function udaLosses(
  logits: tf.Tensor2D,
  { labels, labelWeights, unlabeledWeight }: MetaBatch,
  memory: PseudoLabelMemory,
  options: MetaStepOptions,
): UdaLosses {
  const { labeledCount, unlabeledCount, replicas } = options;
  const [labeledLogits, weakLogits, strongLogits] = tf.split<tf.Tensor2D>(
    logits,
    [labeledCount, unlabeledCount, unlabeledCount].map((count) => count * replicaCount(replicas)),
  );
  const labeled = crossEntropy(labeledLogits!, labels, options.labelSmoothing, labelWeights);
  const given = pseudoLabels(weakLogits!, memory, options);
  const unlabeled = softCrossEntropy(strongLogits!, given.soft);
  const masked = unlabeled.masked(given.mask);
  const weighted = scaleLoss(options.maskUnlabeledLoss ? masked : unlabeled.mean, unlabeledWeight);
  return {
    reported: {
      labeledLoss: labeled.value,
      unlabeledLoss: unlabeled.mean.value,
      unlabeledLossMasked: masked.value,
      maskMean: tf.mean(given.mask),
      udaLoss: tf.add(labeled.value, weighted.value),
    },
    strongLogits: strongLogits!,
    labeledGradient: labeled.gradient,
    unlabeledGradient: weighted.gradient,
    pseudoLabels: given,
  };
}

type AdaptationReport = Readonly<
  Record<'adaptationLoss' | 'adaptationGradientNorm' | 'labeledLossOld' | 'labeledLossNew', tf.Scalar>
>;

/**
 * The adaptation network's step, and its plain cross-entropy on the labeled images before and after.
 *
 * As released, `old` comes from the mixed batch of the step and `new` from a forward pass over the labeled images alone, in training mode,
 * which moves the running statistics a second time. As the paper has it, both are measured in evaluation mode under the same statistics
 * (those after the step's pass), so that weights that do not move give no feedback.
 */
function adaptationStep(
  adaptation: Learner,
  average: Average | null,
  { labels, labelWeights, labeledImages, strongImages, adaptationLearningRate, dropoutSeed }: MetaBatch,
  given: PseudoLabels,
  options: MetaStepOptions,
): AdaptationReport {
  const { labeledCount, unlabeledCount, labelSmoothing, adaptationLabeledWeight, feedback } = options;
  const { towers = [], replicas } = options;
  const evaluationLoss = (): tf.Scalar => {
    const { architecture, variables } = adaptation.network;
    return crossEntropy(gatherRows(replicas, evaluationPass(architecture, variables, labeledImages)), labels).value;
  };
  const images = tf.concat([labeledImages, strongImages]);
  const parts = [labeledCount, unlabeledCount];
  const pass = learnerPass(adaptation, images, dropoutSeed, DROPOUT_DRAWS.adaptation, {
    parts,
    towers,
    replicas,
    synchronizesNormalization: options.synchronizeNormalization,
    overlaps: true,
    normalizesApart: options.separateNormalization,
  });
  const [labeledLogits, strongLogits] = tf.split<tf.Tensor2D>(
    pass.logits,
    parts.map((count) => count * replicaCount(replicas)),
  );
  const labeledLossOld = feedback === 'paper' ? evaluationLoss() : crossEntropy(labeledLogits!, labels).value;

  const unlabeled = pseudoLabelLoss(strongLogits!, given, labelSmoothing);
  const ownLoss = crossEntropy(labeledLogits!, labels, labelSmoothing, labelWeights);
  const labeled = scaleLoss(ownLoss, tf.scalar(adaptationLabeledWeight));
  const logitsGradient = tf.concat<tf.Tensor2D>([labeled.gradient, unlabeled.gradient]);
  const adaptationGradientNorm = learn(adaptation, pass, logitsGradient, adaptationLearningRate);
  // Between the two forward passes, as released: the average has the running statistics of the first alone.
  if (average !== null) follow(average, adaptation.network);

  const lossAgain = (): tf.Scalar => {
    const split = {
      ...{ parts: [labeledCount], towers, replicas },
      synchronizesNormalization: options.synchronizeNormalization,
    };
    const again = learnerPass(adaptation, labeledImages, dropoutSeed, DROPOUT_DRAWS.adaptationAgain, split);
    return crossEntropy(again.logits, labels).value;
  };
  const labeledLossNew = feedback === 'paper' ? evaluationLoss() : lossAgain();
  return {
    adaptationLoss: tf.add(unlabeled.value, labeled.value),
    adaptationGradientNorm,
    labeledLossOld,
    labeledLossNew,
  };
}
