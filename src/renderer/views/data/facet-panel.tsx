import type { ReactElement } from 'react';
import {
  type DuplicateFilter,
  type ExcludedChoice,
  type ImageFilter,
  QUALITIES,
  REVIEW_STATES,
  type ReviewState,
  SHORTEST_TEXT,
  SIZE_CLASSES,
} from '#shared/filter.ts';
import { SPLITS } from '#shared/images.ts';
import type { Facets } from '#shared/query.ts';
import { Button } from '../../components/button.tsx';
import { ClassMark } from '../../components/class-mark.tsx';
import { SearchInput } from '../../components/search-input.tsx';
import { QUALITY_LABELS, REVIEW_LABELS, SIZE_LABELS, SPLIT_LABELS, expressionAt } from '../../text/words.ts';
import { FacetGroup } from './facet-group.tsx';
import { type Facet, withSelected } from './facets.ts';
import { RoundFacets } from './round-facets.tsx';
import { DUPLICATE_LABELS, isFiltered, toggled } from './search.ts';
import './facet-panel.css';

interface FacetPanelProps {
  readonly facets: Facets;
  /** Images of each kind of duplicates under the rest of the filter; none when there was no search. */
  readonly duplicates: readonly Facet<DuplicateFilter>[];
  readonly filter: ImageFilter;
  readonly onChange: (filter: ImageFilter) => void;
}

/** What can be filtered by, with how many images each value has under the other parts of the filter. Several values of a part are one or the other. */
export function FacetPanel({ facets, duplicates, filter, onChange }: FacetPanelProps): ReactElement {
  const change = (part: Partial<ImageFilter>): void => onChange({ ...filter, ...part });
  return (
    <aside className="facets" aria-label="Filters" tabIndex={-1}>
      <h2 className="visually-hidden">Filters</h2>
      <SearchInput
        label="Text in the path or the person"
        placeholder="Path or person"
        value={filter.text ?? ''}
        shortest={SHORTEST_TEXT}
        onChange={(text) => change({ text: text === '' ? undefined : text })}
      />
      {isFiltered(filter) && (
        <Button kind="quiet" icon="close" onPress={() => onChange({})}>
          Clear filters
        </Button>
      )}
      <FacetGroup
        title="Source"
        facets={withSelected(facets.sources, filter.sources)}
        selected={filter.sources}
        nameOf={(source) => source}
        onToggle={(source) => change({ sources: toggled(filter.sources, source) })}
      />
      <FacetGroup
        title="Split"
        facets={withSelected(facets.splits, filter.splits, SPLITS)}
        selected={filter.splits}
        nameOf={(split) => SPLIT_LABELS[split]}
        onToggle={(split) => change({ splits: toggled(filter.splits, split) })}
      />
      <FacetGroup
        title="Class"
        facets={withSelected(facets.labels, filter.labels)}
        selected={filter.labels}
        nameOf={(label) => (label === null ? 'Unlabeled' : expressionAt(label).label)}
        markOf={(label) => (label === null ? 'Unlabeled' : <ClassMark index={label} />)}
        onToggle={(label) => change({ labels: toggled(filter.labels, label) })}
      />
      <FacetGroup
        title="Reviewed"
        facets={reviewedFacets(facets, filter)}
        selected={filter.reviewed}
        nameOf={(state) => REVIEW_LABELS[state]}
        onToggle={(state) => change({ reviewed: toggled(filter.reviewed, state) })}
      />
      <RoundFacets facets={facets.round} filter={filter} onChange={onChange} />
      <FacetGroup
        title="Quality"
        facets={withSelected(facets.qualities, filter.qualities, QUALITIES)}
        selected={filter.qualities}
        nameOf={(quality) => QUALITY_LABELS[quality]}
        onToggle={(quality) => change({ qualities: toggled(filter.qualities, quality) })}
      />
      {duplicates.length > 0 && (
        <FacetGroup
          title="Duplicates"
          facets={duplicates}
          selected={filter.duplicates === undefined ? undefined : [filter.duplicates]}
          nameOf={(kind) => DUPLICATE_LABELS[kind]}
          onToggle={(kind) => change({ duplicates: filter.duplicates === kind ? undefined : kind })}
        />
      )}
      <FacetGroup
        title="Shorter side, pixels"
        facets={withSelected(facets.sizes, filter.sizes, SIZE_CLASSES)}
        selected={filter.sizes}
        nameOf={(size) => SIZE_LABELS[size]}
        onToggle={(size) => change({ sizes: toggled(filter.sizes, size) })}
      />
      <FacetGroup
        title="Excluded"
        facets={excludedFacets(facets)}
        selected={filter.excluded === undefined || filter.excluded === 'no' ? undefined : [filter.excluded]}
        nameOf={(choice) => (choice === 'only' ? 'Excluded only' : 'Excluded too')}
        onToggle={(choice) => change({ excluded: filter.excluded === choice ? undefined : choice })}
      />
    </aside>
  );
}

/** Nothing to choose while nothing was decided. */
function reviewedFacets({ reviewed }: Facets, filter: ImageFilter): readonly Facet<ReviewState>[] {
  const isNothing = filter.reviewed === undefined && reviewed.every(({ value }) => value === 'undecided');
  return isNothing ? [] : withSelected(reviewed, filter.reviewed, REVIEW_STATES);
}

/** Nothing to choose while nothing is excluded. */
function excludedFacets({ excluded }: Facets): Facet<Exclude<ExcludedChoice, 'no'>>[] {
  const count = excluded.find(({ value }) => value)?.count ?? 0;
  const all = excluded.reduce((sum, one) => sum + one.count, 0);
  if (count === 0) return [];
  return [
    { value: 'only', count },
    { value: 'any', count: all },
  ];
}
