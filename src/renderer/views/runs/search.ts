import { z } from 'zod';
import { networkSchema } from '#shared/training.ts';

/** A run whose name is a number reaches us as one. */
const textSchema = z.union([z.string(), z.number(), z.boolean()]).transform(String).optional().catch(undefined);

/** The list of runs: those that are picked and the tags they have, between commas, and what their names contain. */
export const runListSearchSchema = z.object({ picked: textSchema, text: textSchema, tags: textSchema });

/** One run. Without a tab: the charts. `against`: the run its settings are compared with, instead of the defaults. */
export const runSearchSchema = z.object({
  tab: z.enum(['evaluations', 'config', 'log']).optional().catch(undefined),
  against: textSchema,
  /** The kept evaluation whose details are shown. */
  evaluation: textSchema,
  /** The step whose batch is shown. */
  batch: z.number().int().nonnegative().optional().catch(undefined),
});

/** A new run, and the one it begins as a copy of. */
export const newRunSearchSchema = z.object({ from: textSchema });

export const COMPARED_SPLITS = ['validation', 'test', 'train'] as const;
export type ComparedSplit = (typeof COMPARED_SPLITS)[number];

/** How far the runs of a mean reach: from the lowest to the highest, or a standard deviation to each side. */
export const SPREADS = ['range', 'deviation'] as const;
export type Spread = (typeof SPREADS)[number];

/** Runs side by side, between commas; with a split their networks are scored on it. */
export const compareSearchSchema = z.object({
  runs: textSchema,
  network: networkSchema.optional().catch(undefined),
  split: z.enum(COMPARED_SPLITS).optional().catch(undefined),
  /** Runs that only their seeds tell apart are drawn as one. */
  seeds: z.enum(SPREADS).optional().catch(undefined),
  /** The class whose recall is drawn; the first when left out. */
  recall: z.number().int().min(1).max(7).optional().catch(undefined),
  /** The run whose labels are compared with the first one's; the second when left out. */
  labels: textSchema,
});

/** "a,b" → a and b, each once. */
export function idsOf(text: string | undefined): string[] {
  return [...new Set((text ?? '').split(',').filter((id) => id !== ''))];
}

/** The other way round; undefined for none, so that the address stays short. */
export function textOfIds(ids: readonly string[]): string | undefined {
  return ids.length === 0 ? undefined : ids.join(',');
}
