import { z } from 'zod';
import { duplicateChoiceSchema, duplicateKindSchema } from '#shared/analysis.ts';
import type { FaceListRequest } from '#shared/faces.ts';
import {
  type DuplicateFilter,
  type ImageFilter,
  QUALITIES,
  REVIEW_STATES,
  SHORTEST_TEXT,
  SIZE_CLASSES,
  type ShareRange,
  duplicateFilterSchema,
} from '#shared/filter.ts';
import { EXPRESSIONS, classNames } from '#shared/expressions.ts';
import { SPLITS } from '#shared/images.ts';
import { ROUND_SORTS, STORED_SORTS, type Sort, sortSchema } from '#shared/query.ts';

/** A name that is a number reaches us as one. */
const textSchema = z.union([z.string(), z.number(), z.boolean()]).transform(String).optional().catch(undefined);

/**
 * What the grid of faces shows, as its address says it: `?split=train&class=disgust,none`. Several values of a part stand between commas; what
 * is not valid counts as not given.
 */
export const dataSearchSchema = z.object({
  source: textSchema,
  split: textSchema,
  class: textSchema,
  size: textSchema,
  quality: textSchema,
  reviewed: textSchema,
  /** Number or name of a round, what it says, and how sure it is: `confidence=0.2-0.5`. */
  round: z
    .union([z.number().int().positive(), z.string().min(1)])
    .optional()
    .catch(undefined),
  pseudo: textSchema,
  confidence: textSchema,
  margin: textSchema,
  duplicates: duplicateFilterSchema.optional().catch(undefined),
  /** The face that the others are like. */
  similar: z.number().int().positive().optional().catch(undefined),
  excluded: z.enum(['only', 'any']).optional().catch(undefined),
  text: textSchema,
  sort: sortSchema.optional().catch(undefined),
  order: z.literal('descending').optional().catch(undefined),
  /** The face that was looked at last. */
  face: z.number().int().positive().optional().catch(undefined),
  /** The faces that are selected. */
  pick: textSchema,
});
export type DataSearch = z.infer<typeof dataSearchSchema>;

/** The source that more is shown of. */
export const sourcesSearchSchema = z.object({ open: textSchema });

/** What the next subset is drawn from, as the grid's address says it, and the subset that more is shown of. */
export const subsetsSearchSchema = dataSearchSchema.omit({ face: true, pick: true }).extend({ open: textSchema });

/** Without a kind: exact copies; without a choice: all groups. */
export const duplicatesSearchSchema = z.object({
  kind: duplicateKindSchema.optional().catch(undefined),
  choice: duplicateChoiceSchema.optional().catch(undefined),
});

const NO_LABEL = 'none';
const NAMES = classNames(EXPRESSIONS.length);

/** The filter of an address. */
export function filterOfSearch(search: DataSearch): ImageFilter {
  const text = search.text?.trim() ?? '';
  const round = search.round === undefined ? undefined : String(search.round);
  const parts = {
    sources: split(search.source)?.map(decoded),
    splits: known(search.split, SPLITS),
    labels: split(search.class)?.flatMap(labelOf),
    sizes: known(search.size, SIZE_CLASSES),
    qualities: known(search.quality, QUALITIES),
    reviewed: known(search.reviewed, REVIEW_STATES),
    round,
    ...(round !== undefined && {
      pseudoLabels: split(search.pseudo)?.flatMap((name) => labelOf(name).filter((label) => label !== null)),
      confidence: rangeOf(search.confidence),
      margin: rangeOf(search.margin),
    }),
    duplicates: search.duplicates,
    similarTo: search.similar,
    excluded: search.excluded,
    text: [...text].length < SHORTEST_TEXT ? undefined : text,
  };
  // A part whose values all are unknown restricts nothing.
  return Object.fromEntries(
    Object.entries(parts).filter(([, value]) => value !== undefined && (!Array.isArray(value) || value.length > 0)),
  );
}

/** The parts of an address that a filter becomes; every part is there, so that what is no longer filtered goes. */
export function searchOfFilter(filter: ImageFilter): Omit<DataSearch, 'face' | 'pick' | 'sort' | 'order'> {
  return {
    source: joined(filter.sources?.map(encoded)),
    split: joined(filter.splits),
    class: joined(filter.labels?.map((label) => (label === null ? NO_LABEL : NAMES[label]!))),
    size: joined(filter.sizes),
    quality: joined(filter.qualities),
    reviewed: joined(filter.reviewed),
    // As a number it stands in an address without quotes.
    round: filter.round !== undefined && /^\d{1,15}$/.test(filter.round) ? Number(filter.round) : filter.round,
    pseudo: joined(filter.pseudoLabels?.map((label) => NAMES[label]!)),
    confidence: textOfRange(filter.confidence),
    margin: textOfRange(filter.margin),
    duplicates: filter.duplicates,
    similar: filter.similarTo,
    excluded: filter.excluded === 'no' ? undefined : filter.excluded,
    text: filter.text,
  };
}

/** The address that shows one source alone. */
export const sourceSearch = (source: string): DataSearch => ({ source: encoded(source) });

/** Orders that faces of a filter can have. */
export function sortsOf({ round, similarTo }: ImageFilter): Sort[] {
  return [
    ...(similarTo === undefined ? [] : (['similarity'] as const)),
    ...STORED_SORTS,
    ...(round === undefined ? [] : ROUND_SORTS),
  ];
}

/** The list of faces of an address; an order that its filter does not have counts as not given. */
export function listOfSearch(search: DataSearch): FaceListRequest {
  const filter = filterOfSearch(search);
  const sorts = sortsOf(filter);
  const sort = sorts.find((one) => one === search.sort) ?? sorts[0]!;
  return { filter, sort, descending: search.order === 'descending' };
}

/** Whether an address filters anything. */
export function isFiltered(filter: ImageFilter): boolean {
  return Object.keys(filter).length > 0;
}

/** With a value that was not there added, one that was there taken out; undefined when none is left. */
export function toggled<Value>(values: readonly Value[] | undefined, value: Value): Value[] | undefined {
  const before = values ?? [];
  const after = before.includes(value) ? before.filter((other) => other !== value) : [...before, value];
  return after.length === 0 ? undefined : after;
}

/** The value alone; nothing when it was alone before. */
export function only<Value>(values: readonly Value[] | undefined, value: Value): Value[] | undefined {
  return values?.length === 1 && values[0] === value ? undefined : [value];
}

export const DUPLICATE_LABELS: Readonly<Record<DuplicateFilter, string>> = {
  exact: 'Exact copies',
  near: 'Near copies',
  'exact-leak': 'Exact, across splits',
  'near-leak': 'Near, across splits',
  'exact-contradiction': 'Exact, other label',
  'near-contradiction': 'Near, other label',
};

const RANGE = /^(0|1|0?\.\d{1,6})-(0|1|0?\.\d{1,6})$/;

function rangeOf(text: string | undefined): ShareRange | undefined {
  const match = RANGE.exec(text ?? '');
  const [from, to] = [Number(match?.[1]), Number(match?.[2])];
  return match !== null && from < to ? { from, to } : undefined;
}

const textOfRange = (range: ShareRange | undefined): string | undefined => range && `${range.from}-${range.to}`;

const split = (text: string | undefined): string[] | undefined =>
  text === undefined ? undefined : text.split(',').filter((part) => part !== '');
const joined = (values: readonly string[] | undefined): string | undefined =>
  values === undefined || values.length === 0 ? undefined : values.join(',');

/** The commas of a name are not those between names. */
const encoded = (name: string): string => name.replaceAll('%', '%25').replaceAll(',', '%2C');
const decoded = (name: string): string => name.replaceAll('%2C', ',').replaceAll('%25', '%');

function known<Value extends string>(text: string | undefined, values: readonly Value[]): Value[] | undefined {
  return split(text)?.flatMap((part) => values.filter((value) => value === part));
}

function labelOf(name: string): (number | null)[] {
  if (name === NO_LABEL) return [null];
  const index = NAMES.indexOf(name);
  return index < 0 ? [] : [index];
}
