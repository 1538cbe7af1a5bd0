import { type ReactElement, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useResolvedTheme } from '../../../preferences.ts';
import { formatCount, formatRate, formatShare } from '../../../text/format.ts';
import { ChartActions } from './chart-actions.tsx';
import type { ChartData, Curve } from './curves.ts';
import './charts.css';

const HEIGHT = 190;
const AXIS_SIZE = 52;

/** Charts with the same name share one cursor and one zoom. */
export function Chart({ data: all, sync }: { data: ChartData; sync: string }): ReactElement {
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
  const lines = data.curves.map(({ label, color, raw }) => [label, color, raw !== undefined]);
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
        className="chart-plot"
        role="img"
        tabIndex={0}
        aria-label={describe(data)}
        onKeyDown={(event) => {
          if (plot.current !== null && moveCursor(plot.current, event.key)) event.preventDefault();
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
              <span
                className={curve.isDashed === true ? 'legend-line legend-dashed' : 'legend-line'}
                style={{ borderColor: curve.color }}
              />
              {curve.label} <strong>{value === null || !isShown ? '–' : valueText(data, value)}</strong>
            </AriaButton>
          </li>
        );
      })}
    </ul>
  );
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

/** uPlot's columns: the steps, the faint lines, then the lines. */
function alignedOf({ steps, curves }: ChartData): uPlot.AlignedData {
  const faint = curves.flatMap(({ raw }) => (raw === undefined ? [] : [raw]));
  return [steps, ...faint, ...curves.map(({ values }) => values)] as uPlot.AlignedData;
}

function optionsOf(
  data: ChartData,
  element: HTMLElement,
  sync: string,
  onCursor: (index: number | null) => void,
): uPlot.Options {
  const style = getComputedStyle(element);
  const text = style.getPropertyValue('--chart-text');
  const grid = style.getPropertyValue('--chart-grid');
  const hasRight = data.curves.some(({ axis }) => axis === 'right');
  const axis: uPlot.Axis = {
    stroke: text,
    font: `11px ${style.fontFamily}`,
    grid: { stroke: grid, width: 1 },
    ticks: { show: false },
    size: AXIS_SIZE,
  };
  const values = (_plot: uPlot, splits: number[]): string[] =>
    splits.map((value) => (data.isShare === true ? `${formatRate(value * 100)} %` : formatRate(value)));
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    padding: [8, hasRight ? 0 : 12, 0, 0],
    cursor: { sync: { key: sync, scales: ['x', null] }, drag: { x: true, y: false }, points: { size: 6 } },
    scales: {
      x: { time: false },
      left: { range: leftRange(data) },
      right: { range: paddedRange },
    },
    axes: [
      {
        ...axis,
        size: 28,
        values: (_plot, splits) => splits.map((value) => (Number.isInteger(value) ? formatCount(value) : '')),
      },
      { ...axis, scale: 'left', values },
      ...(hasRight
        ? [
            {
              ...axis,
              scale: 'right',
              side: 1 as const,
              grid: { show: false },
              values: (_plot: uPlot, splits: number[]) => splits.map(formatRate),
            },
          ]
        : []),
    ],
    series: [
      {},
      ...data.curves.flatMap((curve) => (curve.raw === undefined ? [] : [seriesOf(curve, data, 0.25)])),
      ...data.curves.map((curve) => seriesOf(curve, data, 1)),
    ],
    hooks: { setCursor: [(plot) => onCursor(plot.cursor.idx ?? null)] },
  };
}

function seriesOf(curve: Curve, data: ChartData, alpha: number): uPlot.Series {
  return {
    scale: curve.axis ?? 'left',
    stroke: curve.color,
    alpha,
    width: 1.5,
    dash: curve.isDashed === true ? [5, 4] : [],
    spanGaps: true,
    points: { show: data.hasPoints === true || data.steps.length < 2, size: 5, fill: curve.color },
  };
}

function leftRange({ isShare = false, fitsValues = false }: ChartData): uPlot.Scale.Range {
  if (!isShare) return paddedRange;
  if (!fitsValues) return [0, 1];
  return (plot, low, high) => {
    const [from, to] = paddedRange(plot, low, high);
    return [Math.max(0, from ?? 0), Math.min(1, to ?? 1)];
  };
}

/** The values' own range with a tenth to spare, and a band around a constant. */
function paddedRange(_plot: uPlot, low: number, high: number): uPlot.Range.MinMax {
  if (low === null || high === null) return [0, 1];
  const room = (high - low || Math.abs(high) || 1) * 0.1;
  return [low >= 0 && low - room < 0 ? 0 : low - room, high + room];
}
