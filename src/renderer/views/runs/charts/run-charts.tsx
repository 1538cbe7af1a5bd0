import { Link } from '@tanstack/react-router';
import { type ReactElement, useMemo, useState } from 'react';
import { type Evaluation, NETWORKS, type NetworkName, type RunDetail } from '#shared/training.ts';
import { Empty, Loaded, Skeleton } from '../../../components/states.tsx';
import { NETWORK_LABELS } from '../../../text/words.ts';
import { useRunSteps } from '../run-steps.ts';
import { Segments } from '../segments.tsx';
import { Chart } from './chart.tsx';
import { SmoothingChoice } from './smoothing-choice.tsx';
import { type ChartData, type Smoothing, type Span, accuracyChart, recallChart, stepCharts } from './curves.ts';

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
  const [smoothing, setSmoothing] = useState<Smoothing>('light');
  const validation = useMemo(() => run.evaluations.filter(({ split }) => split === 'validation'), [run.evaluations]);
  const networks = NETWORKS.filter((name) => validation.some(({ network }) => network === name));
  const [asked, setAsked] = useState<NetworkName | null>(null);
  const recalled = asked ?? (networks.includes('adaptation') ? 'adaptation' : (networks[0] ?? 'base'));
  return (
    <div className="stack">
      <div className="charts-bar">
        <span className="muted small">Drag to zoom, double-click for all; arrow keys step.</span>
        {metrics.some(({ feedback }) => feedback !== null) && (
          <Link to="/labels/feedback" search={{ run: run.id }} className="small">
            The batches behind the feedback
          </Link>
        )}
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
      <ChartGrid sync={run.id} {...{ validation, recalled, metrics, smoothing }} />
    </div>
  );
}

interface ChartGridProps {
  readonly sync: string;
  /** Evaluations on validation. */
  readonly validation: readonly Evaluation[];
  /** The network whose recall is shown. */
  readonly recalled: NetworkName;
  readonly metrics: ChartsProps['metrics'];
  readonly smoothing: Smoothing;
}

function ChartGrid({ sync, validation, recalled, metrics, smoothing }: ChartGridProps): ReactElement {
  const charts = useMemo(() => {
    const span: Span = [metrics[0]?.step ?? 0, metrics.at(-1)?.step ?? 0];
    const scores = [
      accuracyChart(validation, span),
      accuracyChart(validation, span, 'meanClassAccuracy'),
      recallChart(validation, recalled, span),
    ].filter(({ curves }) => curves.length > 0);
    const [losses, ...rest] = stepCharts(metrics, smoothing);
    return [losses, ...scores, ...rest].filter((chart): chart is ChartData => chart !== undefined);
  }, [validation, recalled, metrics, smoothing]);
  return (
    <div className="charts">
      {charts.map((chart) => (
        <Chart key={chart.key ?? chart.title} data={chart} sync={sync} />
      ))}
    </div>
  );
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
