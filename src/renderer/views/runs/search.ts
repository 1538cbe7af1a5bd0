import { z } from 'zod';
import { networkSchema } from '#shared/training.ts';

/** A run whose name is a number reaches us as one. */
const textSchema = z.union([z.string(), z.number(), z.boolean()]).transform(String).optional().catch(undefined);

/** The list of runs: those that are picked, between commas, and what their names contain. */
export const runListSearchSchema = z.object({ picked: textSchema, text: textSchema });

/** One run. Without a tab: the charts. `against`: the run its settings are compared with, instead of the defaults. */
export const runSearchSchema = z.object({
  tab: z.enum(['evaluations', 'config', 'log']).optional().catch(undefined),
  against: textSchema,
  /** The kept evaluation whose details are shown. */
  evaluation: textSchema,
});

/** A new run, and the one it begins as a copy of. */
export const newRunSearchSchema = z.object({ from: textSchema });

export const COMPARED_SPLITS = ['validation', 'test', 'train'] as const;
export type ComparedSplit = (typeof COMPARED_SPLITS)[number];

/** Runs side by side, between commas; with a split their networks are scored on it. */
export const compareSearchSchema = z.object({
  runs: textSchema,
  network: networkSchema.optional().catch(undefined),
  split: z.enum(COMPARED_SPLITS).optional().catch(undefined),
});

/** "a,b" → a and b, each once. */
export function idsOf(text: string | undefined): string[] {
  return [...new Set((text ?? '').split(',').filter((id) => id !== ''))];
}

/** The other way round; undefined for none, so that the address stays short. */
export function textOfIds(ids: readonly string[]): string | undefined {
  return ids.length === 0 ? undefined : ids.join(',');
}
