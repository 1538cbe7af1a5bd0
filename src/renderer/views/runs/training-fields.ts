import { ARCHITECTURES } from '#shared/training.ts';
import { type ConfigGroup, integer, real, toggle } from './config-field.ts';

export const TRAINING_GROUP: ConfigGroup = {
  title: 'Training',
  about: 'network, batches, learning rates',
  fields: [
    {
      kind: 'choice',
      key: 'architecture',
      label: 'Architecture',
      why: 'The released program uses ResNet-50; ResNet-18 is about four times quicker.',
      options: ARCHITECTURES.map((value) => ({ value, label: value })),
    },
    integer('width', 1, {
      label: 'Width',
      unit: 'channels',
      why: 'Channels of the stem; 64 is the usual network, less is quicker.',
    }),
    {
      kind: 'choice',
      key: 'stem',
      label: 'Stem',
      why: 'The small one suits faces of some 50 pixels; weights from ImageNet need the usual one.',
      options: [
        { value: 'imagenet', label: '7×7 and pooling' },
        { value: 'small', label: '3×3' },
      ],
    },
    {
      kind: 'text',
      key: 'pretrained',
      label: 'Initial weights',
      why: 'A PyTorch or safetensors file in torchvision’s names, on the machine the studio runs on; empty starts from chance.',
    },
    integer('classCount', 2, { label: 'Classes', why: 'Seven basic expressions; eight adds contempt.' }, 8),
    integer('totalSteps', 1, { label: 'Steps', why: 'How long to train.' }),
    integer('evaluateEvery', 1, {
      label: 'Evaluate every',
      unit: 'steps',
      why: 'Both networks are scored on the validation images.',
    }),
    integer('batchSize', 1, { label: 'Labeled batch', unit: 'images', why: 'Labeled images in each step.' }),
    integer('mu', 1, {
      label: 'Unlabeled per labeled',
      why: 'Unlabeled images in each step, as a multiple of the labeled batch.',
    }),
    real('baseLearningRate', [1e-8], { label: 'Learning rate, base', why: 'Peak of the cosine schedule.' }),
    real('adaptationLearningRate', [1e-8], {
      label: 'Learning rate, adaptation',
      why: 'Peak of the cosine schedule.',
    }),
    integer('warmupSteps', 0, {
      label: 'Warm-up',
      unit: 'steps',
      why: 'The learning rate rises from zero over so many steps.',
    }),
    integer('adaptationWaitSteps', 0, {
      label: 'Adaptation waits',
      unit: 'steps',
      why: 'Its learning rate is zero until then.',
    }),
    real('momentum', [0, 0.999999], { label: 'Momentum', why: 'How much of the last step’s direction is kept.' }),
    toggle('nesterov', { label: 'Nesterov momentum', why: 'Looks ahead along the momentum; often a little better.' }),
    real('weightDecay', [0], {
      label: 'Weight decay',
      why: 'Pulls weights to zero. The released program reads this flag and does not use it.',
    }),
    real('gradientClip', [0], {
      label: 'Gradient clip',
      unit: 'norm',
      why: 'Longer gradients are shortened to this; 0 leaves them.',
    }),
    real('ema', [0, 0.999999], {
      label: 'Moving average',
      why: 'Decay of an averaged adaptation network, often the steadier one; 0 keeps none.',
    }),
    real('labelSmoothing', [0, 0.999999], {
      label: 'Label smoothing',
      why: 'Share of each label spread over all classes.',
    }),
    real('baseDropout', [0, 0.999999], {
      label: 'Dropout, base',
      why: 'Share of features dropped before the last layer.',
    }),
    real('adaptationDropout', [0, 0.999999], {
      label: 'Dropout, adaptation',
      why: 'Share of features dropped before the last layer.',
    }),
  ],
};

export const RECIPE_GROUP: ConfigGroup = {
  title: 'Recipe',
  about: 'what the studio adds to the released program',
  fields: [
    toggle('released', {
      label: 'As released',
      why: 'Keeps the released program’s quirks where they change results, and refuses what it did not have.',
    }),
    integer('baseWarmupSteps', 0, {
      label: 'Base network alone',
      unit: 'steps',
      why: 'Trains the base network on labels first: pseudo labels then start better than chance.',
    }),
    toggle('separateNormalization', {
      label: 'Normalise apart',
      why: 'Labeled and unlabeled images each by their own statistics: faces of another kind do not shift those of predictions.',
    }),
    real('adaptationLabeledWeight', [0], {
      label: 'Labels for the adaptation network',
      why: 'Weight of labeled images in its own loss; the released program gives it pseudo labels alone.',
    }),
    toggle('balancePseudoLabels', {
      label: 'Balance pseudo labels',
      why: 'The adaptation network learns only sure pseudo labels, rare classes weighing more.',
    }),
    toggle('alignDistribution', {
      label: 'Distribution alignment',
      why: 'Divides each class’s probability by its average, so that all classes are given equally often.',
    }),
    toggle('maskUnlabeledLoss', {
      label: 'Only sure pseudo labels',
      why: 'Leaves unsure ones out of the consistency loss; the released program only logs them.',
    }),
  ],
};
