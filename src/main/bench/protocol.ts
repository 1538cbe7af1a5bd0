import { z } from 'zod';
import { STUDIO_ERROR_CODES } from '#shared/errors.ts';
import { architectureSchema } from '#shared/training.ts';

/**
 * What the two sides of a benchmark, a process of the studio's and one of the peer's, are told and answer: one JSON document a line, on
 * standard input and output. A side is told its workload, gets ready, and then runs it as often as it is told, until its input ends.
 * resources/bench/peer.py is the other implementation.
 */

const PRECISIONS = ['float32', 'float16', 'bfloat16'] as const;

/** What a network computes on, and how large its batches are. */
const networkWorkload = z.object({
  architecture: architectureSchema,
  /** Pixels. */
  imageSize: z.number().int().positive(),
  batchSize: z.number().int().positive(),
  classCount: z.number().int().positive(),
  precision: z.enum(PRECISIONS),
  device: z.enum(['cpu', 'gpu']),
  /** Threads inside one operation. */
  threads: z.number().int().positive(),
});

/** One repetition is one step, or one batch of images. */
export const workloadSchema = z.discriminatedUnion('kind', [
  networkWorkload.extend({ kind: z.literal('supervised-step') }),
  /** `batchSize` labeled images, and `mu` times as many unlabeled ones, each in a weak and in a strong view. */
  networkWorkload.extend({
    kind: z.literal('meta-step'),
    mu: z.number().int().positive(),
    /** Processes that make the step together, and which of them this is. */
    cluster: z.object({ addresses: z.array(z.string()), task: z.number().int() }).optional(),
  }),
  networkWorkload.extend({ kind: z.literal('inference') }),
  z.object({
    kind: z.literal('pipeline'),
    paths: z.array(z.string()).min(1),
    imageSize: z.number().int().positive(),
    batchSize: z.number().int().positive(),
    mu: z.number().int().positive(),
    randAugment: z.object({ count: z.number().int().positive(), magnitude: z.number() }),
    /** Worker threads of ours, worker processes of the peer's. */
    workers: z.number().int().positive(),
  }),
]);
export type Workload = z.infer<typeof workloadSchema>;
export type WorkloadOf<Kind extends Workload['kind']> = Extract<Workload, { kind: Kind }>;

export const toSideSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('prepare'), workload: workloadSchema }),
  z.object({ kind: z.literal('run'), repetitions: z.number().int().positive() }),
]);
export type ToSide = z.infer<typeof toSideSchema>;

/** What a side computes with. */
const readySchema = z.object({
  kind: z.literal('ready'),
  /** Of each program and library, by name. */
  versions: z.record(z.string(), z.string()),
  /** Learned numbers of all networks together, for both sides must compute the same; null where there is no network. */
  parameters: z.number().int().nullable(),
  /** What a reader of the figures should know; null when there is nothing. */
  note: z.string().nullable(),
});
export type Ready = z.infer<typeof readySchema>;

export const fromSideSchema = z.discriminatedUnion('kind', [
  readySchema,
  /** Wall-clock time of all repetitions together. */
  z.object({
    kind: z.literal('ran'),
    milliseconds: z.number().positive(),
    /** Of these, in exchanges with other processes, waiting for them included. */
    exchangeMilliseconds: z.number().nonnegative().default(0),
  }),
  /** A Python without what the peer needs. */
  z.object({ kind: z.literal('missing'), module: z.string() }),
  z.object({
    kind: z.literal('failed'),
    error: z.object({ code: z.enum(STUDIO_ERROR_CODES), message: z.string(), hint: z.string().optional() }),
  }),
]);
export type FromSide = z.infer<typeof fromSideSchema>;
