import { z } from 'zod';
import { clusterRequestSchema } from './cluster.ts';
import { imageRowSchema } from './catalog.ts';
import { networkSchema } from './training.ts';

/** Where a round's labels come from: a network of the workspace, a file that any program wrote, or a run while it trained. */
export const ROUND_ORIGINS = ['network', 'file', 'training'] as const;
export const roundOriginSchema = z.enum(ROUND_ORIGINS);
export type RoundOrigin = z.infer<typeof roundOriginSchema>;

/** `interrupted`: it can be continued. */
export const ROUND_STATUSES = ['labeling', 'finished', 'interrupted'] as const;
export const roundStatusSchema = z.enum(ROUND_STATUSES);
export type RoundStatus = z.infer<typeof roundStatusSchema>;

export const roundClassSchema = z.object({
  name: z.string(),
  count: z.number().int(),
  /** Of the round's labels, 0 … 1. */
  share: z.number(),
  /** Null where nothing has that class. */
  meanConfidence: z.number().nullable(),
});

/** A round of pseudo labels: what one network said of the images of a source. Confidence is the probability of the predicted class. */
export const roundSchema = z.object({
  id: z.number().int(),
  name: z.string(),
  source: z.string(),
  origin: roundOriginSchema,
  status: roundStatusSchema,
  /** Id of the run, which may be gone. */
  run: z.string().nullable(),
  network: networkSchema.nullable(),
  /** Steps of training behind the network, where that is known. */
  step: z.number().int().nullable(),
  /** The checkpoint or the file that it was made from. */
  file: z.string().nullable(),
  classes: z.array(z.string()),
  /** Images labeled so far, and how many there are to label. */
  count: z.number().int(),
  total: z.number().int(),
  /** Images or rows without a label; `problems` tells which and why. */
  problems: z.number().int(),
  perClass: z.array(roundClassSchema),
  meanConfidence: z.number().nullable(),
  seconds: z.number(),
  imagesPerSecond: z.number().nullable(),
  /** Numbers an image's embedding has; null where the round has none. */
  embeddingSize: z.number().int().nullable(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type Round = z.infer<typeof roundSchema>;

/** The first of what could not be labeled; `line` is that of the round's file. */
export const roundProblemSchema = z.object({
  line: z.number().int().nullable(),
  place: z.string(),
  reason: z.string(),
});
export type RoundProblem = z.infer<typeof roundProblemSchema>;
/** Problems that are kept of a round; all are counted. */
export const PROBLEMS_KEPT = 1_000;

const nameSchema = z.string().trim().min(1).max(200);

/** Labels a source with a network. The same request again continues what was interrupted. */
export const labelRequestSchema = z.object({
  run: z.string().optional(),
  checkpoint: z.string().optional(),
  /** The one validation chose, when left out. */
  network: networkSchema.optional(),
  /** The checkpoint that a run kept after so many steps; the network's best when left out. */
  step: z.number().int().nonnegative().optional(),
  source: z.string().min(1),
  name: nameSchema.optional(),
  /** Keeps what the network's last layer saw of each image, for neighbours and maps. */
  embeddings: z.boolean().default(true),
  /** Workers that label side by side; undefined: this machine. */
  cluster: clusterRequestSchema.optional(),
});
export type LabelRequest = z.input<typeof labelRequestSchema>;

/** A round from a file: csv, JSON Lines, Parquet or npz, with the path or the id of each image and the probabilities of the classes. */
export const roundFileRequestSchema = z.object({
  file: z.string().min(1),
  source: z.string().min(1),
  name: nameSchema,
  step: z.number().int().nonnegative().optional(),
  network: networkSchema.optional(),
});
export type RoundFileRequest = z.input<typeof roundFileRequestSchema>;

/** What a job of labeling comes to. */
export const roundResultSchema = roundSchema.extend({
  /** Id of the round, as the command line calls it. */
  round: z.number().int(),
  /** The first of them. */
  errors: z.array(roundProblemSchema),
});
export type RoundResult = z.infer<typeof roundResultSchema>;

/** How the labels of two rounds differ, over the images that both have. */
export const flipsSchema = z.object({
  from: z.number().int(),
  to: z.number().int(),
  classes: z.array(z.string()),
  compared: z.number().int(),
  changed: z.number().int(),
  /** Images only one of them has. */
  onlyFrom: z.number().int(),
  onlyTo: z.number().int(),
  /** [K×K] rows are classes of `from`, columns classes of `to`. */
  matrix: z.array(z.array(z.number().int())),
});
export type Flips = z.infer<typeof flipsSchema>;

export const flippedRequestSchema = z.object({
  from: z.number().int(),
  to: z.number().int(),
  /** Class indices; all flips when left out. */
  fromClass: z.number().int().min(0).max(7).optional(),
  toClass: z.number().int().min(0).max(7).optional(),
  afterId: z.number().int().nonnegative().default(0),
  limit: z.number().int().min(1).max(500).default(100),
});
export type FlippedRequest = z.input<typeof flippedRequestSchema>;

export const flippedPageSchema = z.object({
  images: z.array(
    z.object({
      image: imageRowSchema,
      from: z.object({ label: z.number().int(), confidence: z.number() }),
      to: z.object({ label: z.number().int(), confidence: z.number() }),
    }),
  ),
  /** The id to go on after; null at the end. */
  nextAfterId: z.number().int().nullable(),
});
export type FlippedPage = z.infer<typeof flippedPageSchema>;

/** What one round said of an image. */
export const pseudoLabelSchema = z.object({
  round: z.number().int(),
  name: z.string(),
  run: z.string().nullable(),
  network: networkSchema.nullable(),
  step: z.number().int().nullable(),
  label: z.number().int(),
  confidence: z.number(),
  /** Between the two highest probabilities. */
  margin: z.number(),
  probabilities: z.array(z.number()),
  createdAt: z.string(),
});
export type PseudoLabel = z.infer<typeof pseudoLabelSchema>;

/** Confidences of a round by class, in bins of equal width from 0 to 1; a bin's lower bound belongs to it, the last has both. */
export const roundHistogramSchema = z.object({
  round: z.number().int(),
  bins: z.number().int(),
  perClass: z.array(z.object({ name: z.string(), counts: z.array(z.number().int()) })),
});
export type RoundHistogram = z.infer<typeof roundHistogramSchema>;

/** How far confidence can be trusted, over the images whose true class is known. Shares in [0, 1]. */
export const roundCalibrationSchema = z.object({
  round: z.number().int(),
  known: z.number().int(),
  /** Null where no class is known. */
  accuracy: z.number().nullable(),
  ece: z.number().nullable(),
  bins: z.array(
    z.object({
      lower: z.number(),
      upper: z.number(),
      count: z.number().int(),
      confidence: z.number(),
      accuracy: z.number(),
    }),
  ),
  perClass: z.array(
    z.object({
      name: z.string(),
      /** Images given this class whose true class is known, and the share of them that are of it. */
      count: z.number().int(),
      precision: z.number().nullable(),
    }),
  ),
});
export type RoundCalibration = z.infer<typeof roundCalibrationSchema>;

/** What thresholds of confidence, one for each class, would accept: labels at or above. */
export const thresholdPreviewSchema = z.object({
  round: z.number().int(),
  count: z.number().int(),
  accepted: z.number().int(),
  share: z.number(),
  perClass: z.array(
    z.object({
      name: z.string(),
      threshold: z.number(),
      count: z.number().int(),
      accepted: z.number().int(),
      /** Of everything that is accepted. */
      share: z.number(),
    }),
  ),
  /** Largest class over the smallest that has any; null where nothing is accepted. Classes without an image: `emptyClasses`. */
  imbalanceRatio: z.number().nullable(),
  emptyClasses: z.array(z.string()),
});
export type ThresholdPreview = z.infer<typeof thresholdPreviewSchema>;

/** Labeled faces beside the pseudo labels of a round. Shares in [0, 1]. */
export const distributionSchema = z.object({
  round: z.number().int(),
  /** What the labeled faces are: the run's labeled set, or all labeled training images. */
  labeled: z.string(),
  perClass: z.array(
    z.object({
      name: z.string(),
      labeledCount: z.number().int(),
      labeledShare: z.number(),
      pseudoCount: z.number().int(),
      pseudoShare: z.number(),
      /** Pseudo share minus labeled share. */
      difference: z.number(),
    }),
  ),
  /** Half the sum of the absolute differences: 0 for equal shares, 1 for no class in common. */
  totalVariation: z.number(),
});
export type Distribution = z.infer<typeof distributionSchema>;

/** Steps of a run whose feedback was the strongest, by step. */
export const feedbackExtremeSchema = z.object({
  step: z.number().int(),
  /** Labeled loss before minus after: above 0, the pseudo labels helped. */
  feedback: z.number(),
});
export type FeedbackExtreme = z.infer<typeof feedbackExtremeSchema>;

/** The batch behind a step. An image that is gone from the catalog is null. */
export const feedbackBatchSchema = feedbackExtremeSchema.extend({
  labeled: z.array(z.object({ id: z.number().int(), image: imageRowSchema.nullable() })),
  unlabeled: z.array(
    z.object({
      id: z.number().int(),
      image: imageRowSchema.nullable(),
      /** The class the base network gave its weak view. */
      weakLabel: z.number().int(),
    }),
  ),
});
export type FeedbackBatch = z.infer<typeof feedbackBatchSchema>;
