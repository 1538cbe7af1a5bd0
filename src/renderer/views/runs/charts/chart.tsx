import { type ReactElement, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useResolvedTheme } from '../../../preferences.ts';
import { formatCount, formatRate, formatShare } from '../../../text/format.ts';
import { ChartActions } from './chart-actions.tsx';
import { type ChartData, type Curve, nearestStep } from './curves.ts';
import { HEIGHT, alignedOf, optionsOf } from './plot-options.ts';
import './charts.css';

/** A press that moved further than this, CSS pixels, chose a range to zoom to. */
const STILL = 3;

interface ChartProps {
  readonly data: ChartData;
  /** Charts with the same name share one cursor and one zoom. */
  readonly sync: string;
  /** Told the step of the chart's `picks` that is nearest to where it was clicked, or to its cursor when Enter is pressed. */
  readonly onPick?: (step: number) => void;
}

/** Curves over the steps of a run. */
export function Chart({ data: all, sync, onPick }: ChartProps): ReactElement {
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const [cursor, setCursor] = useState<number | null>(null);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const theme = useResolvedTheme();
  const data = useMemo(
    () => (hidden.size === 0 ? all : { ...all, curves: all.curves.filter(({ label }) => !hidden.has(label)) }),
    [all, hidden],
  );
  // The lines, without their values: a plot is made anew only when these change.
  const lines = data.curves.map(({ label, color, raw, band }) => [label, color, raw !== undefined, band !== undefined]);
  const layout = JSON.stringify([theme, data.title, data.hasPoints, lines]);
  const latest = useRef(data);
  useLayoutEffect(() => {
    latest.current = data;
  });

  useEffect(() => {
    const element = holder.current;
    if (element === null) return;
    const made = new uPlot(optionsOf(latest.current, element, sync, setCursor), alignedOf(latest.current), element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [layout, sync]);

  useEffect(() => plot.current?.setData(alignedOf(data)), [data]);

  const picks = onPick === undefined ? [] : (all.picks ?? []);
  const pressedAt = useRef(0);
  const pick = (step: number | undefined): void => {
    const nearest = step === undefined ? null : nearestStep(picks, step);
    if (nearest !== null) onPick?.(nearest);
  };

  const toggle = (label: string): void => {
    const next = new Set(hidden);
    if (!next.delete(label)) next.add(label);
    setHidden(next);
  };
  return (
    <figure className="panel chart">
      <figcaption className="chart-head">
        <h2>
          {data.title} <span className="chart-note">{noteOf(data, cursor)}</span>
        </h2>
        <ChartActions data={data} holder={holder} />
        <Legend data={all} hidden={hidden} index={cursor} onToggle={toggle} />
      </figcaption>
      <div
        ref={holder}
        className={picks.length > 0 ? 'chart-plot chart-pickable' : 'chart-plot'}
        role="img"
        tabIndex={0}
        aria-label={describe(data)}
        onPointerDown={({ clientX }) => (pressedAt.current = clientX)}
        onClick={({ clientX }) => {
          if (plot.current === null || Math.abs(clientX - pressedAt.current) > STILL) return;
          pick(plot.current.posToVal(clientX - plot.current.over.getBoundingClientRect().left, 'x'));
        }}
        onKeyDown={(event) => {
          if (plot.current === null) return;
          if (event.key === 'Enter' && picks.length > 0) pick(data.steps[cursor ?? data.steps.length - 1]);
          else if (!moveCursor(plot.current, event.key)) return;
          event.preventDefault();
        }}
      />
    </figure>
  );
}

/** Arrows step through the values, Home and End go to the ends, Escape shows everything again. @returns whether the key was one of them. */
function moveCursor(plot: uPlot, key: string): boolean {
  const steps = plot.data[0];
  const last = steps.length - 1;
  const at = plot.cursor.idx ?? (key === 'ArrowRight' ? -1 : last + 1);
  const target = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last }[key];
  if (target !== undefined && last >= 0) {
    const step = steps[Math.min(last, Math.max(0, target))]!;
    const position = { left: plot.valToPos(step, 'x'), top: plot.over.clientHeight / 2 };
    // The third parameter, which uPlot's types leave out, tells the other charts.
    (plot.setCursor as (to: typeof position, fire: boolean, publish: boolean) => void)(position, true, true);
    return true;
  }
  if (key !== 'Escape' || last < 0) return false;
  plot.setScale('x', { min: steps[0]!, max: steps[last]! });
  return true;
}

interface LegendProps {
  readonly data: ChartData;
  readonly hidden: ReadonlySet<string>;
  readonly index: number | null;
  readonly onToggle: (label: string) => void;
}

/** The value of each line under the cursor, or its last one; pressing a name hides its line. */
function Legend({ data, hidden, index, onToggle }: LegendProps): ReactElement {
  return (
    <ul className="legend">
      {data.curves.map((curve) => {
        const value = index === null ? lastValue(curve) : (curve.values[index] ?? null);
        const isShown = !hidden.has(curve.label);
        return (
          <li key={curve.label}>
            <AriaButton className="legend-item" aria-pressed={isShown} onPress={() => onToggle(curve.label)}>
              <span className={legendMark(curve)} style={{ borderColor: curve.color }} />
              {curve.label} <strong>{value === null || !isShown ? '–' : valueText(data, value)}</strong>
            </AriaButton>
          </li>
        );
      })}
    </ul>
  );
}

function legendMark({ isDashed = false, isDots = false }: Curve): string {
  if (isDots) return 'legend-dot';
  return isDashed ? 'legend-line legend-dashed' : 'legend-line';
}

/** The step under the cursor, else what there is to know of the chart. */
function noteOf(
  { steps, note, units: [left, right], isShare = false }: ChartData,
  index: number | null,
): string | undefined {
  const step = index === null ? undefined : steps[index];
  if (step !== undefined) return `step ${formatCount(step)}`;
  if (note !== undefined) return note;
  if (right === undefined || right === left) return isShare ? undefined : left;
  return `${left}; right: ${right}`;
}

function lastValue({ values }: Curve): number | null {
  return values.findLast((value) => value !== null) ?? null;
}

function valueText({ isShare = false }: ChartData, value: number): string {
  return isShare ? formatShare(value) : formatRate(value);
}

function describe(data: ChartData): string {
  const lines = data.curves.map((curve) => {
    const value = lastValue(curve);
    return `${curve.label} ${value === null ? 'has no value' : `is at ${valueText(data, value)}`}`;
  });
  return `${data.title}: ${lines.join(', ')}`;
}
