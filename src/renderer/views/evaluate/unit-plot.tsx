import type { ReactElement, ReactNode } from 'react';

/** Of the drawing, its own units; a sheet says how large it is shown. */
const SIDE = 260;
const LEFT = 44;
const BOTTOM = 36;
const EDGE = 10;
const TICKS = [0, 0.25, 0.5, 0.75, 1];

/** Where a share lies on the drawing. */
export const acrossOf = (share: number): number => LEFT + share * SIDE;
export const downOf = (share: number): number => EDGE + (1 - share) * SIDE;

interface UnitPlotProps {
  /** What it shows, for those who cannot see it. */
  readonly label: string;
  readonly across: string;
  readonly up: string;
  readonly children: ReactNode;
}

/** A square of shares against shares, both from 0 to 1. */
export function UnitPlot({ label, across, up, children }: UnitPlotProps): ReactElement {
  const [width, height] = [LEFT + SIDE + EDGE, EDGE + SIDE + BOTTOM];
  return (
    <svg className="unit-plot" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
      {TICKS.map((tick) => (
        <g key={tick}>
          <line className="unit-grid" x1={acrossOf(tick)} x2={acrossOf(tick)} y1={downOf(0)} y2={downOf(1)} />
          <line className="unit-grid" x1={acrossOf(0)} x2={acrossOf(1)} y1={downOf(tick)} y2={downOf(tick)} />
          <text className="unit-text" x={acrossOf(tick)} y={downOf(0) + 14} textAnchor="middle">
            {tick * 100}
          </text>
          <text className="unit-text" x={LEFT - 6} y={downOf(tick) + 4} textAnchor="end">
            {tick * 100}
          </text>
        </g>
      ))}
      <text className="unit-text" x={acrossOf(0.5)} y={height - 6} textAnchor="middle">
        {across}
      </text>
      <text
        className="unit-text"
        x={10}
        y={downOf(0.5)}
        textAnchor="middle"
        transform={`rotate(-90 10 ${downOf(0.5)})`}
      >
        {up}
      </text>
      {children}
    </svg>
  );
}

/** A line through points of the square, as a path. */
export function pathThrough(points: readonly (readonly [x: number, y: number])[]): string {
  return points
    .map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${acrossOf(x).toFixed(1)} ${downOf(y).toFixed(1)}`)
    .join('');
}
