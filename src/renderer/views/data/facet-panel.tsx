import type { ReactElement, ReactNode } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import { Button } from '../../components/button.tsx';
import { ClassMark } from '../../components/class-mark.tsx';
import { formatCount } from '../../text/format.ts';
import { SPLIT_LABELS, expressionAt } from '../../text/words.ts';
import type { FaceFilter, Facet, Facets } from './facets.ts';

interface FacetPanelProps {
  readonly facets: Facets;
  readonly filter: FaceFilter;
  readonly onChange: (filter: FaceFilter) => void;
}

/** What can be filtered by; pressing a value filters by it, pressing it again no longer does. */
export function FacetPanel({ facets, filter, onChange }: FacetPanelProps): ReactElement {
  const isFiltered = filter.source !== undefined || filter.split !== undefined || filter.label !== undefined;
  return (
    <aside className="facets" aria-label="Filters">
      <FacetGroup
        title="Source"
        facets={facets.sources}
        selected={filter.source}
        nameOf={(source) => source}
        onChange={(source) => onChange({ ...filter, source })}
      />
      <FacetGroup
        title="Split"
        facets={facets.splits}
        selected={filter.split}
        nameOf={(split) => SPLIT_LABELS[split]}
        onChange={(split) => onChange({ ...filter, split })}
      />
      <FacetGroup
        title="Class"
        facets={facets.classes}
        selected={filter.label}
        nameOf={(index) => expressionAt(index).label}
        markOf={(index) => <ClassMark index={index} />}
        onChange={(label) => onChange({ ...filter, label })}
      />
      {isFiltered && (
        <Button kind="quiet" icon="close" onPress={() => onChange({})}>
          Clear filters
        </Button>
      )}
    </aside>
  );
}

interface FacetGroupProps<Value extends string | number> {
  readonly title: string;
  readonly facets: readonly Facet<Value>[];
  readonly selected: Value | undefined;
  readonly nameOf: (value: Value) => string;
  readonly markOf?: (value: Value) => ReactNode;
  readonly onChange: (value: Value | undefined) => void;
}

function FacetGroup<Value extends string | number>(props: FacetGroupProps<Value>): ReactElement {
  const { title, facets, selected, nameOf, markOf, onChange } = props;
  return (
    <div role="group" aria-label={title} className="facet-group">
      <h3>{title}</h3>
      {facets.map(({ value, count }) => (
        <AriaButton
          key={value}
          className={value === selected ? 'facet facet-selected' : 'facet'}
          aria-pressed={value === selected}
          aria-label={`${nameOf(value)}, ${formatCount(count)} images`}
          onPress={() => onChange(value === selected ? undefined : value)}
        >
          <span className="truncate">{markOf?.(value) ?? nameOf(value)}</span>
          <span className="facet-count">{formatCount(count)}</span>
        </AriaButton>
      ))}
    </div>
  );
}
