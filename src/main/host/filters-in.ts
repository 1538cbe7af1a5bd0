import { type ImageFilter, imageFilterSchema } from '#shared/filter.ts';

/** Names under which requests hold a filter. */
const PLACES = ['filter', 'labeled', 'unlabeled'] as const;

/**
 * The filters of a request that need something made ready: those with a round or similar faces. What is no filter is left to whoever checks the
 * request.
 */
export function filtersIn(input: unknown): ImageFilter[] {
  if (!isRecord(input)) return [];
  const found = PLACES.flatMap((place) => {
    const value = input[place];
    if (!isRecord(value) || (value['round'] === undefined && value['similarTo'] === undefined)) return [];
    const parsed = imageFilterSchema.safeParse(value);
    return parsed.success ? [parsed.data] : [];
  });
  return [...found, ...filtersIn(input['selection'])];
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
