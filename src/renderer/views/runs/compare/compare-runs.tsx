import { useQueries } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { type ReactElement, Suspense, lazy, useMemo } from 'react';
import type { RunDetail } from '#shared/training.ts';
import { api } from '../../../api/client.ts';
import { IconButton } from '../../../components/button.tsx';
import { Empty, ErrorNote, Skeleton } from '../../../components/states.tsx';
import { idsOf, textOfIds } from '../search.ts';
import { BestOnValidation } from './best-table.tsx';
import { LabelChanges } from './label-changes.tsx';
import { type ComparedRun, comparedRuns } from './overlay.ts';
import { RunNumber } from './run-mark.tsx';
import { Scores } from './scores.tsx';
import { SettingsTable } from './settings-table.tsx';
import '../runs.css';
import './compare.css';

const route = getRouteApi('/runs/compare');

/** The drawing library is asked for when a chart is to be seen. */
const CompareCharts = lazy(async () => ({ default: (await import('./compare-charts.tsx')).CompareCharts }));

/** Runs side by side: curves, finals, settings, and the images only one of two gets right. */
export function CompareRuns(): ReactElement {
  const ids = idsOf(route.useSearch().runs);
  const { runs, isLoading, failures } = useDetails(ids);
  const compared = useMemo(() => comparedRuns(runs), [runs]);
  return (
    <div className="place">
      <div className="place-head">
        <h1>Compare runs</h1>
        <RunChips ids={ids} runs={compared} />
      </div>
      {failures.map(({ id, error, retry }) => (
        <ErrorNote key={id} error={error} onRetry={retry} />
      ))}
      {ids.length < 2 && <TooFew />}
      {isLoading && <Skeleton height={420} />}
      {!isLoading && compared.length > 0 && (
        <>
          <BestOnValidation runs={compared} />
          <Suspense fallback={<Skeleton height={254} />}>
            <CompareCharts runs={compared} />
          </Suspense>
          <SettingsTable runs={compared} />
          <LabelChanges runs={compared} />
          {compared.length > 1 && <Scores runs={compared} />}
        </>
      )}
    </div>
  );
}

interface Details {
  /** Those that are there, in the order they were asked for. */
  readonly runs: readonly RunDetail[];
  readonly isLoading: boolean;
  readonly failures: readonly { readonly id: string; readonly error: unknown; readonly retry: () => unknown }[];
}

function useDetails(ids: readonly string[]): Details {
  return useQueries({
    queries: ids.map((id) => api.runs.get.queryOptions({ id })),
    combine: (queries) => ({
      runs: queries.flatMap(({ data }) => (data === undefined ? [] : [data])),
      isLoading: queries.some(({ isPending }) => isPending),
      failures: queries.flatMap(({ error, refetch }, index) =>
        error === null ? [] : [{ id: ids[index]!, error, retry: refetch }],
      ),
    }),
  });
}

function TooFew(): ReactElement {
  return (
    <Empty icon="runs" title="Two runs are needed" action={<Link to="/runs">Pick runs in the list</Link>}>
      Runs that are picked in the list stand here beside each other.
    </Empty>
  );
}

/** Which runs these are, each with its number and colour, and a way to leave one out. */
function RunChips({ ids, runs }: { ids: readonly string[]; runs: readonly ComparedRun[] }): ReactElement {
  const navigate = route.useNavigate();
  return (
    <ul className="run-chips">
      {runs.map((of) => (
        <li key={of.run.id} className="run-chip">
          <RunNumber of={of} />
          <Link to="/runs/$run" params={{ run: of.run.id }}>
            {of.label}
          </Link>
          <span className="muted small">seed {of.run.config.seed}</span>
          <IconButton
            icon="close"
            label={`Leave ${of.label} out`}
            onPress={() =>
              void navigate({
                search: (before) => ({ ...before, runs: textOfIds(ids.filter((id) => id !== of.run.id)) }),
              })
            }
          />
        </li>
      ))}
      <li>
        <Link to="/runs" search={{ picked: textOfIds(ids) }} className="button button-quiet">
          Pick others
        </Link>
      </li>
    </ul>
  );
}
