import type uPlot from 'uplot';
import { formatCount, formatRate } from '../../../text/format.ts';
import type { ChartData, Curve } from './curves.ts';

export const HEIGHT = 190;
const AXIS_SIZE = 52;
const DOT_SIZE = 7;
/** Two digits of opacity behind a colour. */
const BAND_OPACITY = '2b';

/** One column of a plot, with how it is drawn. */
interface Column {
  readonly values: readonly (number | null)[];
  readonly series: uPlot.Series;
}

/** The columns of a chart: what was smoothed and the bounds of bands behind the curves themselves. */
function columnsOf(data: ChartData): Column[] {
  const behind = data.curves.flatMap((curve): Column[] => [
    ...(curve.raw === undefined ? [] : [{ values: curve.raw, series: seriesOf(curve, data, 0.25) }]),
    ...(curve.band === undefined
      ? []
      : [curve.band.high, curve.band.low].map((values) => ({ values, series: boundOf(curve) }))),
  ]);
  return [...behind, ...data.curves.map((curve) => ({ values: curve.values, series: seriesOf(curve, data, 1) }))];
}

/** uPlot's columns: the steps, then those of {@link columnsOf}. */
export function alignedOf(data: ChartData): uPlot.AlignedData {
  return [data.steps, ...columnsOf(data).map(({ values }) => values)] as uPlot.AlignedData;
}

/** Areas between the bounds of bands, by the numbers of their columns. */
function bandsOf({ curves }: ChartData): uPlot.Band[] {
  let column = 1;
  return curves.flatMap((curve): uPlot.Band[] => {
    if (curve.raw !== undefined) column++;
    if (curve.band === undefined) return [];
    const high = column;
    column += 2;
    return [{ series: [high, high + 1], fill: `${curve.color}${BAND_OPACITY}` }];
  });
}

export function optionsOf(
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
  const bands = bandsOf(data);
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
    series: [{}, ...columnsOf(data).map(({ series }) => series)],
    ...(bands.length > 0 && { bands }),
    hooks: { setCursor: [(plot) => onCursor(plot.cursor.idx ?? null)] },
  };
}

function seriesOf(curve: Curve, data: ChartData, alpha: number): uPlot.Series {
  const scale = curve.axis ?? 'left';
  if (curve.isDots === true) {
    const points = { show: true, size: DOT_SIZE, fill: curve.color, stroke: curve.color };
    return { scale, stroke: curve.color, alpha, paths: () => null, points };
  }
  return {
    scale,
    stroke: curve.color,
    alpha,
    width: 1.5,
    dash: curve.isDashed === true ? [5, 4] : [],
    spanGaps: true,
    points: { show: data.hasPoints === true || data.steps.length < 2, size: 5, fill: curve.color },
  };
}

/** Drawn as nothing itself: the area between two of them is the band. */
function boundOf({ axis, color }: Curve): uPlot.Series {
  return { scale: axis ?? 'left', stroke: color, width: 0, spanGaps: true, points: { show: false } };
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
