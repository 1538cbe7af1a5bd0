import { z } from 'zod';
import { imageRowSchema } from './catalog.ts';
import { EXPRESSIONS } from './expressions.ts';
import { imageFilterSchema } from './filter.ts';

/** `accept`: the label that was judged is right. `relabel`: another is. `reject`: the picture is of no use. `unsure`: it cannot be told. */
export const VERDICTS = ['accept', 'relabel', 'reject', 'unsure'] as const;
export const verdictSchema = z.enum(VERDICTS);
export type Verdict = z.infer<typeof verdictSchema>;

/** Verdicts that say the judged label was wrong. */
export const CORRECTIONS: readonly Verdict[] = ['relabel', 'reject'];

/** Reasons to look at an image, each a number from 0 to 1. */
export const SUSPICIONS = [
  'margin',
  'disagreement',
  'neighbours',
  'confident-learning',
  'flips',
  'rare',
  'duplicate',
  'quality',
] as const;
export const suspicionSchema = z.enum(SUSPICIONS);
export type Suspicion = z.infer<typeof suspicionSchema>;

/** Queues: each suspicion alone, all of them weighted (`mixed`), and plain low confidence to compare them with. */
export const QUEUES = ['mixed', ...SUSPICIONS, 'confidence'] as const;
export const queueSchema = z.enum(QUEUES);
export type Queue = z.infer<typeof queueSchema>;

/**
 * What each suspicion counts for in the mixed queue, 0 or more; a suspicion of which nothing is known counts for nothing. A rare class and a bad
 * picture say little of a label, and so decide only between images that are otherwise alike.
 */
export const DEFAULT_WEIGHTS: Readonly<Record<Suspicion, number>> = {
  margin: 0.1,
  disagreement: 0.5,
  neighbours: 0.5,
  'confident-learning': 1,
  flips: 0.3,
  rare: 0.05,
  duplicate: 0.3,
  quality: 0.05,
};
export const weightsSchema = z.partialRecord(suspicionSchema, z.number().min(0).max(100));
export type Weights = z.infer<typeof weightsSchema>;

/** How confident learning orders labels: by the odds of the best other one, by their own probability, or by how far it is behind the best. */
export const RANK_METHODS = ['log-odds', 'self-confidence', 'normalized-margin'] as const;
export const rankMethodSchema = z.enum(RANK_METHODS);
export type RankMethod = z.infer<typeof rankMethodSchema>;

export const classSchema = z
  .number()
  .int()
  .min(0)
  .max(EXPRESSIONS.length - 1);
/** A round's id or name. */
export const roundReferenceSchema = z.union([z.number().int().positive(), z.string().min(1)]);
export const nameSchema = z.string().trim().min(1).max(200);

/** An order of suspicion over the labels of a round, whose images may have labels of their own: those are the judged ones then. */
export const rankRequestSchema = z.object({
  round: roundReferenceSchema,
  /** Another network's round over the same source, for disagreement; the newest such of the same run when left out. */
  against: roundReferenceSchema.optional(),
  /** In place of the kept weights, for those it names. */
  weights: weightsSchema.default({}),
  method: rankMethodSchema.default('log-odds'),
});
export type RankRequest = z.input<typeof rankRequestSchema>;

export const queueRequestSchema = rankRequestSchema.extend({
  queue: queueSchema.default('mixed'),
  /** Images that nobody has decided yet. */
  undecidedOnly: z.boolean().default(true),
  /** Only images whose judged label is this class. */
  label: classSchema.optional(),
  /** A choice of images that was made on the map, in place of the queue: all of them, whether or not anything speaks against them. */
  picked: z.string().min(1).optional(),
  /** Rank from which to go on; 0 is the most suspicious image. */
  from: z.number().int().nonnegative().default(0),
  limit: z.number().int().min(1).max(10_000).default(100),
});
export type QueueRequest = z.input<typeof queueRequestSchema>;

/** Why an image is suspicious, in a sentence. */
export const suspicionReasonSchema = z.object({
  suspicion: suspicionSchema,
  score: z.number(),
  sentence: z.string(),
});
export type SuspicionReason = z.infer<typeof suspicionReasonSchema>;

export const suspectSchema = z.object({
  /** Place in the queue, from 0. */
  rank: z.number().int(),
  image: imageRowSchema,
  /** 0 … 1, of this queue. */
  score: z.number(),
  /** The label in question. */
  label: classSchema,
  /** Whether it is the image's own, and not the round's. */
  isGiven: z.boolean(),
  /** What the round says. */
  predicted: classSchema,
  confidence: z.number(),
  verdict: verdictSchema.nullable(),
  reasons: z.array(suspicionReasonSchema),
});
export type Suspect = z.infer<typeof suspectSchema>;

export const queueInfoSchema = z.object({
  queue: queueSchema,
  /** What it shows, in a sentence. */
  sentence: z.string(),
  /** Images it has any reason for; 0 where nothing is known. */
  count: z.number().int(),
  undecided: z.number().int(),
});
export type QueueInfo = z.infer<typeof queueInfoSchema>;

export const queueListSchema = z.object({
  round: z.number().int(),
  against: z.number().int().nullable(),
  images: z.number().int(),
  /** Images whose label is their own. */
  given: z.number().int(),
  weights: z.record(suspicionSchema, z.number()),
  queues: z.array(queueInfoSchema),
  /** Suspicions without data, and what would give them. */
  missing: z.array(z.object({ suspicion: suspicionSchema, sentence: z.string() })),
});
export type QueueList = z.infer<typeof queueListSchema>;

export const queuePageSchema = z.object({
  round: z.number().int(),
  queue: queueSchema,
  suspects: z.array(suspectSchema),
  /** Null at the end. */
  next: z.number().int().nullable(),
});
export type QueuePage = z.infer<typeof queuePageSchema>;

export const reviewerSchema = z.string().trim().min(1).max(100);

/** One act: the same verdict on an image or on many. */
export const decideRequestSchema = z
  .object({
    images: z.array(z.number().int()).min(1).max(1_000_000).optional(),
    /** In place of `images`: all images of a filter. */
    filter: imageFilterSchema.optional(),
    verdict: verdictSchema,
    /** The right class, for `relabel`. */
    label: classSchema.optional(),
    /** The label the reviewer saw, for one image: refused when it is another by now. */
    seen: classSchema.nullable().optional(),
    round: roundReferenceSchema.optional(),
    /** The queue or screen it was decided in. */
    queue: z.string().min(1).max(100).optional(),
    reviewer: reviewerSchema.optional(),
    reason: z.string().trim().max(1_000).default(''),
    seconds: z
      .number()
      .min(0)
      .max(24 * 3600)
      .default(0),
    /** The sender's own: what arrives twice is kept once. */
    key: z.string().min(8).max(100).optional(),
  })
  .refine(({ images, filter }) => (images === undefined) !== (filter === undefined), {
    message: 'Say which images: either by their ids or by a filter.',
  })
  .refine(({ verdict, label }) => (verdict === 'relabel') === (label !== undefined), {
    message: 'A relabel needs the right class, and no other verdict takes one.',
  })
  .refine(({ seen, images }) => seen === undefined || images?.length === 1, {
    message: 'What was seen can be told of one image only.',
  });
export type DecideRequest = z.input<typeof decideRequestSchema>;

/** Takes back, or does again, the act of a reviewer that is next. */
export const turnRequestSchema = z.object({
  reviewer: reviewerSchema.optional(),
  /** As a decision's: what arrives twice is done once. */
  key: z.string().min(8).max(100).optional(),
  /** Key of the decision that is meant: where another one is next, nothing is done. */
  act: z.string().min(8).max(100).optional(),
});
export type TurnRequest = z.input<typeof turnRequestSchema>;

export const ACTS = ['decision', 'undo', 'redo'] as const;
export const BATCH_STATES = ['standing', 'undone', 'abandoned'] as const;

/** A row of the log: one act. */
export const decisionBatchSchema = z.object({
  id: z.number().int(),
  kind: z.enum(ACTS),
  reviewer: z.string(),
  madeAt: z.string(),
  round: z.number().int().nullable(),
  audit: z.string().nullable(),
  queue: z.string().nullable(),
  reason: z.string(),
  seconds: z.number(),
  images: z.number().int(),
  /** The act that was undone or redone. */
  target: z.number().int().nullable(),
  /** Of a decision; null for the others. `abandoned`: undone, and something else was decided since. */
  state: z.enum(BATCH_STATES).nullable(),
  /** The first image of a decision, with what became of it. */
  first: z
    .object({
      image: z.number().int(),
      source: z.string(),
      path: z.string(),
      verdict: verdictSchema,
      from: classSchema.nullable(),
      to: classSchema.nullable(),
    })
    .nullable(),
});
export type DecisionBatch = z.infer<typeof decisionBatchSchema>;

/** What happened to one image, the oldest first. */
export const imageDecisionSchema = z.object({
  batch: z.number().int(),
  reviewer: z.string(),
  madeAt: z.string(),
  round: z.number().int().nullable(),
  verdict: verdictSchema,
  from: classSchema.nullable(),
  to: classSchema.nullable(),
  reason: z.string(),
  state: z.enum(BATCH_STATES),
});
export type ImageDecision = z.infer<typeof imageDecisionSchema>;

export const logRequestSchema = z.object({
  /** One image's history in place of the acts. */
  image: z.number().int().optional(),
  beforeId: z.number().int().optional(),
  limit: z.number().int().min(1).max(1_000).default(100),
});

/** How fast and how well-aimed deciding was, by queue, by reviewer or in all. */
export const paceSchema = z.object({
  name: z.string(),
  decided: z.number().int(),
  corrections: z.number().int(),
  seconds: z.number(),
  /** Null where no time was told. */
  correctionsPerMinute: z.number().nullable(),
  /** Of the first k that were decided, the share that was wrong; for the k that were reached. */
  precisionAt: z.array(z.object({ k: z.number().int(), precision: z.number() })),
});
export type Pace = z.infer<typeof paceSchema>;

export const reviewStatsSchema = z.object({
  counts: z.record(verdictSchema, z.number().int()),
  /** Images by the label that was decided. */
  labels: z.array(z.object({ name: z.string(), count: z.number().int() })),
  total: paceSchema,
  queues: z.array(paceSchema),
  reviewers: z.array(paceSchema),
  canUndo: z.boolean(),
  canRedo: z.boolean(),
});
export type ReviewStats = z.infer<typeof reviewStatsSchema>;

const thresholdSchema = z.number().min(0).max(1);

/** A blind audit: of a round's labels that thresholds accept, or of the labels the images of a filter have. */
export const auditRequestSchema = z
  .object({
    name: nameSchema,
    round: roundReferenceSchema.optional(),
    /** One for all classes, or one for each. */
    thresholds: z.union([thresholdSchema, z.array(thresholdSchema).min(2).max(8)]).default(0),
    filter: imageFilterSchema.default({}),
    /** Images of each class to draw, as far as there are. */
    perClass: z.number().int().positive().max(10_000).default(60),
    seed: z.number().int().nonnegative().default(0),
    /** Half the width of the 95 % interval at which the audit may stop: of the whole, and of each class. */
    target: z.number().gt(0).lt(1).default(0.05),
    classTarget: z.number().gt(0).lt(1).default(0.15),
  })
  .refine(({ round, filter }) => round !== undefined || Object.keys(filter).length > 0, {
    message: 'Say what to audit: a round, or a filter of labeled images.',
  });
export type AuditRequest = z.input<typeof auditRequestSchema>;

const intervalSchema = z.tuple([z.number(), z.number()]);

export const auditClassSchema = z.object({
  name: z.string(),
  /** Labels of the class there are, were drawn, and were judged. */
  population: z.number().int(),
  sampled: z.number().int(),
  judged: z.number().int(),
  right: z.number().int(),
  /** Left out of the shares. */
  unsure: z.number().int(),
  precision: z.number().nullable(),
  /** Wilson's, 95 %. */
  interval: intervalSchema.nullable(),
});
export type AuditClass = z.infer<typeof auditClassSchema>;

export const auditReportSchema = z.object({
  name: z.string(),
  round: z.number().int().nullable(),
  thresholds: z.array(z.number()).nullable(),
  seed: z.number().int(),
  createdAt: z.string(),
  perClass: z.array(auditClassSchema),
  population: z.number().int(),
  sampled: z.number().int(),
  answered: z.number().int(),
  /** Of all labels, classes weighted by how many there are; null until each class has a judged label. */
  precision: z.number().nullable(),
  interval: intervalSchema.nullable(),
  /** Whether it may stop, and why or why not. */
  isEnough: z.boolean(),
  sentence: z.string(),
});
export type AuditReport = z.infer<typeof auditReportSchema>;

/** The next image of an audit: its label is not told. */
export const auditImageSchema = z.object({
  audit: z.string(),
  image: z.number().int(),
  position: z.number().int(),
  answered: z.number().int(),
  sampled: z.number().int(),
});
export type AuditImage = z.infer<typeof auditImageSchema>;

export const auditAnswerRequestSchema = z.object({
  name: nameSchema,
  image: z.number().int(),
  /** The class a person sees; or that it is no use, or cannot be told. */
  answer: z.union([classSchema, z.literal('reject'), z.literal('unsure')]),
  reviewer: reviewerSchema.optional(),
  seconds: z
    .number()
    .min(0)
    .max(24 * 3600)
    .default(0),
  reason: z.string().trim().max(1_000).default(''),
  key: z.string().min(8).max(100).optional(),
});
export type AuditAnswerRequest = z.input<typeof auditAnswerRequestSchema>;

/** Keys of the reviewing screen: the class keys by class name, and one for each verdict and act. */
export const REVIEW_ACTIONS = [
  ...EXPRESSIONS.map(({ name }) => name),
  'accept',
  'reject',
  'unsure',
  'back',
  'undo',
  'redo',
  'explain',
  'zoom',
] as const;
export const reviewActionSchema = z.enum(REVIEW_ACTIONS);
export type ReviewAction = z.infer<typeof reviewActionSchema>;

/** As KeyboardEvent.key, with modifiers before it: `Control+z`. */
export const keySchema = z.string().regex(/^((Control|Alt|Shift|Meta)\+)*\S{1,20}$|^Space$/, 'names no key');
export const reviewKeysSchema = z.record(reviewActionSchema, keySchema);
export type ReviewKeys = z.infer<typeof reviewKeysSchema>;

export const DEFAULT_REVIEW_KEYS: ReviewKeys = {
  ...(Object.fromEntries(EXPRESSIONS.map(({ name }, index) => [name, String(index + 1)])) as Record<
    (typeof EXPRESSIONS)[number]['name'],
    string
  >),
  accept: 'Enter',
  reject: 'x',
  unsure: 'u',
  back: 'Backspace',
  undo: 'z',
  redo: 'Shift+z',
  explain: 'g',
  zoom: 'Space',
};
