import type { ReactElement, ReactNode } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import { Icon } from '../../components/icon.tsx';
import { formatCount, plural } from '../../text/format.ts';
import type { Facet } from './facets.ts';
import './facet-group.css';

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

/** Values of one part of the filter, each with its count, and pressed where it is filtered by; nothing where there are none. */
export function FacetGroup<Value extends string | number | null>(props: FacetGroupProps<Value>): ReactElement | null {
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
