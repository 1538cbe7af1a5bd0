import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Fragment, type ReactElement, useMemo, useState } from 'react';
import type { FeedbackExtreme } from '#shared/rounds.ts';
import { type Evaluation, type MemorySample, NETWORKS, type NetworkName, type RunDetail } from '#shared/training.ts';
import { api } from '../../../api/client.ts';
import { Empty, ErrorNote, Loaded, Skeleton } from '../../../components/states.tsx';
import { NETWORK_LABELS } from '../../../text/words.ts';
import { useRunSteps } from '../run-steps.ts';
import { Segments } from '../segments.tsx';
import { BatchPanel } from './batch-panel.tsx';
import { Chart } from './chart.tsx';
import { SmoothingChoice } from './smoothing-choice.tsx';
import {
  type ChartData,
  type Smoothing,
  type Span,
  accuracyChart,
  memoryChart,
  recallChart,
  stepCharts,
  withKeptBatches,
} from './curves.ts';

const route = getRouteApi('/runs/$run');

/** All curves of a run, one cursor through all; dragging zooms, a double click shows everything again. */
export function RunCharts({ run }: { run: RunDetail }): ReactElement {
  const steps = useRunSteps(run);
  return (
    <Loaded query={steps} skeleton={<ChartsSkeleton />}>
      {(metrics) =>
        metrics.length === 0 && run.evaluations.length === 0 ? (
          <Empty icon="runs" title="No step yet">
            The first values appear here as soon as the first step is done.
          </Empty>
        ) : (
          <Charts run={run} metrics={metrics} />
        )
      }
    </Loaded>
  );
}

interface ChartsProps {
  readonly run: RunDetail;
  readonly metrics: Parameters<typeof stepCharts>[0];
}

function Charts({ run, metrics }: ChartsProps): ReactElement {
  const { batch } = route.useSearch();
  const navigate = route.useNavigate();
  const [smoothing, setSmoothing] = useState<Smoothing>('light');
  const memory = useQuery(api.runs.memory.queryOptions({ id: run.id }));
  const hasFeedback = metrics.some(({ feedback }) => feedback !== null);
  const kept = useQuery({ ...api.rounds.feedbackExtremes.queryOptions({ run: run.id }), enabled: hasFeedback });
  const validation = useMemo(() => run.evaluations.filter(({ split }) => split === 'validation'), [run.evaluations]);
  const networks = NETWORKS.filter((name) => validation.some(({ network }) => network === name));
  const [asked, setAsked] = useState<NetworkName | null>(null);
  const recalled = asked ?? (networks.includes('adaptation') ? 'adaptation' : (networks[0] ?? 'base'));
  const show = (step: number | undefined): void =>
    void navigate({ search: (before) => ({ ...before, batch: step }), replace: true, resetScroll: false });
  return (
    <div className="stack">
      <div className="charts-bar">
        <span className="muted small">
          Drag to zoom, double-click for all; arrow keys step.
          {(kept.data ?? []).length > 0 && ' Click the feedback, or press Enter, for a batch.'}
        </span>
        <span className="spacer" />
        {networks.length > 1 && (
          <Segments
            label="Recall of"
            shown={recalled}
            options={networks.map((value) => ({ value, label: NETWORK_LABELS[value] }))}
            onShow={setAsked}
          />
        )}
        <SmoothingChoice value={smoothing} onChange={setSmoothing} />
      </div>
      {[memory, kept].map(
        ({ error, refetch }, index) =>
          error !== null && <ErrorNote key={index} error={error} onRetry={() => void refetch()} />,
      )}
      <ChartGrid
        sync={run.id}
        {...{ validation, recalled, metrics, smoothing }}
        memory={memory.data ?? null}
        kept={kept.data ?? NONE_KEPT}
        batch={batch}
        onPick={show}
      />
    </div>
  );
}

const NONE_KEPT: readonly FeedbackExtreme[] = [];

interface ChartGridProps {
  /** The run's id. */
  readonly sync: string;
  /** Evaluations on validation. */
  readonly validation: readonly Evaluation[];
  /** The network whose recall is shown. */
  readonly recalled: NetworkName;
  readonly metrics: ChartsProps['metrics'];
  readonly smoothing: Smoothing;
  /** Null until it is known. */
  readonly memory: readonly MemorySample[] | null;
  /** Steps whose batches can be looked at. */
  readonly kept: readonly FeedbackExtreme[];
  /** The step whose batch is looked at. */
  readonly batch: number | undefined;
  readonly onPick: (step: number | undefined) => void;
}

function ChartGrid(props: ChartGridProps): ReactElement {
  const { sync, validation, recalled, metrics, smoothing, memory, kept, batch, onPick } = props;
  const charts = useMemo(() => {
    const span: Span = [metrics[0]?.step ?? 0, metrics.at(-1)?.step ?? 0];
    const scores = [
      accuracyChart(validation, span),
      accuracyChart(validation, span, 'meanClassAccuracy'),
      recallChart(validation, recalled, span),
    ].filter(({ curves }) => curves.length > 0);
    const [losses, ...rest] = stepCharts(metrics, smoothing);
    return [losses, ...scores, ...rest.flatMap((chart) => besideMemory(chart, memory, span))]
      .filter((chart): chart is ChartData => chart !== undefined)
      .map((chart) => withKeptBatches(chart, kept));
  }, [validation, recalled, metrics, smoothing, memory, kept]);
  return (
    <div className="charts">
      {charts.map((chart) => (
        <Fragment key={chart.key ?? chart.title}>
          <Chart data={chart} sync={sync} onPick={onPick} />
          {batch !== undefined && chart.picks !== undefined && (
            <BatchPanel run={sync} step={batch} kept={chart.picks} onShow={onPick} />
          )}
        </Fragment>
      ))}
    </div>
  );
}

/** The memory follows the throughput; where nothing of it is known, that chart says so. */
function besideMemory(chart: ChartData, memory: readonly MemorySample[] | null, span: Span): ChartData[] {
  if (chart.title !== 'Throughput' || memory === null) return [chart];
  const beside = memoryChart(memory, span);
  return beside === null ? [{ ...chart, note: 'images/s; right: ms a step; memory unknown' }] : [chart, beside];
}

function ChartsSkeleton(): ReactElement {
  return (
    <div className="charts">
      {[0, 1, 2, 3].map((index) => (
        <Skeleton key={index} height={254} />
      ))}
    </div>
  );
}
