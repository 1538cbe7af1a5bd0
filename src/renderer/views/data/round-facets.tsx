import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import type { ImageFilter } from '#shared/filter.ts';
import type { Facets } from '#shared/query.ts';
import type { Round } from '#shared/rounds.ts';
import { api } from '../../api/client.ts';
import { ClassMark } from '../../components/class-mark.tsx';
import { Choice } from '../../components/fields.tsx';
import { formatCount } from '../../text/format.ts';
import { expressionAt } from '../../text/words.ts';
import { FacetGroup } from './facet-group.tsx';
import { withSelected } from './facets.ts';
import { toggled } from './search.ts';
import { ShareRangeFacet } from './share-range.tsx';
import './round-facets.css';

interface RoundFacetsProps {
  /** What the filter's round says; null without one. */
  readonly facets: Facets['round'];
  readonly filter: ImageFilter;
  readonly onChange: (filter: ImageFilter) => void;
}

const NO_ROUND = 'none';

/** Which round of pseudo labels is looked at, and within it which classes and how sure; nothing while there are no rounds. */
export function RoundFacets({ facets, filter, onChange }: RoundFacetsProps): ReactElement | null {
  const rounds = useQuery(api.rounds.list.queryOptions({}));
  const list = rounds.data ?? [];
  if (list.length === 0 && filter.round === undefined) return null;
  const chosen = list.find(({ id, name }) => filter.round === String(id) || filter.round === name);
  const options = [
    { value: NO_ROUND, label: 'No round' },
    ...list.map((round) => ({ value: String(round.id), label: round.name, note: noteOf(round) })),
    // A round that is gone is still what the address says.
    ...(filter.round !== undefined && chosen === undefined && rounds.data !== undefined
      ? [{ value: filter.round, label: filter.round }]
      : []),
  ];
  const change = (part: Partial<ImageFilter>): void => onChange({ ...filter, ...part });
  return (
    <>
      <div className="facet-group round-facets">
        <Choice
          label="Round of pseudo labels"
          value={chosen === undefined ? (filter.round ?? NO_ROUND) : String(chosen.id)}
          options={options}
          onChange={(value) => onChange(withRound(filter, value === NO_ROUND ? undefined : value))}
        />
      </div>
      {facets !== null && (
        <>
          <FacetGroup
            title="Pseudo label"
            facets={withSelected(facets.pseudoLabels, filter.pseudoLabels)}
            selected={filter.pseudoLabels}
            nameOf={(label) => expressionAt(label).label}
            markOf={(label) => <ClassMark index={label} />}
            onToggle={(label) => change({ pseudoLabels: toggled(filter.pseudoLabels, label) })}
          />
          <ShareRangeFacet
            title="Confidence"
            counts={facets.confidence}
            range={filter.confidence}
            onChange={(confidence) => change({ confidence })}
          />
          <ShareRangeFacet
            title="Margin"
            counts={facets.margin}
            range={filter.margin}
            onChange={(margin) => change({ margin })}
          />
        </>
      )}
    </>
  );
}

const noteOf = ({ source, count }: Round): string => `${source}, ${formatCount(count)}`;

/** With another round; what was asked of the last one stays, unless there is none any more. */
export function withRound(filter: ImageFilter, round: string | undefined): ImageFilter {
  if (round !== undefined) return { ...filter, round };
  const { round: _, pseudoLabels: _labels, confidence: _confidence, margin: _margin, ...rest } = filter;
  return rest;
}
