import type { ImageFilter } from '#shared/filter.ts';
import { QUALITY_LABELS, SIZE_LABELS, SPLIT_LABELS, expressionAt } from '../../text/words.ts';
import { DUPLICATE_LABELS } from './search.ts';

/** A filter as a person would say it: "Train · Happy or Sad · faces-2024". */
export function filterWords(filter: ImageFilter): string {
  const { sources, splits, labels, sizes, qualities, duplicates, excluded, text } = filter;
  const parts = [
    anyOf(sources),
    anyOf(splits?.map((split) => SPLIT_LABELS[split])),
    anyOf(labels?.map((label) => (label === null ? 'Unlabeled' : expressionAt(label).label))),
    anyOf(qualities?.map((quality) => QUALITY_LABELS[quality])),
    duplicates === undefined ? '' : DUPLICATE_LABELS[duplicates],
    sizes === undefined ? '' : `${anyOf(sizes.map((size) => SIZE_LABELS[size]))} pixels`,
    text === undefined ? '' : `“${text}”`,
    excluded === 'only' ? 'Excluded only' : excluded === 'any' ? 'Excluded too' : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'All images' : parts.join(' · ');
}

const anyOf = (values: readonly string[] | undefined): string => values?.join(' or ') ?? '';
