import { useQueries } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { type ReactElement, useMemo, useState } from 'react';
import { EXPRESSIONS } from '#shared/expressions.ts';
import { NETWORKS, type NetworkName, type StepMetrics } from '#shared/training.ts';
import { api } from '../../../api/client.ts';
import { CompactChoice } from '../../../components/fields.tsx';
import { ErrorNote } from '../../../components/states.tsx';
import { NETWORK_LABELS } from '../../../text/words.ts';
import { Chart } from '../charts/chart.tsx';
import type { Smoothing } from '../charts/curves.ts';
import { SmoothingChoice } from '../charts/smoothing-choice.tsx';
import type { Spread } from '../search.ts';
import { Segments } from '../segments.tsx';
import { type ComparedRun, metricOverlays, recallOverlay, scoreOverlay } from './overlay.ts';
import { seedFamilies } from './seed-means.ts';

const route = getRouteApi('/runs/compare');

/** Points of each run in a chart: with several lines more would only blur. */
const POINTS = 1_000;

const SEED_OPTIONS = [
  { value: 'each', label: 'Each run' },
  { value: 'range', label: 'Mean, range' },
  { value: 'deviation', label: 'Mean ± SD' },
] as const;

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
  const hasSeeds = useMemo(() => seedFamilies(runs).some((family) => family.length > 1), [runs]);
  const classCount = Math.max(...runs.map(({ run }) => run.config.classCount));
  const change = (part: Partial<typeof search>): void =>
    void navigate({ search: (before) => ({ ...before, ...part }), replace: true, resetScroll: false });
  return (
    <div className="stack">
      <div className="charts-bar">
        {networks.length > 1 && (
          <Segments
            label="Accuracy of"
            shown={network}
            options={networks.map((value) => ({ value, label: NETWORK_LABELS[value] }))}
            onShow={(value) => change({ network: value })}
          />
        )}
        {networks.length > 0 && (
          <div className="row">
            <span className="muted small" aria-hidden="true">
              Recall of
            </span>
            <CompactChoice
              label="Recall of"
              value={String(search.recall ?? 0)}
              options={EXPRESSIONS.slice(0, classCount).map(({ label }, index) => ({ value: String(index), label }))}
              onChange={(value) => change({ recall: value === '0' ? undefined : Number(value) })}
            />
          </div>
        )}
        <span className="spacer" />
        {hasSeeds && (
          <Segments
            label="Seeds"
            shown={search.seeds ?? 'each'}
            options={SEED_OPTIONS}
            onShow={(value) => change({ seeds: value === 'each' ? undefined : value })}
          />
        )}
        <SmoothingChoice value={smoothing} onChange={setSmoothing} />
      </div>
      {steps.error !== null && <ErrorNote error={steps.error} onRetry={steps.retry} />}
      <ChartGrid
        {...{ runs, network, smoothing }}
        recalled={Math.min(search.recall ?? 0, classCount - 1)}
        steps={steps.data}
        spread={hasSeeds ? (search.seeds ?? null) : null}
      />
    </div>
  );
}

interface ChartGridProps {
  readonly runs: readonly ComparedRun[];
  readonly network: NetworkName;
  /** The class whose recall is drawn. */
  readonly recalled: number;
  /** Of each run, in their order. */
  readonly steps: readonly (readonly StepMetrics[])[];
  readonly smoothing: Smoothing;
  /** Runs that only their seeds tell apart are one line; null draws each. */
  readonly spread: Spread | null;
}

function ChartGrid({ runs, network, recalled, steps, smoothing, spread }: ChartGridProps): ReactElement {
  const scores = useMemo(
    () =>
      [
        scoreOverlay(runs, network, 'accuracy', spread),
        scoreOverlay(runs, network, 'meanClassAccuracy', spread),
        recallOverlay(runs, network, recalled, spread),
      ].filter(({ curves }) => curves.length > 0),
    [runs, network, recalled, spread],
  );
  const metrics = useMemo(() => metricOverlays(runs, steps, smoothing, spread), [runs, steps, smoothing, spread]);
  return (
    <div className="charts">
      {[...scores, ...metrics].map((chart) => (
        <Chart key={chart.key ?? chart.title} data={chart} sync="compare" />
      ))}
    </div>
  );
}
