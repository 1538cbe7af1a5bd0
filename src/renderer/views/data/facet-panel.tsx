import type { ReactElement, ReactNode } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import {
  type DuplicateFilter,
  type ExcludedChoice,
  type ImageFilter,
  QUALITIES,
  SHORTEST_TEXT,
  SIZE_CLASSES,
} from '#shared/filter.ts';
import { SPLITS } from '#shared/images.ts';
import type { Facets } from '#shared/query.ts';
import { Button } from '../../components/button.tsx';
import { ClassMark } from '../../components/class-mark.tsx';
import { Icon } from '../../components/icon.tsx';
import { SearchInput } from '../../components/search-input.tsx';
import { formatCount, plural } from '../../text/format.ts';
import { QUALITY_LABELS, SIZE_LABELS, SPLIT_LABELS, expressionAt } from '../../text/words.ts';
import { type Facet, withSelected } from './facets.ts';
import { DUPLICATE_LABELS, isFiltered, toggled } from './search.ts';

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
        onChange={(text) => change({ text: [...text.trim()].length < SHORTEST_TEXT ? undefined : text.trim() })}
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

/** Of the bar under the largest count, CSS pixels. */
const SHARE_WIDTH = 64;

interface FacetGroupProps<Value extends string | number | null> {
  readonly title: string;
  readonly facets: readonly Facet<Value>[];
  readonly selected: readonly Value[] | undefined;
  readonly nameOf: (value: Value) => string;
  readonly markOf?: (value: Value) => ReactNode;
  readonly onToggle: (value: Value) => void;
}

function FacetGroup<Value extends string | number | null>(props: FacetGroupProps<Value>): ReactElement | null {
  const { title, facets, selected, nameOf, markOf, onToggle } = props;
  if (facets.length === 0) return null;
  const largest = Math.max(1, ...facets.map(({ count }) => count));
  return (
    <div role="group" aria-label={title} className="facet-group">
      <h3>{title}</h3>
      {facets.map(({ value, count }) => {
        const isSelected = selected?.includes(value) ?? false;
        return (
          <AriaButton
            key={value}
            className={isSelected ? 'facet facet-selected' : 'facet'}
            aria-pressed={isSelected}
            aria-label={`${nameOf(value)}, ${plural(count, 'image')}`}
            onPress={() => onToggle(value)}
          >
            <span className="facet-box">{isSelected && <Icon name="check" size={12} />}</span>
            <span className="truncate">{markOf?.(value) ?? nameOf(value)}</span>
            <span className="facet-count">{formatCount(count)}</span>
            <span className="facet-share" style={{ width: Math.round((count / largest) * SHARE_WIDTH) }} />
          </AriaButton>
        );
      })}
    </div>
  );
}
