import { FEEDBACK_MODES, METHODS, type TrainingConfig } from '#shared/training.ts';
import { type ConfigField, type ConfigGroup, integer, real, toggle } from './config-field.ts';
import { RECIPE_GROUP, TRAINING_GROUP } from './training-fields.ts';

/** Every setting of a run: one table for the form, the config tab and every comparison. */

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
  TRAINING_GROUP,
  RECIPE_GROUP,
  {
    title: 'Views',
    about: 'what the networks see',
    fields: [
      integer(
        'imageSize',
        8,
        { label: 'Image side', unit: 'pixels', why: 'What the networks see; time grows with its square.' },
        1024,
      ),
      toggle('grayscale', {
        label: 'Without colour',
        why: 'Takes colour out of every picture: where one set is grey and the other not, colour alone would tell them apart.',
      }),
      {
        kind: 'randAugment',
        key: 'randAugment',
        label: 'RandAugment',
        why: 'Operations on the strong view, and their strength out of 10. No operations: off.',
      },
      toggle('releaseCrop', {
        label: 'Crop as released',
        why: 'Crops out of 256 pixels whatever the side: small sides then see a corner of the face.',
      }),
    ],
  },
  {
    title: 'Feedback',
    about: 'how pseudo labels are made and judged',
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
    title: 'Rounds',
    about: 'pseudo labels kept on the way, to look at and correct',
    fields: [
      integer('roundEvery', 0, {
        label: 'A round every',
        unit: 'steps',
        why: 'Keeps what each network says of unlabeled faces, so that their labels can be followed; 0 keeps none.',
      }),
      integer('roundImages', 1, {
        label: 'Faces of a round',
        unit: 'images',
        why: 'The first so many unlabeled faces; more take longer at each round.',
      }),
    ],
  },
  {
    title: 'Fine-tuning',
    about: 'the last stage, on labels',
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
    about: 'device, memory, files',
    fields: [
      integer('seed', 0, { label: 'Seed', why: 'The same seed repeats a run exactly on the same machine.' }),
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
      toggle('mixedPrecision', {
        label: 'Mixed precision',
        why: 'About half the time on hardware that has it, with slightly coarser numbers.',
      }),
      integer('threads', 0, {
        label: 'Processor threads',
        why: 'Of TensorFlow; 0 takes all cores. Runs repeat exactly with the same number.',
      }),
      integer('workers', 0, {
        label: 'Image workers',
        why: 'Threads that decode and augment; the result does not depend on them.',
      }),
      integer('cacheMegabytes', 0, {
        label: 'Picture cache',
        unit: 'MiB',
        why: 'Decoded pictures kept between epochs: sets that fit are decoded once.',
      }),
      integer('checkpointEvery', 0, {
        label: 'Keep a checkpoint every',
        unit: 'steps',
        why: 'Besides the last and the best; 0 keeps none.',
      }),
      toggle('tensorBoard', {
        label: 'TensorBoard files',
        why: 'Writes all curves as event files into the run’s folder as it goes.',
      }),
      integer('startStep', 0, { label: 'First step', why: 'Where the schedules begin; the released program’s flag.' }),
      integer('worldSize', -1, {
        label: 'Devices',
        why: 'How many to train on, of all workers; −1 leaves it open. The released program reads this and does not use it.',
      }),
      toggle('synchronizeNormalization', {
        label: 'Normalise over all workers',
        why: 'BatchNorm over the images of all workers of a cluster, not of each alone.',
      }),
    ],
  },
];

/** All settings, in the order of the form. */
export const CONFIG_FIELDS: readonly ConfigField[] = [METHOD_FIELD, ...CONFIG_GROUPS.flatMap(({ fields }) => fields)];
