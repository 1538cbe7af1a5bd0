import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import type { CatalogStats } from '#shared/catalog.ts';
import type { ImageFilter } from '#shared/filter.ts';
import { api } from '../../api/client.ts';
import { type MirroredSide, MirroredBars } from '../../components/mirrored-bars.tsx';
import { ErrorNote, Skeleton } from '../../components/states.tsx';
import { withRound } from './round-facets.tsx';
import { only, toggled } from './search.ts';

interface ClassesApartProps {
  readonly stats: CatalogStats;
  readonly filter: ImageFilter;
  readonly onChange: (filter: ImageFilter) => void;
}

/** Classes of the labeled training faces beside those that a round gave the unlabeled ones: the filter's round, or the newest. */
export function ClassesApart({ stats, filter, onChange }: ClassesApartProps): ReactElement {
  const { round } = filter;
  const ofRound = useQuery(
    api.catalog.stats.queryOptions(
      { ...(round !== undefined && { round }) },
      { enabled: round !== undefined, placeholderData: keepPreviousData },
    ),
  );
  const mismatch = round === undefined ? stats.mismatch : (ofRound.data?.mismatch ?? null);
  return (
    <section className="panel" data-chart="mismatch">
      <h2>
        Labeled and unlabeled
        {mismatch !== null && (
          <span className="muted panel-note" title={`${mismatch.round.name}, over ${mismatch.round.source}`}>
            {mismatch.round.name}
          </span>
        )}
      </h2>
      {mismatch !== null ? (
        <MirroredBars
          mismatch={mismatch}
          isSelected={(side, label) => isSelected(filter, mismatch.round, side, label)}
          onSelect={(side, label, add) => onChange(chosen(filter, mismatch.round.id, side, label, add))}
        />
      ) : round !== undefined && ofRound.error !== null ? (
        <ErrorNote error={ofRound.error} onRetry={() => void ofRound.refetch()} />
      ) : round !== undefined && ofRound.isPending ? (
        <Skeleton height={168} />
      ) : (
        <p className="muted small">
          No network has labeled the unlabeled faces yet. <Link to="/labels">Make a round of pseudo labels</Link>, by a
          run’s network or from a file of any program, to see how their classes differ from the labeled ones.
        </p>
      )}
    </section>
  );
}

function isSelected(
  { round, labels, pseudoLabels }: ImageFilter,
  { id, name }: { readonly id: number; readonly name: string },
  side: MirroredSide,
  label: number,
): boolean {
  if (side === 'labeled') return round === undefined && labels?.includes(label) === true;
  return (round === String(id) || round === name) && pseudoLabels?.includes(label) === true;
}

/** The filter that shows the faces behind a bar: those of a class alone, or with `add` those of one more. */
function chosen(filter: ImageFilter, id: number, side: MirroredSide, label: number, add: boolean): ImageFilter {
  const { splits: _splits, labels, pseudoLabels, ...rest } = filter;
  if (side === 'labeled') {
    const { splits: __, labels: ___, ...plain } = withRound(filter, undefined);
    const next = add ? toggled(labels, label) : only(labels, label);
    return { ...plain, ...(next !== undefined && { splits: ['train'], labels: next }) };
  }
  const next = add ? toggled(pseudoLabels, label) : only(pseudoLabels, label);
  return { ...rest, round: String(id), ...(next !== undefined && { pseudoLabels: next }) };
}
