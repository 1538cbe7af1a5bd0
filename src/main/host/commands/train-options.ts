import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { StudioError } from '#shared/errors.ts';
import { PRESETS } from '#shared/presets.ts';
import { ARCHITECTURES, FEEDBACK_MODES, METHODS, STEMS, type TrainingConfig } from '#shared/training.ts';
import {
  integer,
  naturalNumber,
  nonNegativeNumber,
  positiveInteger,
  positiveNumber,
  share,
  shareBelowOne,
} from './values.ts';

/** One flag of `train` that sets one field of the configuration. */
interface TrainFlag {
  readonly flags: string;
  readonly field: keyof TrainingConfig;
  readonly help: string;
  readonly read?: (text: string) => unknown;
  readonly choices?: readonly string[];
}

/** The released program's flags, by its own names (teacher = base, student = adaptation), then the studio's own. */
const FLAGS: readonly TrainFlag[] = [
  { flags: '--name <name>', field: 'name', help: 'name of the run' },
  { flags: '--total-steps <steps>', field: 'totalSteps', help: 'training steps', read: positiveInteger },
  { flags: '--eval-step <steps>', field: 'evaluateEvery', help: 'steps between evaluations', read: positiveInteger },
  { flags: '--start-step <step>', field: 'startStep', help: 'first step of the schedule', read: naturalNumber },
  { flags: '--workers <count>', field: 'workers', help: 'threads that decode and augment', read: naturalNumber },
  { flags: '--num-classes <count>', field: 'classCount', help: '7, or 8 with contempt', read: positiveInteger },
  {
    flags: '--resize <pixels>',
    field: 'imageSize',
    help: 'side of the square the network sees',
    read: positiveInteger,
  },
  { flags: '--batch-size <images>', field: 'batchSize', help: 'labeled images a step', read: positiveInteger },
  {
    flags: '--teacher-dropout <share>',
    field: 'baseDropout',
    help: 'dropout of the base network',
    read: shareBelowOne,
  },
  {
    flags: '--student-dropout <share>',
    field: 'adaptationDropout',
    help: 'dropout of the adaptation network',
    read: shareBelowOne,
  },
  {
    flags: '--teacher_lr <rate>',
    field: 'baseLearningRate',
    help: 'learning rate of the base network',
    read: positiveNumber,
  },
  {
    flags: '--student_lr <rate>',
    field: 'adaptationLearningRate',
    help: 'learning rate of the adaptation network',
    read: positiveNumber,
  },
  { flags: '--momentum <value>', field: 'momentum', help: 'SGD momentum', read: shareBelowOne },
  { flags: '--nesterov', field: 'nesterov', help: 'Nesterov momentum' },
  { flags: '--weight-decay <value>', field: 'weightDecay', help: 'added to the gradients', read: nonNegativeNumber },
  {
    flags: '--ema <decay>',
    field: 'ema',
    help: 'moving average of the adaptation network; 0: none',
    read: shareBelowOne,
  },
  { flags: '--warmup-steps <steps>', field: 'warmupSteps', help: 'steps of rising learning rate', read: naturalNumber },
  {
    flags: '--student-wait-steps <steps>',
    field: 'adaptationWaitSteps',
    help: 'steps before the adaptation network learns',
    read: naturalNumber,
  },
  {
    flags: '--grad-clip <norm>',
    field: 'gradientClip',
    help: 'largest gradient norm; 0: none',
    read: nonNegativeNumber,
  },
  {
    flags: '--label-smoothing <alpha>',
    field: 'labelSmoothing',
    help: 'share of the target spread over all classes',
    read: shareBelowOne,
  },
  { flags: '--mu <factor>', field: 'mu', help: 'unlabeled images a step, in batches', read: positiveInteger },
  {
    flags: '--threshold <probability>',
    field: 'threshold',
    help: 'confidence from which a pseudo label counts',
    read: share,
  },
  { flags: '--temperature <value>', field: 'temperature', help: 'sharpens (<1) pseudo labels', read: positiveNumber },
  {
    flags: '--lambda-u <weight>',
    field: 'lambdaUnlabeled',
    help: 'weight of the unlabeled loss',
    read: nonNegativeNumber,
  },
  { flags: '--uda-steps <steps>', field: 'udaSteps', help: 'steps until that weight is full', read: positiveInteger },
  {
    flags: '--finetune-epochs <epochs>',
    field: 'finetuneEpochs',
    help: 'fine-tuning at the end; 0: none',
    read: naturalNumber,
  },
  { flags: '--finetune-batch-size <images>', field: 'finetuneBatchSize', help: 'its batch', read: positiveInteger },
  { flags: '--finetune-lr <rate>', field: 'finetuneLearningRate', help: 'its learning rate', read: positiveNumber },
  {
    flags: '--finetune-weight-decay <value>',
    field: 'finetuneWeightDecay',
    help: 'its weight decay',
    read: nonNegativeNumber,
  },
  { flags: '--finetune-momentum <value>', field: 'finetuneMomentum', help: 'its momentum', read: shareBelowOne },
  { flags: '--seed <number>', field: 'seed', help: 'repeats a run exactly', read: naturalNumber },
  { flags: '--device <device>', field: 'device', help: 'what to compute on', choices: ['auto', 'cpu', 'gpu'] },
  {
    flags: '--threads <count>',
    field: 'threads',
    help: 'processor threads of TensorFlow; 0: all',
    read: naturalNumber,
  },
  {
    flags: '--cache <MiB>',
    field: 'cacheMegabytes',
    help: 'memory for decoded pictures between epochs',
    read: naturalNumber,
  },
  { flags: '--amp', field: 'mixedPrecision', help: 'mixed precision where the device has it' },
  { flags: '--world-size <devices>', field: 'worldSize', help: 'devices to train on, of all workers', read: integer },
  {
    flags: '--sync-bn',
    field: 'synchronizeNormalization',
    help: 'with --cluster: BatchNorm over the images of all workers, not of each alone',
  },
  {
    flags: '--method <method>',
    field: 'method',
    help: 'supervised and fixmatch are baselines of one network',
    choices: METHODS,
  },
  { flags: '--arch <network>', field: 'architecture', help: 'network', choices: ARCHITECTURES },
  {
    flags: '--width <channels>',
    field: 'width',
    help: 'channels of the stem; 64 is torchvision’s',
    read: positiveInteger,
  },
  {
    flags: '--stem <kind>',
    field: 'stem',
    help: 'small: a 3×3 stem without pooling, for faces of some 50 pixels',
    choices: STEMS,
  },
  {
    flags: '--pretrained <file>',
    field: 'pretrained',
    help: 'initial weights with torchvision names, PyTorch or safetensors',
    // The process that trains may have been started elsewhere.
    read: (path) => resolve(path),
  },
  { flags: '--feedback <mode>', field: 'feedback', help: 'circuit feedback', choices: FEEDBACK_MODES },
  {
    flags: '--mask-unlabeled-loss',
    field: 'maskUnlabeledLoss',
    help: 'only confident pseudo labels count in the unlabeled loss',
  },
  {
    flags: '--released',
    field: 'released',
    help: 'the released program’s quirks, and nothing that it did not have',
  },
  { flags: '--release-crop', field: 'releaseCrop', help: 'crop out of 256 pixels at any size, as released' },
  { flags: '--grayscale', field: 'grayscale', help: 'takes colour out of every picture' },
  {
    flags: '--base-warmup <steps>',
    field: 'baseWarmupSteps',
    help: 'steps the base network trains alone first',
    read: naturalNumber,
  },
  {
    flags: '--align',
    field: 'alignDistribution',
    help: 'distribution alignment: all classes are given as pseudo labels equally often',
  },
  {
    flags: '--balance-pseudo-labels',
    field: 'balancePseudoLabels',
    help: 'the adaptation network learns accepted pseudo labels only, rare classes weighing more',
  },
  {
    flags: '--separate-bn',
    field: 'separateNormalization',
    help: 'normalises labeled and unlabeled images apart',
  },
  {
    flags: '--adaptation-labeled-weight <weight>',
    field: 'adaptationLabeledWeight',
    help: 'weight of labeled images in the adaptation network’s own loss',
    read: nonNegativeNumber,
  },
  { flags: '--tensorboard', field: 'tensorBoard', help: 'event files for TensorBoard in the run’s folder' },
  {
    flags: '--checkpoint-every <steps>',
    field: 'checkpointEvery',
    help: 'keep a checkpoint every so many steps; 0: last and best only',
    read: naturalNumber,
  },
  {
    flags: '--round-every <steps>',
    field: 'roundEvery',
    help: 'keep a round of pseudo labels every so many steps; 0: none',
    read: naturalNumber,
  },
  {
    flags: '--round-images <count>',
    field: 'roundImages',
    help: 'unlabeled images of such a round',
    read: positiveInteger,
  },
];

/** Flags of the released program that mean nothing to the studio, and why. */
const WITHOUT_EFFECT: readonly { readonly flags: string; readonly key: string; readonly why: string }[] = [
  {
    flags: '--data-path <folder>',
    key: 'dataPath',
    why: '--data-path: images come from the workspace’s catalog (`import`)',
  },
  { flags: '--save-path <folder>', key: 'savePath', why: '--save-path: checkpoints go to the workspace’s runs folder' },
  { flags: '--local_rank <rank>', key: 'local_rank', why: '--local_rank: no launcher is needed' },
];

export function addTrainOptions(command: Command): void {
  for (const { flags, help, read, choices } of FLAGS) {
    const option = new Option(flags, help);
    if (read !== undefined) option.argParser(read);
    if (choices !== undefined) option.choices([...choices]);
    command.addOption(option);
  }
  for (const { flags, why } of WITHOUT_EFFECT) command.addOption(new Option(flags, why).hideHelp());
  command.addOption(
    new Option('--preset <name>', 'start from a named setting; flags change it').choices(
      PRESETS.map(({ name }) => name),
    ),
  );
  command.option('--randaug <values...>', 'RandAugment: count and magnitude, such as 2 16');
}

/** What the person set, as a configuration; everything else keeps its default. */
export function trainingConfigOf(options: Readonly<Record<string, unknown>>): Partial<TrainingConfig> {
  const set = FLAGS.flatMap(({ flags, field }) => {
    const value = options[optionKey(flags)];
    return value === undefined ? [] : [[field, value] as const];
  });
  const preset = PRESETS.find(({ name }) => name === options['preset']);
  return { ...preset?.config, ...Object.fromEntries(set), ...randAugmentOf(options['randaug']) };
}

/** One sentence for each flag that was given and does nothing here. */
export function flagsWithoutEffect(options: Readonly<Record<string, unknown>>): string[] {
  return WITHOUT_EFFECT.filter(({ key }) => options[key] !== undefined).map(({ why }) => why);
}

/** The name commander gives an option's value: --eval-step → evalStep; underscores stay. */
function optionKey(flags: string): string {
  const name = flags.split(' ')[0]!.replace(/^--/, '');
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function randAugmentOf(values: unknown): Partial<TrainingConfig> {
  if (values === undefined) return {};
  const [count, magnitude, ...more] = values as string[];
  if (count === undefined || magnitude === undefined || more.length > 0) {
    throw new StudioError('usage', '--randaug takes two numbers: how many operations, and their magnitude.', {
      hint: 'For example --randaug 2 16.',
    });
  }
  return { randAugment: { count: positiveInteger(count), magnitude: nonNegativeNumber(magnitude) } };
}
