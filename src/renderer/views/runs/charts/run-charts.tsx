import { type ReactElement, useMemo, useState } from 'react';
import { ToggleButton, ToggleButtonGroup } from 'react-aria-components';
import type { RunDetail } from '#shared/training.ts';
import { Empty, Loaded, Skeleton } from '../../../components/states.tsx';
import { useRunSteps } from '../run-steps.ts';
import { Chart } from './chart.tsx';
import {
  type ChartData,
  SMOOTHINGS,
  type Smoothing,
  type Span,
  accuracyChart,
  recallChart,
  stepCharts,
} from './curves.ts';

const SMOOTHING_LABELS: Readonly<Record<Smoothing, string>> = { none: 'None', light: 'Light', strong: 'Strong' };

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
  const charts = useMemo(() => {
    const validation = run.evaluations.filter(({ split }) => split === 'validation');
    const span: Span = [metrics[0]?.step ?? 0, metrics.at(-1)?.step ?? 0];
    const hasAdaptation = validation.some(({ network }) => network === 'adaptation');
    const scores = [
      accuracyChart(validation, span),
      recallChart(validation, hasAdaptation ? 'adaptation' : 'base', span),
    ].filter(({ curves }) => curves.length > 0);
    const [losses, ...rest] = stepCharts(metrics, smoothing);
    return [losses, ...scores, ...rest].filter((chart): chart is ChartData => chart !== undefined);
  }, [run.evaluations, metrics, smoothing]);
  return (
    <div className="stack">
      <div className="charts-bar">
        <span className="muted small">Drag to zoom, double-click to see everything.</span>
        <span className="spacer" />
        <span className="muted small" id="smoothing">
          Smoothing
        </span>
        <ToggleButtonGroup
          className="segments"
          aria-labelledby="smoothing"
          selectionMode="single"
          disallowEmptySelection
          selectedKeys={[smoothing]}
          onSelectionChange={([key]) => setSmoothing(key as Smoothing)}
        >
          {(Object.keys(SMOOTHINGS) as Smoothing[]).map((name) => (
            <ToggleButton key={name} id={name} className="segment">
              {SMOOTHING_LABELS[name]}
            </ToggleButton>
          ))}
        </ToggleButtonGroup>
      </div>
      <div className="charts">
        {charts.map((chart) => (
          <Chart key={chart.title} data={chart} sync={run.id} />
        ))}
      </div>
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
