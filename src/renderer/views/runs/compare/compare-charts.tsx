import { useQueries } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { type ReactElement, useMemo, useState } from 'react';
import { NETWORKS, type NetworkName, type StepMetrics } from '#shared/training.ts';
import { api } from '../../../api/client.ts';
import { ErrorNote } from '../../../components/states.tsx';
import { NETWORK_LABELS } from '../../../text/words.ts';
import { Chart } from '../charts/chart.tsx';
import type { Smoothing } from '../charts/curves.ts';
import { SmoothingChoice } from '../charts/smoothing-choice.tsx';
import { Segments } from '../segments.tsx';
import { type ComparedRun, metricOverlays, scoreOverlay } from './overlay.ts';

const route = getRouteApi('/runs/compare');

/** Points of each run in a chart: with several lines more would only blur. */
const POINTS = 1_000;

/** The curves of several runs over each other, one cursor through all. */
export function CompareCharts({ runs }: { runs: readonly ComparedRun[] }): ReactElement {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [smoothing, setSmoothing] = useState<Smoothing>('strong');
  const steps = useQueries({
    queries: runs.map(({ run }) => api.runs.steps.queryOptions({ id: run.id, maximumPoints: POINTS })),
    combine: (queries) => ({
      data: queries.map(({ data }) => data ?? []),
      error: queries.find(({ error }) => error !== null)?.error ?? null,
      retry: () => queries.forEach((query) => void query.refetch()),
    }),
  });
  const networks = NETWORKS.filter((name) =>
    runs.some(({ run }) => run.evaluations.some(({ network }) => network === name)),
  );
  const network = search.network ?? (networks.includes('adaptation') ? 'adaptation' : (networks[0] ?? 'adaptation'));
  return (
    <div className="stack">
      <div className="charts-bar">
        {networks.length > 1 && (
          <Segments
            label="Accuracy of"
            shown={network}
            options={networks.map((value) => ({ value, label: NETWORK_LABELS[value] }))}
            onShow={(value) => void navigate({ search: (before) => ({ ...before, network: value }), replace: true })}
          />
        )}
        <span className="spacer" />
        <SmoothingChoice value={smoothing} onChange={setSmoothing} />
      </div>
      {steps.error !== null && <ErrorNote error={steps.error} onRetry={steps.retry} />}
      <ChartGrid {...{ runs, network, smoothing }} steps={steps.data} />
    </div>
  );
}

interface ChartGridProps {
  readonly runs: readonly ComparedRun[];
  readonly network: NetworkName;
  /** Of each run, in their order. */
  readonly steps: readonly (readonly StepMetrics[])[];
  readonly smoothing: Smoothing;
}

function ChartGrid({ runs, network, steps, smoothing }: ChartGridProps): ReactElement {
  const scores = useMemo(
    () =>
      (['accuracy', 'meanClassAccuracy'] as const)
        .map((score) => scoreOverlay(runs, network, score))
        .filter(({ curves }) => curves.length > 0),
    [runs, network],
  );
  const metrics = useMemo(() => metricOverlays(runs, steps, smoothing), [runs, steps, smoothing]);
  return (
    <div className="charts">
      {[...scores, ...metrics].map((chart) => (
        <Chart key={chart.title} data={chart} sync="compare" />
      ))}
    </div>
  );
}
