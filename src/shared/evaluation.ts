import { z } from 'zod';
import { clusterRequestSchema } from './cluster.ts';
import { splitSchema } from './images.ts';
import { modelRequestSchema } from './requests.ts';
import { evaluationSchema, networkSchema } from './training.ts';

/** Resamples of a bootstrap where nobody says how many. */
export const BOOTSTRAP_RESAMPLES = 2_000;
export const MOST_RESAMPLES = 100_000;

/**
 * What the classes of the data and of the network count as, by class name in any usual spelling: another class, or null for none. Data of
 * class null are left out; what a network gives to class null is taken from it and the rest scaled up. Names not in it stand for themselves.
 */
export const classMapSchema = z.record(z.string(), z.string().nullable());
export type ClassMap = z.infer<typeof classMapSchema>;

export const evaluateRequestSchema = z.object({
  model: modelRequestSchema,
  split: splitSchema,
  source: z.string().optional(),
  map: classMapSchema.optional(),
  /** Workers that predict side by side; undefined: this machine. */
  cluster: clusterRequestSchema.optional(),
});
export type EvaluateRequest = z.infer<typeof evaluateRequestSchema>;

/** Where an evaluation's predictions are, below the workspace: `runs/RUN/evaluations/3`, or `evaluations/3` for a checkpoint of no run. */
export const evaluationIdSchema = z.string().regex(/^(runs\/[\w-]+\/)?evaluations\/\d{1,9}$/, 'names no evaluation');

/** One network on one split, kept with what it said about each image. */
export const evaluationRecordSchema = z.object({
  id: evaluationIdSchema,
  run: z.string().nullable(),
  /** The checkpoint's place. */
  checkpoint: z.string(),
  network: networkSchema,
  step: z.number().int(),
  split: z.string(),
  /** Classes the network tells apart, in its own order. */
  networkClasses: z.array(z.string()),
  map: classMapSchema,
  imagesPerSecond: z.number(),
  /** Images that could not be read. */
  failed: z.number().int(),
  createdAt: z.string(),
});
export type EvaluationRecord = z.infer<typeof evaluationRecordSchema>;

/** Bounds of a 95 % interval. */
export const intervalSchema = z.tuple([z.number(), z.number()]);
export type Interval = z.infer<typeof intervalSchema>;

export const calibrationBinSchema = z.object({
  lower: z.number(),
  upper: z.number(),
  count: z.number().int(),
  confidence: z.number(),
  accuracy: z.number(),
});

/** A point of a curve: x and y, both in [0,1]. */
const pointSchema = z.tuple([z.number(), z.number()]);

/** One class against the rest. Areas are null for a class without images, or of which there are no others. */
export const classCurvesSchema = z.object({
  name: z.string(),
  rocArea: z.number().nullable(),
  averagePrecision: z.number().nullable(),
  /** False against true positive rate, thinned. */
  roc: z.array(pointSchema),
  /** Recall against precision, thinned. */
  precisionRecall: z.array(pointSchema),
});
export type ClassCurves = z.infer<typeof classCurvesSchema>;

/** A temperature that was fitted on a validation split: probabilities are softmax(log p / temperature). */
export const temperatureSchema = z.object({
  temperature: z.number().positive(),
  network: networkSchema,
  step: z.number().int(),
  split: z.string(),
  count: z.number().int(),
  nllBefore: z.number(),
  nllAfter: z.number(),
  eceBefore: z.number(),
  eceAfter: z.number(),
  fittedAt: z.string(),
});
export type FittedTemperature = z.infer<typeof temperatureSchema>;

/** `calibration.json` beside a checkpoint's weights: a temperature for each network of it that has one. */
export const calibrationFileSchema = z.object({
  format: z.literal(1),
  networks: z.partialRecord(networkSchema, temperatureSchema),
});

/** Percentile intervals. The calibration error has none: resampling makes it larger, so its interval would miss it. */
export const intervalsSchema = z.object({
  accuracy: intervalSchema,
  top2: intervalSchema,
  meanClassAccuracy: intervalSchema,
  macroF1: intervalSchema,
  nll: intervalSchema,
  brier: intervalSchema,
  perClass: z.array(z.object({ precision: intervalSchema, recall: intervalSchema, f1: intervalSchema })),
});
export type Intervals = z.infer<typeof intervalsSchema>;

/** Everything there is to say about an evaluation. What `evaluationSchema` has means the same here. */
export const evaluationReportSchema = evaluationSchema.extend({
  record: evaluationRecordSchema,
  classes: z.array(z.string()),
  macroF1: z.number(),
  brier: z.number(),
  /** Images of classes the network does not know, or that the map leaves out, by class name. */
  leftOut: z.record(z.string(), z.number().int()),
  intervals: intervalsSchema,
  bootstrap: z.object({ resamples: z.number().int(), seed: z.number().int() }),
  reliability: z.array(calibrationBinSchema),
  curves: z.array(classCurvesSchema),
  /** With the temperature fitted on validation, where there is one. */
  calibrated: z
    .object({
      temperature: temperatureSchema,
      ece: z.number(),
      nll: z.number(),
      brier: z.number(),
      reliability: z.array(calibrationBinSchema),
    })
    .nullable(),
});
export type EvaluationReport = z.infer<typeof evaluationReportSchema>;

export const bootstrapChoiceSchema = z.object({
  resamples: z.number().int().min(100).max(MOST_RESAMPLES).default(BOOTSTRAP_RESAMPLES),
  seed: z.number().int().nonnegative().default(0),
});
export type BootstrapChoice = z.infer<typeof bootstrapChoiceSchema>;

/** Mistakes, the surest first: what the audit shows as a queue. */
export const wrongRequestSchema = z.object({
  id: evaluationIdSchema,
  /** Class names of the evaluation: only images of this class, or taken for this one; the same for both: those that are right. */
  label: z.string().optional(),
  predicted: z.string().optional(),
  offset: z.number().int().nonnegative().default(0),
  limit: z.number().int().min(1).max(10_000).default(100),
});
export type WrongRequest = z.infer<typeof wrongRequestSchema>;

/** One image in a queue. Probabilities are those of the evaluation's classes, in its order. */
export const queuedImageSchema = z.object({
  image: z.number().int(),
  path: z.string().nullable(),
  label: z.string(),
  predicted: z.string(),
  /** Probability of what was predicted, and of the label. */
  confidence: z.number(),
  labelProbability: z.number(),
  probabilities: z.array(z.number()),
});
export type QueuedImage = z.infer<typeof queuedImageSchema>;
export const wrongPageSchema = z.object({
  classes: z.array(z.string()),
  /** Of all images, and how many of them meet the request. */
  count: z.number().int(),
  total: z.number().int(),
  rows: z.array(queuedImageSchema),
});
export type WrongPage = z.infer<typeof wrongPageSchema>;

/** McNemar's test: whether two networks are right on different images more one way than the other. */
export const mcNemarSchema = z.object({
  /** Images that only the first, or only the second, gets right. */
  onlyFirst: z.number().int(),
  onlySecond: z.number().int(),
  method: z.enum(['exact', 'chi-square']),
  /** Null when exact. */
  statistic: z.number().nullable(),
  pValue: z.number(),
});
export type McNemar = z.infer<typeof mcNemarSchema>;

/** An image on which two networks differ in being right. Probabilities are those of what each predicted. */
export const differingImageSchema = z.object({
  image: z.number().int(),
  path: z.string().nullable(),
  label: z.string(),
  right: z.enum(['first', 'second']),
  first: z.object({ predicted: z.string(), confidence: z.number() }),
  second: z.object({ predicted: z.string(), confidence: z.number() }),
});
export type DifferingImage = z.infer<typeof differingImageSchema>;

/** Two networks on the same images. Differences are the second's less the first's. */
export const pairComparisonSchema = z.object({
  first: evaluationRecordSchema,
  second: evaluationRecordSchema,
  classes: z.array(z.string()),
  /** Images that both have answers for; and those that only one has. */
  count: z.number().int(),
  unpaired: z.number().int(),
  bothRight: z.number().int(),
  bothWrong: z.number().int(),
  mcNemar: mcNemarSchema,
  accuracyDifference: z.object({ value: z.number(), interval: intervalSchema }),
  perClass: z.array(
    z.object({
      name: z.string(),
      support: z.number().int(),
      recall: z.object({ first: z.number(), second: z.number(), difference: z.number() }),
      /** Of the recall's difference; null for a class without images. */
      interval: intervalSchema.nullable(),
      precision: z.object({ first: z.number(), second: z.number(), difference: z.number() }),
      f1: z.object({ first: z.number(), second: z.number(), difference: z.number() }),
    }),
  ),
  /** Those one is surest about and the other wrong on come first; at most as many as asked for. */
  differing: z.array(differingImageSchema),
});
export type PairComparison = z.infer<typeof pairComparisonSchema>;

export const pairRequestSchema = z.object({
  first: evaluationIdSchema,
  second: evaluationIdSchema,
  /** Images on which the two differ that are listed. */
  limit: z.number().int().min(0).max(10_000).default(100),
  ...bootstrapChoiceSchema.shape,
});
export type PairRequest = z.infer<typeof pairRequestSchema>;

export const compareRequestSchema = z.object({
  runs: z.array(z.string()).min(2).max(20),
  split: splitSchema.default('test'),
  source: z.string().optional(),
  map: classMapSchema.optional(),
  /** Images on which the two of a pair differ that are listed, the first ones. */
  limit: z.number().int().min(0).max(10_000).default(100),
  ...bootstrapChoiceSchema.shape,
});
export type CompareRequest = z.infer<typeof compareRequestSchema>;

/** Runs side by side: the network that validation chose of each. */
export const runComparisonSchema = z.object({
  split: z.string(),
  runs: z.array(
    z.object({
      run: z.string(),
      name: z.string(),
      seed: z.number().int(),
      evaluation: evaluationReportSchema,
      /** Validation accuracy over the steps, of each network. */
      curves: z.array(
        z.object({
          network: networkSchema,
          points: z.array(z.object({ step: z.number().int(), accuracy: z.number(), meanClassAccuracy: z.number() })),
        }),
      ),
    }),
  ),
  /** Settings in which they differ, as JSON, one for each run. */
  settings: z.array(z.object({ name: z.string(), values: z.array(z.string()) })),
  /** The first run against each other one. */
  pairs: z.array(pairComparisonSchema),
});
export type RunComparison = z.infer<typeof runComparisonSchema>;

/** A mean over runs that differ by seed alone, with its 95 % interval by Student's t; null for a single run. */
export const meanIntervalSchema = z.object({
  count: z.number().int(),
  mean: z.number(),
  deviation: z.number().nullable(),
  interval: intervalSchema.nullable(),
});

export const seedRequestSchema = z.object({
  /** All finished runs when left out. */
  runs: z.array(z.string()).optional(),
  split: splitSchema.default('test'),
  source: z.string().optional(),
});
export type SeedRequest = z.infer<typeof seedRequestSchema>;

export const seedGroupSchema = z.object({
  runs: z.array(z.object({ run: z.string(), seed: z.number().int(), accuracy: z.number() })),
  /** Settings in which the groups differ, as JSON. */
  settings: z.record(z.string(), z.string()),
  accuracy: meanIntervalSchema,
  meanClassAccuracy: meanIntervalSchema,
  ece: meanIntervalSchema,
  nll: meanIntervalSchema,
  perClass: z.array(z.object({ name: z.string(), recall: meanIntervalSchema })),
});
export type SeedGroup = z.infer<typeof seedGroupSchema>;
export const seedComparisonSchema = z.object({ split: z.string(), groups: z.array(seedGroupSchema) });
export type SeedComparison = z.infer<typeof seedComparisonSchema>;
