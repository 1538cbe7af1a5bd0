import type { ImageFilter, ShareRange } from '#shared/filter.ts';
import { QUALITY_LABELS, REVIEW_LABELS, SIZE_LABELS, SPLIT_LABELS, expressionAt } from '../../text/words.ts';
import { DUPLICATE_LABELS } from './search.ts';

/** A filter as a person would say it: "Train · Happy or Sad · faces-2024". */
export function filterWords(filter: ImageFilter): string {
  const { sources, splits, labels, sizes, qualities, reviewed, round, pseudoLabels, duplicates, excluded, text } =
    filter;
  const parts = [
    anyOf(sources),
    anyOf(splits?.map((split) => SPLIT_LABELS[split])),
    anyOf(labels?.map((label) => (label === null ? 'Unlabeled' : expressionAt(label).label))),
    anyOf(qualities?.map((quality) => QUALITY_LABELS[quality])),
    anyOf(reviewed?.map((state) => REVIEW_LABELS[state])),
    round === undefined ? '' : `Round ${round}`,
    pseudoLabels === undefined ? '' : `Said ${anyOf(pseudoLabels.map((label) => expressionAt(label).label))}`,
    rangeWords('Confidence', filter.confidence),
    rangeWords('Margin', filter.margin),
    filter.similarTo === undefined ? '' : `Like face ${filter.similarTo}`,
    duplicates === undefined ? '' : DUPLICATE_LABELS[duplicates],
    sizes === undefined ? '' : `${anyOf(sizes.map((size) => SIZE_LABELS[size]))} pixels`,
    text === undefined ? '' : `“${text}”`,
    excluded === 'only' ? 'Excluded only' : excluded === 'any' ? 'Excluded too' : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'All images' : parts.join(' · ');
}

/** "Confidence 20 to 50 %". */
export function rangeWords(name: string, range: ShareRange | undefined): string {
  if (range === undefined) return '';
  const [from, to] = [range.from, range.to].map((share) => Number((share * 100).toFixed(1)));
  return `${name} ${from} to ${to} %`;
}

const anyOf = (values: readonly string[] | undefined): string => values?.join(' or ') ?? '';
