import { ARCHITECTURES, FEEDBACK_MODES, METHODS, type TrainingConfig } from '#shared/training.ts';

/** How each setting of a run is asked for and explained: one table for the form, the config tab and every comparison. */

type KeyOf<Value> = {
  [Key in keyof TrainingConfig]: TrainingConfig[Key] extends Value ? Key : never;
}[keyof TrainingConfig];
type NumberKey = KeyOf<number>;
type ToggleKey = KeyOf<boolean>;

interface FieldText {
  readonly label: string;
  readonly unit?: string;
  /** One line. */
  readonly why: string;
}

export type ConfigField =
  | (FieldText & {
      readonly kind: 'number';
      readonly key: NumberKey;
      readonly minimum?: number;
      readonly maximum?: number;
      readonly isInteger: boolean;
    })
  | (FieldText & { readonly kind: 'toggle'; readonly key: ToggleKey })
  | (FieldText & {
      readonly kind: 'choice';
      readonly key: 'architecture' | 'device' | 'feedback' | 'method' | 'stem';
      readonly options: readonly { readonly value: string; readonly label: string }[];
    })
  | (FieldText & { readonly kind: 'text'; readonly key: 'pretrained' })
  | (FieldText & { readonly kind: 'randAugment'; readonly key: 'randAugment' });

export interface ConfigGroup {
  readonly title: string;
  readonly fields: readonly ConfigField[];
}

function integer(key: NumberKey, minimum: number, text: FieldText, maximum?: number): ConfigField {
  return { kind: 'number', key, minimum, maximum, isInteger: true, ...text };
}

function real(key: NumberKey, range: readonly [number, number?], text: FieldText): ConfigField {
  return { kind: 'number', key, minimum: range[0], maximum: range[1], isInteger: false, ...text };
}

function toggle(key: ToggleKey, text: FieldText): ConfigField {
  return { kind: 'toggle', key, ...text };
}

const plain = (values: readonly string[]): { value: string; label: string }[] =>
  values.map((value) => ({ value, label: value }));

export const METHOD_LABELS: Readonly<Record<TrainingConfig['method'], string>> = {
  'meta-face2exp': 'Meta-Face2Exp',
  fixmatch: 'FixMatch baseline',
  supervised: 'Supervised baseline',
};

const FEEDBACK_LABELS: Readonly<Record<TrainingConfig['feedback'], string>> = {
  released: 'As released',
  off: 'Off',
  flipped: 'Sign flipped',
  paper: 'As in the paper',
};

export const METHOD_FIELD: ConfigField = {
  kind: 'choice',
  key: 'method',
  label: 'Method',
  why: 'The baselines train one network, on labels alone or also on its own sure pseudo labels, to compare with.',
  options: METHODS.map((value) => ({ value, label: METHOD_LABELS[value] })),
};

export const CONFIG_GROUPS: readonly ConfigGroup[] = [
  {
    title: 'Training',
    fields: [
      {
        kind: 'choice',
        key: 'architecture',
        label: 'Architecture',
        why: 'The released program uses ResNet-50; ResNet-18 is about four times quicker.',
        options: plain(ARCHITECTURES),
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
      integer('classCount', 2, { label: 'Classes', why: 'Seven basic expressions; eight adds contempt.' }, 8),
      {
        kind: 'text',
        key: 'pretrained',
        label: 'Initial weights',
        why: 'A safetensors file with weights in torchvision’s names; empty starts from chance.',
      },
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
      real('momentum', [0, 0.999999], { label: 'Momentum', why: 'How much of the last step’s direction is kept.' }),
      toggle('nesterov', { label: 'Nesterov momentum', why: 'Looks ahead along the momentum; often a little better.' }),
      real('weightDecay', [0], {
        label: 'Weight decay',
        why: 'Pulls weights to zero. The released program reads this flag and does not use it.',
      }),
      integer('warmupSteps', 0, {
        label: 'Warm-up',
        unit: 'steps',
        why: 'The learning rate rises from zero over so many steps.',
      }),
      integer('baseWarmupSteps', 0, {
        label: 'Base network alone',
        unit: 'steps',
        why: 'Trains the base network on labels first: pseudo labels then start better than chance.',
      }),
      integer('adaptationWaitSteps', 0, {
        label: 'Adaptation waits',
        unit: 'steps',
        why: 'Its learning rate is zero until then.',
      }),
      real('baseDropout', [0, 0.999999], {
        label: 'Dropout, base',
        why: 'Share of features dropped before the last layer.',
      }),
      real('adaptationDropout', [0, 0.999999], {
        label: 'Dropout, adaptation',
        why: 'Share of features dropped before the last layer.',
      }),
      real('gradientClip', [0], {
        label: 'Gradient clip',
        unit: 'norm',
        why: 'Longer gradients are shortened to this; 0 leaves them.',
      }),
      real('labelSmoothing', [0, 0.999999], {
        label: 'Label smoothing',
        why: 'Share of each label spread over all classes.',
      }),
      real('ema', [0, 0.999999], {
        label: 'Moving average',
        why: 'Decay of an averaged adaptation network, often the steadier one; 0 keeps none.',
      }),
    ],
  },
  {
    title: 'Views',
    fields: [
      integer(
        'imageSize',
        8,
        { label: 'Image side', unit: 'pixels', why: 'What the networks see; time grows with its square.' },
        1024,
      ),
      toggle('releaseCrop', {
        label: 'Crop as released',
        why: 'Crops out of 256 pixels whatever the side: small sides then see a corner of the face.',
      }),
      toggle('grayscale', {
        label: 'Without colour',
        why: 'Takes colour out of every picture: where one set is grey and the other not, colour alone would tell them apart.',
      }),
      toggle('released', {
        label: 'As released',
        why: 'Keeps the released program’s quirks where they change results, and refuses what it did not have.',
      }),
      {
        kind: 'randAugment',
        key: 'randAugment',
        label: 'RandAugment',
        why: 'Operations on the strong view, and their strength out of 10. No operations: off.',
      },
    ],
  },
  {
    title: 'Feedback',
    fields: [
      {
        kind: 'choice',
        key: 'feedback',
        label: 'Feedback',
        why: 'How the adaptation network’s gain on labels teaches the base network; the rest are ablations.',
        options: FEEDBACK_MODES.map((value) => ({ value, label: FEEDBACK_LABELS[value] })),
      },
      real('threshold', [0, 1], {
        label: 'Threshold',
        unit: 'confidence',
        why: 'Pseudo labels at least this sure count as sure.',
      }),
      toggle('maskUnlabeledLoss', {
        label: 'Only sure pseudo labels',
        why: 'Leaves unsure ones out of the consistency loss; the released program only logs them.',
      }),
      toggle('alignDistribution', {
        label: 'Distribution alignment',
        why: 'Divides each class’s probability by its average, so that all classes are given equally often.',
      }),
      toggle('balancePseudoLabels', {
        label: 'Balance pseudo labels',
        why: 'The adaptation network learns only sure pseudo labels, rare classes weighing more.',
      }),
      toggle('separateNormalization', {
        label: 'Normalise apart',
        why: 'Labeled and unlabeled images each by their own statistics: faces of another kind do not shift those of predictions.',
      }),
      real('adaptationLabeledWeight', [0], {
        label: 'Labels for the adaptation network',
        why: 'Weight of labeled images in its own loss; the released program gives it pseudo labels alone.',
      }),
      real('temperature', [1e-6], { label: 'Temperature', why: 'Below 1 sharpens the pseudo labels’ probabilities.' }),
      real('lambdaUnlabeled', [0], {
        label: 'Weight of the consistency loss',
        why: 'Beside the labeled loss of the base network.',
      }),
      integer('udaSteps', 1, {
        label: 'Consistency ramp',
        unit: 'steps',
        why: 'That weight rises to its full height over so many steps.',
      }),
    ],
  },
  {
    title: 'Fine-tuning',
    fields: [
      integer('finetuneEpochs', 0, {
        label: 'Epochs',
        why: 'The best adaptation network then trains on the labeled set; 0 leaves this out.',
      }),
      integer('finetuneBatchSize', 1, { label: 'Batch', unit: 'images', why: 'Labeled images in each step.' }),
      real('finetuneLearningRate', [1e-10], { label: 'Learning rate', why: 'Small: the network is nearly done.' }),
      real('finetuneMomentum', [0, 0.999999], { label: 'Momentum', why: 'None in the released program.' }),
      real('finetuneWeightDecay', [0], { label: 'Weight decay', why: 'None in the released program.' }),
    ],
  },
  {
    title: 'System',
    fields: [
      integer('seed', 0, { label: 'Seed', why: 'The same seed repeats a run exactly on the same machine.' }),
      integer('workers', 0, {
        label: 'Image workers',
        why: 'Threads that decode and augment; the result does not depend on them.',
      }),
      {
        kind: 'choice',
        key: 'device',
        label: 'Device',
        why: 'Automatic takes a GPU where there is one.',
        options: [
          { value: 'auto', label: 'Automatic' },
          { value: 'cpu', label: 'Processor' },
          { value: 'gpu', label: 'GPU' },
        ],
      },
      integer('threads', 0, {
        label: 'Processor threads',
        why: 'Of TensorFlow; 0 takes all cores. Runs repeat exactly with the same number.',
      }),
      integer('cacheMegabytes', 0, {
        label: 'Picture cache',
        unit: 'MiB',
        why: 'Decoded pictures kept between epochs: sets that fit are decoded once.',
      }),
      toggle('mixedPrecision', {
        label: 'Mixed precision',
        why: 'About half the time on hardware that has it, with slightly coarser numbers.',
      }),
      toggle('tensorBoard', {
        label: 'TensorBoard files',
        why: 'Writes all curves as event files into the run’s folder as it goes.',
      }),
      integer('checkpointEvery', 0, {
        label: 'Keep a checkpoint every',
        unit: 'steps',
        why: 'Besides the last and the best; 0 keeps none.',
      }),
      integer('startStep', 0, { label: 'First step', why: 'Where the schedules begin; the released program’s flag.' }),
      integer('worldSize', -1, {
        label: 'Devices',
        why: 'The released program reads this flag and does not use it; −1 leaves it open.',
      }),
    ],
  },
];

const NUMBER = new Intl.NumberFormat('en', { maximumFractionDigits: 10 });

/** A setting's value as it is read. */
export function configText(value: TrainingConfig[keyof TrainingConfig]): string {
  if (value === null) return 'none';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'object') return `${value.count} operations, magnitude ${value.magnitude}`;
  return typeof value === 'number' ? NUMBER.format(value) : value;
}
