import * as tf from '@tensorflow/tfjs';
import type { FeedbackMode } from '#shared/training.ts';
import { feedbackSignal } from './feedback.ts';
import { crossEntropy, type Loss, softCrossEntropy } from './losses.ts';
import { networkVariables } from './network.ts';
import { type SgdOutput, sgdStep } from './optimizer.ts';
import { evaluationPass, trainingPass, type TrainingPass } from './resnet.ts';
import { assignments, countBatches, type Step, type StepFeeds } from './step.ts';
import { type Average, averageUpdates, dropoutDraw, type Learner, learnerVariables } from './supervised-step.ts';

/**
 * One step of Meta-Face2Exp (Zeng et al., CVPR 2022, and its released program): the base network labels unlabeled faces, the adaptation
 * network learns from those labels, and what that did to its loss on labeled faces is fed back to the base network.
 */
export interface MetaStepOptions {
  readonly labelSmoothing: number;
  readonly temperature: number;
  /** Confidence from which a pseudo label counts as accepted. */
  readonly threshold: number;
  /** The unlabeled loss counts accepted images only; the released program counts all and merely reports the mask. */
  readonly maskUnlabeledLoss: boolean;
  readonly feedback: FeedbackMode;
}

/** Everything a meta step reads and updates. */
export interface MetaState {
  readonly base: Learner;
  readonly adaptation: Learner;
  /** Moving average of the adaptation network. */
  readonly average: Average | null;
  /** Moving average of the feedback, a scalar; only `paper` moves it. */
  readonly feedbackBaseline: tf.Variable;
}

export interface MetaFeeds extends StepFeeds {
  /** Labeled images, then the weak views of the unlabeled ones, then their strong views: [labeled + 2·unlabeled, height, width, 3]. */
  readonly images: tf.Tensor4D;
  /** [labeled], int32. */
  readonly labels: tf.Tensor1D;
  readonly baseLearningRate: tf.Scalar;
  readonly adaptationLearningRate: tf.Scalar;
  readonly unlabeledWeight: tf.Scalar;
  /** Two 32-bit integers: the run's seed, and a number no other step has. */
  readonly dropoutSeed: tf.Tensor1D;
}

export type MetaOutput =
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
  | 'weakLabels'
  | 'feedbackLabels';

/** Which of a step's dropout draws is whose. */
const DROPOUT_DRAWS = { base: 0, adaptation: 1, adaptationAgain: 2 } as const;

export function metaStep(state: MetaState, options: MetaStepOptions): Step<MetaFeeds, MetaOutput> {
  const { base, adaptation, average } = state;
  return {
    variables: [
      ...learnerVariables(base),
      ...learnerVariables(adaptation),
      ...(average === null ? [] : networkVariables(average.network)),
      state.feedbackBaseline,
    ],
    compute: (feeds) => {
      const views = splitViews(feeds.images, feeds.labels.shape[0]);

      // 1 and 2. Base network forward, over all views at once, so that BatchNorm sees them together; pseudo labels from the weak views.
      const basePass = trainingPass(
        base.network.architecture,
        base.network.variables,
        feeds.images,
        dropoutDraw(base, feeds.dropoutSeed, DROPOUT_DRAWS.base),
      );
      const uda = udaLosses(basePass.logits, feeds, options);

      // 3. Adaptation network: a step on the strong views with the weak views' labels.
      const adapted = adaptationStep(state, views, feeds, uda.weakLabels, options);

      // 4. What that did to its loss on the labeled images.
      const measured = measureAdaptation(state, adapted, views, feeds, options.feedback);
      const { feedback, baseline } = feedbackSignal(options.feedback, measured.old, measured.updated, state.feedbackBaseline as tf.Scalar);

      // 5. Base network backward, the feedback weighing the labels it gave.
      const feedbackLabels = options.feedback === 'paper' ? uda.weakLabels : (tf.argMax(uda.strongLogits, 1) as tf.Tensor1D);
      const feedbackLoss = scaled(crossEntropy(uda.strongLogits, feedbackLabels), feedback);
      const gradients = basePass.backward(
        tf.concat([uda.labeled.gradient, tf.zerosLike(uda.strongLogits), tf.add(uda.weightedGradient, feedbackLoss.gradient)]),
      );
      const learned = sgdStep(
        { parameters: base.network.variables, gradients, buffers: base.buffers, learningRate: feeds.baseLearningRate },
        base.sgd,
      );

      return {
        updates: [
          ...assignments(base.network.variables, learned.parameters),
          ...assignments(base.network.variables, basePass.statistics),
          ...assignments(base.buffers, learned.buffers),
          countBatches(base.network, 1),
          ...assignments(adaptation.network.variables, adapted.learned.parameters),
          ...assignments(adaptation.network.variables, measured.statistics),
          ...assignments(adaptation.buffers, adapted.learned.buffers),
          countBatches(adaptation.network, measured.trainingPasses),
          // The average is taken between the two forward passes: it has the statistics of the first alone.
          ...averageUpdates(
            average,
            adapted.learned.parameters,
            adapted.pass.statistics,
            tf.add(adaptation.network.batchesTracked, 1),
          ),
          { variable: state.feedbackBaseline, value: baseline },
        ],
        outputs: {
          labeledLoss: uda.labeled.value,
          unlabeledLoss: uda.unlabeledLoss,
          unlabeledLossMasked: uda.unlabeledLossMasked,
          maskMean: uda.maskMean,
          udaLoss: uda.udaLoss,
          adaptationLoss: adapted.loss,
          labeledLossOld: measured.old,
          labeledLossNew: measured.updated,
          feedback,
          feedbackLoss: feedbackLoss.value,
          baseLoss: tf.add(uda.udaLoss, feedbackLoss.value),
          baseGradientNorm: learned.gradientNorm,
          adaptationGradientNorm: adapted.learned.gradientNorm,
          weakLabels: uda.weakLabels,
          feedbackLabels,
        },
      };
    },
  };
}

interface Views {
  readonly labeled: tf.Tensor4D;
  readonly strong: tf.Tensor4D;
}

function splitViews(images: tf.Tensor4D, labeledCount: number): Views {
  const unlabeledCount = (images.shape[0] - labeledCount) / 2;
  const [labeled, , strong] = tf.split<tf.Tensor4D>(images, [labeledCount, unlabeledCount, unlabeledCount]);
  return { labeled: labeled!, strong: strong! };
}

interface UdaLosses {
  readonly labeled: Loss;
  readonly unlabeledLoss: tf.Scalar;
  readonly unlabeledLossMasked: tf.Scalar;
  readonly maskMean: tf.Scalar;
  readonly udaLoss: tf.Scalar;
  readonly strongLogits: tf.Tensor2D;
  /** Gradient of the weighted unlabeled loss in the strong views' logits. */
  readonly weightedGradient: tf.Tensor2D;
  /** Most probable class of each weak view, int32. */
  readonly weakLabels: tf.Tensor1D;
}

/** Labeled loss, and agreement of the strong views with the weak views' soft labels (Xie et al. 2020: unsupervised data augmentation). */
function udaLosses(logits: tf.Tensor2D, { labels, unlabeledWeight }: MetaFeeds, options: MetaStepOptions): UdaLosses {
  const labeledCount = labels.shape[0];
  const unlabeledCount = (logits.shape[0] - labeledCount) / 2;
  const [labeledLogits, weakLogits, strongLogits] = tf.split<tf.Tensor2D>(logits, [labeledCount, unlabeledCount, unlabeledCount]);
  const labeled = crossEntropy(labeledLogits!, labels, options.labelSmoothing);
  const softLabels = tf.softmax(tf.div(weakLogits!, options.temperature)) as tf.Tensor2D;
  const mask = tf.cast(tf.greaterEqual(tf.max(softLabels, 1), options.threshold), 'float32') as tf.Tensor1D;
  const unlabeled = softCrossEntropy(strongLogits!, softLabels);
  const masked = unlabeled.masked(mask);
  const weighted = scaled(options.maskUnlabeledLoss ? masked : unlabeled.mean, unlabeledWeight);
  return {
    labeled,
    unlabeledLoss: unlabeled.mean.value,
    unlabeledLossMasked: masked.value,
    maskMean: tf.mean(mask),
    udaLoss: tf.add(labeled.value, weighted.value),
    strongLogits: strongLogits!,
    weightedGradient: weighted.gradient,
    weakLabels: tf.argMax(softLabels, 1),
  };
}

interface AdaptationStep {
  readonly pass: TrainingPass;
  readonly loss: tf.Scalar;
  readonly learned: SgdOutput;
  readonly labeledLogits: tf.Tensor2D;
}

function adaptationStep(
  { adaptation }: MetaState,
  views: Views,
  feeds: MetaFeeds,
  pseudoLabels: tf.Tensor1D,
  options: MetaStepOptions,
): AdaptationStep {
  const { network, buffers, sgd } = adaptation;
  const pass = trainingPass(
    network.architecture,
    network.variables,
    tf.concat([views.labeled, views.strong]),
    dropoutDraw(adaptation, feeds.dropoutSeed, DROPOUT_DRAWS.adaptation),
  );
  const [labeledLogits, strongLogits] = tf.split<tf.Tensor2D>(pass.logits, [views.labeled.shape[0], views.strong.shape[0]]);
  const loss = crossEntropy(strongLogits!, pseudoLabels, options.labelSmoothing);
  const gradients = pass.backward(tf.concat([tf.zerosLike(labeledLogits!), loss.gradient]));
  const learned = sgdStep({ parameters: network.variables, gradients, buffers, learningRate: feeds.adaptationLearningRate }, sgd);
  return { pass, loss: loss.value, learned, labeledLogits: labeledLogits! };
}

interface Measurement {
  /** Plain cross-entropy on the labeled images, before and after the step. */
  readonly old: tf.Scalar;
  readonly updated: tf.Scalar;
  /** Running BatchNorm statistics at the end of the step. */
  readonly statistics: ReadonlyMap<string, tf.Tensor>;
  /** Forward passes in training mode in the whole step. */
  readonly trainingPasses: number;
}

/**
 * As released, `old` comes from the mixed batch of the step and `new` from a forward pass over the labeled images alone, in training mode,
 * which moves the running statistics a second time. As the paper has it, both are measured in evaluation mode under the same statistics
 * (those after the step's pass), so that weights that do not move give no feedback.
 */
function measureAdaptation(
  { adaptation }: MetaState,
  adapted: AdaptationStep,
  views: Views,
  { labels, dropoutSeed }: MetaFeeds,
  mode: FeedbackMode,
): Measurement {
  const { architecture, variables } = adaptation.network;
  const { statistics } = adapted.pass;
  const before = new Map<string, tf.Tensor>([...variables, ...statistics]);
  const after = new Map([...before, ...adapted.learned.parameters]);
  if (mode === 'paper') {
    return {
      old: crossEntropy(evaluationPass(architecture, before, views.labeled), labels).value,
      updated: crossEntropy(evaluationPass(architecture, after, views.labeled), labels).value,
      statistics,
      trainingPasses: 1,
    };
  }
  const again = trainingPass(architecture, after, views.labeled, dropoutDraw(adaptation, dropoutSeed, DROPOUT_DRAWS.adaptationAgain));
  return {
    old: crossEntropy(adapted.labeledLogits, labels).value,
    updated: crossEntropy(again.logits, labels).value,
    statistics: again.statistics,
    trainingPasses: 2,
  };
}

function scaled(loss: Loss, factor: tf.Scalar): Loss {
  return { value: tf.mul(loss.value, factor), gradient: tf.mul(loss.gradient, factor) };
}
