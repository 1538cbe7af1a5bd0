import type { DuplicateKind, ExclusionRequest } from '#shared/analysis.ts';
import { StudioError } from '#shared/errors.ts';
import { EXPRESSIONS } from '#shared/expressions.ts';
import type { ImageFilter, ShareRange } from '#shared/filter.ts';
import type { DuplicateTable } from './duplicates.ts';
import type { ImageQuery } from './image-query.ts';

/** Images to exclude, and in words which they are. */
export interface ExclusionChoice {
  readonly ids: readonly number[];
  readonly rule: string;
}

/**
 * The images a request means. @throws StudioError 'unavailable' when duplicates were not searched for since the last analysis, 'not-found' for
 * an unknown source.
 */
export function chooseExclusion(
  request: Omit<ExclusionRequest, 'reason'>,
  { duplicates, query }: { readonly duplicates: DuplicateTable; readonly query: ImageQuery },
): ExclusionChoice {
  const { leaks, contradictions, kind, keep, filter } = request;
  if (leaks || contradictions) checkSearch(duplicates, kind);
  const parts = [
    ...(leaks ? [{ ids: duplicates.leakingImages(kind, keep), rule: `${kind} leaks, ${keep} kept` }] : []),
    ...(contradictions ? [{ ids: duplicates.contradictingImages(kind), rule: `${kind} contradictions` }] : []),
  ];
  const filterRule = filterWords(filter);
  if (parts.length === 0) return { ids: query.ids(filter), rule: filterRule };
  const ids = parts.flatMap((part) => part.ids);
  const rule = parts.map((part) => part.rule).join(' and ');
  if (filterRule === '') return { ids, rule };
  const wanted = new Set(query.ids(filter));
  return { ids: ids.filter((id) => wanted.has(id)), rule: `${rule}, of ${filterRule}` };
}

function checkSearch(duplicates: DuplicateTable, kind: DuplicateKind): void {
  const summary = duplicates.summary(kind);
  if (summary?.isCurrent === true) return;
  const why = summary === null ? 'was no search for' : 'are analyzed images that are not yet searched for';
  throw new StudioError('unavailable', `There ${why} ${kind} duplicates.`, {
    hint: 'Analyze the images first.',
    commandLine: '`analyze`',
  });
}

/** The parts of a filter that are given, in words. */
export function filterWords({ labels, pseudoLabels, confidence, margin, ...rest }: ImageFilter): string {
  const nameOf = (label: number | null): string => (label === null ? 'none' : EXPRESSIONS[label]!.name);
  const parts = {
    ...rest,
    classes: labels?.map(nameOf),
    'pseudo labels': pseudoLabels?.map(nameOf),
    confidence: confidence && rangeWords(confidence),
    margin: margin && rangeWords(margin),
  };
  return Object.entries(parts)
    .filter(([, value]) => value !== undefined)
    .map(([part, value]) => `${part} ${Array.isArray(value) ? value.join(', ') : value}`)
    .join('; ');
}

const rangeWords = ({ from, to }: ShareRange): string => `${from} to ${to}`;
