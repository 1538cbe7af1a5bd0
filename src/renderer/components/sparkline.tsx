import type { ReactElement } from 'react';

const WIDTH = 96;
const HEIGHT = 24;
/** Room for the line's own thickness and the dot at its end. */
const EDGE = 3;

/** Validation accuracies in a line, the last one dotted. Shares in [0, 1]; the scale is their own range. */
export function Sparkline({ values, label }: { values: readonly number[]; label: string }): ReactElement {
  if (values.length === 0)
    return <svg className="sparkline" width={WIDTH} height={HEIGHT} role="img" aria-label={`${label}: none yet`} />;
  const low = Math.min(...values);
  const range = Math.max(...values) - low || 1;
  const points = values.map((value, index) => {
    const x = EDGE + (index / Math.max(1, values.length - 1)) * (WIDTH - 2 * EDGE);
    const y = HEIGHT - EDGE - ((value - low) / range) * (HEIGHT - 2 * EDGE);
    return [x, y] as const;
  });
  const [endX, endY] = points.at(-1)!;
  return (
    <svg
      className="sparkline"
      width={WIDTH}
      height={HEIGHT}
      role="img"
      aria-label={`${label}: ${values.length} values`}
    >
      <polyline points={points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')} />
      <circle cx={endX} cy={endY} r={2.5} />
    </svg>
  );
}
