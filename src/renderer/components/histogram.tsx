import { type PointerEvent, type ReactElement, useState } from 'react';
import { mostly } from './histogram-words.ts';
import './histogram.css';

export interface HistogramSeries {
  readonly name: string;
  /** Share of each bin, 0 … 1. */
  readonly shares: readonly number[];
}

interface HistogramProps {
  /** What is measured, for those who cannot see the bars. */
  readonly label: string;
  /** Bounds of the bins, one more than there are bins. */
  readonly bounds: readonly number[];
  /** One, or two to compare: the first filled, the second as a line. */
  readonly series: readonly HistogramSeries[];
  /** The stretch that is chosen: bars outside it recede. */
  readonly chosen?: readonly [from: number, to: number] | undefined;
  /** Called with a stretch of values that was brushed over; without it there is nothing to brush. */
  readonly onBrush?: (from: number, to: number) => void;
}

const WIDTH = 200;
const HEIGHT = 44;

/** How values are spread. Where its values can be filtered by, a stretch of it is chosen by drawing over it. */
export function Histogram({ label, bounds, series, chosen, onBrush }: HistogramProps): ReactElement {
  const [brush, setBrush] = useState<readonly [from: number, to: number] | null>(null);
  const bins = bounds.length - 1;
  const width = WIDTH / bins;
  const largest = Math.max(Number.EPSILON, ...series.flatMap(({ shares }) => shares));
  const heightOf = (share: number): number => (share / largest) * HEIGHT;
  const [filled, line] = series;

  const binAt = (event: PointerEvent<SVGSVGElement>): number => {
    const box = event.currentTarget.getBoundingClientRect();
    return Math.min(bins - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * bins)));
  };
  const handlers =
    onBrush === undefined
      ? {}
      : {
          onPointerDown: (event: PointerEvent<SVGSVGElement>) => {
            event.currentTarget.setPointerCapture(event.pointerId);
            const bin = binAt(event);
            setBrush([bin, bin]);
          },
          onPointerMove: (event: PointerEvent<SVGSVGElement>) => {
            if (brush !== null) setBrush([brush[0], binAt(event)]);
          },
          onPointerCancel: () => setBrush(null),
          onPointerUp: () => {
            if (brush === null) return;
            const [first, last] = brush[0] < brush[1] ? brush : [brush[1], brush[0]];
            setBrush(null);
            onBrush(bounds[first]!, bounds[last + 1]!);
          },
        };
  return (
    <svg
      className={onBrush === undefined ? 'histogram' : 'histogram histogram-brushed'}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`${label}: ${series.map((one) => `${one.name} mostly ${mostly(bounds, one.shares)}`).join(', ')}`}
      {...handlers}
    >
      {filled?.shares.map((share, bin) => (
        <rect
          key={bin}
          className={isIn(chosen, bounds[bin]!, bounds[bin + 1]!) ? 'histogram-bar' : 'histogram-bar histogram-bar-out'}
          x={bin * width + 0.5}
          y={HEIGHT - heightOf(share)}
          width={Math.max(0.5, width - 1)}
          height={heightOf(share)}
        />
      ))}
      {line !== undefined && <path className="histogram-line" d={stepsOf(line.shares, width, heightOf)} />}
      {brush !== null && (
        <rect
          className="histogram-brush"
          x={Math.min(...brush) * width}
          y={0}
          width={(Math.abs(brush[1] - brush[0]) + 1) * width}
          height={HEIGHT}
        />
      )}
    </svg>
  );
}

/** Whether a bin and a stretch overlap. */
function isIn(chosen: readonly [number, number] | undefined, from: number, to: number): boolean {
  return chosen === undefined || (from < chosen[1] && chosen[0] < to);
}

function stepsOf(shares: readonly number[], width: number, heightOf: (share: number) => number): string {
  const steps = shares.map((share, bin) => {
    const y = (HEIGHT - heightOf(share)).toFixed(1);
    return `${bin === 0 ? 'M' : 'L'}${(bin * width).toFixed(1)} ${y}H${((bin + 1) * width).toFixed(1)}`;
  });
  return steps.join('');
}
