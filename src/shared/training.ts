import { z } from 'zod';
import { clusterRequestSchema } from './cluster.ts';
import { manifestImageSchema } from './images.ts';
import { keptErrorSchema } from './kept-error.ts';
import { reviewedUseSchema } from './reviewed-use.ts';

export const ARCHITECTURES = ['resnet18', 'resnet34', 'resnet50', 'resnet101'] as const;
export const architectureSchema = z.enum(ARCHITECTURES);
export type Architecture = z.infer<typeof architectureSchema>;

/**
 * How a network begins: `imagenet` as torchvision's (7×7 at stride 2, then pooling), `small` with 3×3 at stride 2 and no pooling, for faces
 * of some 50 pixels, of which the usual stem leaves 2×2 places before the last stage.
 */
export const STEMS = ['imagenet', 'small'] as const;
export const stemSchema = z.enum(STEMS);
export type Stem = z.infer<typeof stemSchema>;

export const FEEDBACK_MODES = ['released', 'off', 'flipped', 'paper'] as const;
export const feedbackModeSchema = z.enum(FEEDBACK_MODES);
export type FeedbackMode = z.infer<typeof feedbackModeSchema>;

export const METHODS = ['meta-face2exp', 'fixmatch', 'supervised'] as const;
/**
 * The baselines train the adaptation network alone, with the same order, views and steps: `supervised` on the labeled set, `fixmatch` also
 * on its own confident pseudo labels.
 */
export const methodSchema = z.enum(METHODS);

/**
 * What a run is, completely: with the manifest and the seed it repeats exactly. Defaults are those of the released program; names are the
 * studio's (base = teacher, adaptation = student). Source: the argument table of the released Face2Exp program.
 */
export const trainingConfigSchema = z.object({
  name: z.string().min(1).default('run'),
  method: methodSchema.default('meta-face2exp'),
  architecture: architectureSchema.default('resnet50'),
  /** Channels of the stem: 64 in torchvision; every other channel count scales with it. */
  width: z.number().int().positive().default(64),
  stem: stemSchema.default('imagenet'),
  classCount: z.number().int().min(2).max(8).default(7),
  /** Side of the square the network sees, pixels. */
  imageSize: z.number().int().min(8).max(1024).default(32),
  /**
   * With the released program's quirks, where they change results: its crop out of 256 pixels, RandAugment's Cover blackening the same
   * rectangle at any size, and the adaptation network (or its average) as the only candidate for the best. What it did not have is refused.
   */
  released: z.boolean().default(false),
  /** The released program crops out of 256 pixels whatever the image size; small sizes then see a corner of a face. */
  releaseCrop: z.boolean().default(false),
  /** Takes colour out of every picture, for sets of which one is grey and the other not. */
  grayscale: z.boolean().default(false),
  totalSteps: z.number().int().positive().default(30_000),
  evaluateEvery: z.number().int().positive().default(100),
  startStep: z.number().int().nonnegative().default(0),
  batchSize: z.number().int().positive().default(64),
  /** Unlabeled images a step = batchSize × mu. */
  mu: z.number().int().positive().default(7),
  baseDropout: z.number().min(0).lt(1).default(0),
  adaptationDropout: z.number().min(0).lt(1).default(0),
  baseLearningRate: z.number().positive().default(0.01),
  adaptationLearningRate: z.number().positive().default(0.01),
  momentum: z.number().min(0).lt(1).default(0.9),
  nesterov: z.boolean().default(false),
  weightDecay: z.number().nonnegative().default(0),
  /** Decay of the moving average of the adaptation network; 0 keeps none. */
  ema: z.number().min(0).lt(1).default(0),
  warmupSteps: z.number().int().nonnegative().default(0),
  adaptationWaitSteps: z.number().int().nonnegative().default(0),
  /** Largest global gradient norm; 0 does not clip. */
  gradientClip: z.number().nonnegative().default(0),
  labelSmoothing: z.number().min(0).lt(1).default(0),
  threshold: z.number().min(0).max(1).default(0.95),
  temperature: z.number().positive().default(1),
  lambdaUnlabeled: z.number().nonnegative().default(1),
  udaSteps: z.number().int().positive().default(1),
  maskUnlabeledLoss: z.boolean().default(false),
  feedback: feedbackModeSchema.default('released'),
  /** RandAugment's number of operations and magnitude (out of 10; more goes past the range, as released). Null: no RandAugment. */
  randAugment: z
    .object({ count: z.number().int().positive(), magnitude: z.number().nonnegative() })
    .nullable()
    .default(null),
  /** Steps in which the base network trains alone on labeled images before the adaptation network starts from its weights. 0 in the release. */
  baseWarmupSteps: z.number().int().nonnegative().default(0),
  /** Divides soft labels by the average share of their class, so that all classes are given equally often. Off in the release. */
  alignDistribution: z.boolean().default(false),
  /** The adaptation network learns accepted pseudo labels only, rare classes weighing more. Off in the release. */
  balancePseudoLabels: z.boolean().default(false),
  /**
   * Normalises labeled and unlabeled images apart, each by their own batch's statistics; predictions use those of the labeled images. The
   * release mixes them.
   */
  separateNormalization: z.boolean().default(false),
  /** Weight of the labeled images in the adaptation network's own loss. 0 in the release. */
  adaptationLabeledWeight: z.number().nonnegative().default(0),
  finetuneEpochs: z.number().int().nonnegative().default(125),
  finetuneBatchSize: z.number().int().positive().default(32),
  finetuneLearningRate: z.number().positive().default(1e-5),
  finetuneWeightDecay: z.number().nonnegative().default(0),
  finetuneMomentum: z.number().min(0).lt(1).default(0),
  seed: z.number().int().nonnegative().default(0),
  workers: z.number().int().nonnegative().default(4),
  mixedPrecision: z.boolean().default(false),
  /** What to compute on; auto prefers a GPU. */
  device: z.enum(['auto', 'cpu', 'gpu']).default('auto'),
  /** Threads TensorFlow computes with on a processor; 0: as many as there are cores. Results are exact for one setting. */
  threads: z.number().int().nonnegative().default(0),
  /** MiB of decoded pictures kept between epochs; 0 keeps none. */
  cacheMegabytes: z.number().int().nonnegative().default(512),
  worldSize: z.number().int().default(-1),
  /** BatchNorm by the statistics of all processes of a cluster, not of each alone. Off in the release. */
  synchronizeNormalization: z.boolean().default(false),
  /** File with initial weights in torchvision names: PyTorch's (.pth) or safetensors, told apart by content. */
  pretrained: z.string().nullable().default(null),
  /** Writes the curves for TensorBoard too, into the run's folder. */
  tensorBoard: z.boolean().default(false),
  /** Checkpoint every so many steps, besides `last` at each evaluation and `best`. 0: none. */
  checkpointEvery: z.number().int().nonnegative().default(0),
  /** A round of pseudo labels of each network every so many steps, over the first `roundImages` unlabeled images. 0: none. */
  roundEvery: z.number().int().nonnegative().default(0),
  roundImages: z.number().int().positive().default(2_000),
});
export type TrainingConfig = z.infer<typeof trainingConfigSchema>;

type WithoutDefaults<Shape extends Readonly<Record<string, z.ZodDefault>>> = {
  [Key in keyof Shape]: z.ZodOptional<Shape[Key] extends z.ZodDefault<infer Inner> ? Inner : never>;
};

/** Takes every default off: Zod fills the defaults in of what is left out even where a field is optional. */
function withoutDefaults<Shape extends Readonly<Record<string, z.ZodDefault>>>(shape: Shape): WithoutDefaults<Shape> {
  return Object.fromEntries(
    Object.entries(shape).map(([key, field]) => [key, z.optional(field.unwrap())]),
  ) as unknown as WithoutDefaults<Shape>;
}

/** What a person set of a configuration, and nothing else. */
export const trainingSettingsSchema = z.object(withoutDefaults(trainingConfigSchema.shape));
export type TrainingSettings = z.infer<typeof trainingSettingsSchema>;

/** What a run trains on: pinned when it starts, and kept with it. */
export const trainingManifestSchema = z.object({
  classes: z.array(z.string()),
  labeled: z.array(manifestImageSchema),
  unlabeled: z.array(manifestImageSchema),
  validation: z.array(manifestImageSchema),
});
export type TrainingManifest = z.infer<typeof trainingManifestSchema>;

/** Everything one step reports. Losses are natural-log cross-entropies; null where the method has no such part. */
export const stepMetricsSchema = z.object({
  step: z.number().int(),
  baseLearningRate: z.number(),
  adaptationLearningRate: z.number(),
  labeledLoss: z.number().nullable(),
  unlabeledLoss: z.number().nullable(),
  unlabeledLossMasked: z.number().nullable(),
  maskMean: z.number().nullable(),
  unlabeledWeight: z.number().nullable(),
  udaLoss: z.number().nullable(),
  adaptationLoss: z.number().nullable(),
  labeledLossOld: z.number().nullable(),
  labeledLossNew: z.number().nullable(),
  feedback: z.number().nullable(),
  feedbackLoss: z.number().nullable(),
  baseLoss: z.number().nullable(),
  baseGradientNorm: z.number().nullable(),
  adaptationGradientNorm: z.number().nullable(),
  /** Milliseconds waiting for images, and in the step itself. */
  dataMilliseconds: z.number(),
  stepMilliseconds: z.number(),
  imagesPerSecond: z.number(),
});
export type StepMetrics = z.infer<typeof stepMetricsSchema>;

export const NETWORKS = ['base', 'adaptation', 'ema', 'finetuned'] as const;
export const networkSchema = z.enum(NETWORKS);
export type NetworkName = z.infer<typeof networkSchema>;

/** Metrics of one network on one split. Confusion rows are true classes, columns predictions. Shares in [0,1]. */
export const evaluationSchema = z.object({
  network: networkSchema,
  split: z.string(),
  step: z.number().int(),
  count: z.number().int(),
  accuracy: z.number(),
  top2: z.number(),
  meanClassAccuracy: z.number(),
  confusion: z.array(z.array(z.number().int())),
  perClass: z.array(
    z.object({
      name: z.string(),
      precision: z.number(),
      recall: z.number(),
      f1: z.number(),
      support: z.number().int(),
    }),
  ),
  ece: z.number(),
  nll: z.number(),
  imagesPerSecond: z.number(),
  /** Images that could not be read and were left out. */
  failed: z.number().int(),
});
export type Evaluation = z.infer<typeof evaluationSchema>;

/** `interrupted`: a crash or kill stopped it and it can be resumed. */
export const RUN_STATUSES = ['queued', 'running', 'paused', 'interrupted', 'finished', 'stopped', 'failed'] as const;
export const runStatusSchema = z.enum(RUN_STATUSES);
export type RunStatus = z.infer<typeof runStatusSchema>;

export const PHASES = ['preparing', 'training', 'evaluating', 'finetuning', 'done'] as const;
export const phaseSchema = z.enum(PHASES);
export type Phase = z.infer<typeof phaseSchema>;

export const bestSchema = z.object({
  step: z.number().int(),
  network: networkSchema,
  accuracy: z.number(),
  meanClassAccuracy: z.number(),
});
export type Best = z.infer<typeof bestSchema>;

export const CHECKPOINT_FORMAT = 1;

/** `state.json` of a checkpoint: with the weights beside it, everything a run needs to go on exactly. */
export const checkpointStateSchema = z.object({
  format: z.literal(CHECKPOINT_FORMAT),
  /** Steps done. */
  step: z.number().int().nonnegative(),
  /** Steps of fine-tuning done; null before fine-tuning. */
  finetuneSteps: z.number().int().nonnegative().nullable(),
  config: trainingConfigSchema,
  classes: z.array(z.string()),
  best: bestSchema.nullable(),
  /** The best of the adaptation network and its average. */
  bestAdaptation: bestSchema.nullable().default(null),
  /** Catalog ids of the images that could not be read and were reported. */
  badImages: z.array(z.number().int()),
  /** Devices that shared each batch. */
  devices: z.number().int().positive().default(1),
  /** Devices the run began with; null in checkpoints of before it was noted: `devices`. */
  firstDevices: z.number().int().positive().nullable().default(null),
  /** SHA-256 of the weights file, hexadecimal. */
  weightsDigest: z.string(),
});
export type CheckpointState = z.infer<typeof checkpointStateSchema>;

/** What a person calls a run, to find it by. No comma: lists of tags are written between commas. */
export const tagSchema = z
  .string()
  .trim()
  .min(1, 'is empty')
  .max(40, 'is longer than 40 characters')
  .regex(/^[^,\p{Cc}]+$/u, 'holds a comma or a control character');

export const tagRequestSchema = z.object({
  id: z.string(),
  add: z.array(tagSchema).max(100).default([]),
  remove: z.array(tagSchema).max(100).default([]),
});
export type TagRequest = z.input<typeof tagRequestSchema>;

/** Memory that a run's engine held after a step, bytes; null where the system does not tell. */
export const memorySampleSchema = z.object({
  step: z.number().int(),
  /** Of the machine. */
  hostBytes: z.number().int().nullable(),
  /** Of the GPU. */
  deviceBytes: z.number().int().nullable(),
});
export type MemorySample = z.infer<typeof memorySampleSchema>;

export const runSummarySchema = z.object({
  id: z.string(),
  name: z.string(),
  status: runStatusSchema,
  phase: phaseSchema,
  step: z.number().int(),
  totalSteps: z.number().int(),
  best: bestSchema.nullable(),
  /** Validation accuracy of the adaptation network at each evaluation, thinned to 100, for the sparkline. */
  accuracies: z.array(z.number()),
  imagesPerSecond: z.number().nullable(),
  secondsLeft: z.number().nullable(),
  /** Seconds of training so far, pauses left out. */
  seconds: z.number(),
  badImages: z.number().int(),
  /** In the order of the alphabet. */
  tags: z.array(z.string()),
  error: keptErrorSchema.nullable(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type RunSummary = z.infer<typeof runSummarySchema>;

export const runRequestSchema = z.object({
  /** Without defaults applied: what the person set. The host applies `trainingConfigSchema`. */
  config: trainingSettingsSchema,
  /** A subset's name, or a source's (its `train` split). */
  labeled: z.string(),
  /** A source's name; not needed when the method is supervised. */
  unlabeled: z.string().optional(),
  /** `validation`, or `SOURCE:validation` for one source's. */
  validation: z.string().default('validation'),
  /** Workers that train together; undefined: this machine alone. */
  cluster: clusterRequestSchema.optional(),
});
export type RunRequest = z.infer<typeof runRequestSchema>;

export const runDetailSchema = runSummarySchema.extend({
  config: trainingConfigSchema,
  request: runRequestSchema,
  directory: z.string(),
  snapshot: z.object({
    classes: z.array(z.string()),
    labeledCounts: z.array(z.number().int()),
    unlabeled: z.number().int(),
    validation: z.number().int(),
    /** SHA-256 over the ids and places of all images of the manifest. */
    digest: z.string(),
  }),
  /** Labels that a person had given or confirmed; null where none was, or an earlier studio started the run. */
  reviewed: reviewedUseSchema.nullable(),
  runtime: z.object({ version: z.string(), device: z.string(), precision: z.string() }).nullable(),
  evaluations: z.array(evaluationSchema),
  log: z.array(z.object({ at: z.string(), level: z.enum(['info', 'warning', 'error']), message: z.string() })),
});
export type RunDetail = z.infer<typeof runDetailSchema>;

/** An image that a run could not read and left out. */
export const badImageSchema = z.object({ image: z.number().int(), path: z.string(), reason: z.string() });
export type BadImage = z.infer<typeof badImageSchema>;

/** What a few steps of a run took here, milliseconds each; null where its method has no such steps. */
export const trialSchema = z.object({
  /** Steps of the base network alone, or of a baseline. */
  aloneMilliseconds: z.number().nullable(),
  /** Steps of base and adaptation network together. */
  fullMilliseconds: z.number().nullable(),
  /** The most memory of this machine that the work held, bytes; null where the system does not tell. */
  memoryBytes: z.number().int().nullable(),
  device: z.string(),
});
export type Trial = z.infer<typeof trialSchema>;
