import { z } from 'zod';
import { pickIdSchema } from '#shared/map.ts';
import { queueSchema } from '#shared/review.ts';
import { COLOURINGS } from './map/colourings.ts';

const roundSchema = z.number().int().positive().optional().catch(undefined);
const classSchema = z.number().int().min(0).max(7).optional().catch(undefined);
const nameSchema = z.union([z.string(), z.number()]).transform(String).optional().catch(undefined);

export const VIEWS = ['review', 'grid', 'map', 'charts'] as const;
export type View = (typeof VIEWS)[number];

/** What the page of a round shows, as its address says it; what is not valid counts as not given. */
export const roundSearchSchema = z.object({
  view: z.enum(VIEWS).exclude(['review']).optional().catch(undefined),
  queue: queueSchema.exclude(['mixed']).optional().catch(undefined),
  /** Faces that were chosen on the map, in place of a queue. */
  picked: pickIdSchema.optional().catch(undefined),
  /** What the map is coloured by, and the round that flips are counted from. */
  colour: z.enum(COLOURINGS).exclude(['predicted']).optional().catch(undefined),
  since: roundSchema,
  /** Only faces whose judged label is this class. */
  label: classSchema,
  /** The round of another network that labels are compared with; the host chooses when it is left out. */
  against: roundSchema,
  /** Rank of the face looked at, from 0. */
  at: z.number().int().positive().optional().catch(undefined),
  /** Thresholds: one for all classes, or one for each, between commas. */
  accept: nameSchema,
});
export type RoundSearch = z.infer<typeof roundSearchSchema>;

/** Two rounds, and the cell of their matrix that is looked at. */
export const flipsSearchSchema = z.object({ from: roundSchema, to: roundSchema, was: classSchema, is: classSchema });
export type FlipsSearch = z.infer<typeof flipsSearchSchema>;

export const feedbackSearchSchema = z.object({
  run: nameSchema,
  step: z.number().int().nonnegative().optional().catch(undefined),
});

export const agreementSearchSchema = z.object({ one: nameSchema, other: nameSchema });

/** The thresholds of an address, one for each class; null where it has none that are valid. */
export function thresholdsOf(text: string | undefined, classCount: number): number[] | null {
  if (text === undefined) return null;
  const values = text.split(',').map(Number);
  if (values.some((value) => !Number.isFinite(value) || value < 0 || value > 1)) return null;
  if (values.length === 1) return Array.from({ length: classCount }, () => values[0]!);
  return values.length === classCount ? values : null;
}

/** As {@link thresholdsOf} reads it: a single value where all are equal; undefined where nothing is left out. */
export function textOfThresholds(thresholds: readonly number[]): string | undefined {
  const [first = 0] = thresholds;
  const isLinked = thresholds.every((value) => value === first);
  if (isLinked) return first === 0 ? undefined : String(first);
  return thresholds.join(',');
}
