/** Plain arithmetic of a grid of equal squares. */

/** How many squares of a side fit into a width, at least one. */
export function columnsIn(width: number, side: number, gap: number): number {
  return Math.max(1, Math.floor((width + gap) / (side + gap)));
}

/** The side with which so many squares fill a width, whole pixels. */
export function sideIn(width: number, columns: number, gap: number): number {
  return Math.floor((width + gap) / columns) - gap;
}

interface Viewport {
  /** Scrolled by so many pixels. */
  readonly top: number;
  readonly height: number;
  /** From one row's top to the next one's. */
  readonly pitch: number;
  readonly count: number;
  readonly overscan: number;
}

/** First and last row in sight, with some to spare; last is −1 when there are none. */
export function visibleRows({ top, height, pitch, count, overscan }: Viewport): { first: number; last: number } {
  const first = Math.floor(top / pitch) - overscan;
  const last = Math.floor((top + height) / pitch) + overscan;
  return { first: Math.min(Math.max(0, first), Math.max(0, count - 1)), last: Math.min(count - 1, last) };
}

/** Where a key leads from an index; null when the key moves nothing. The ends hold. */
export function moveIndex(
  key: string,
  index: number,
  { count, columns, pageRows }: { count: number; columns: number; pageRows: number },
): number | null {
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
    PageUp: -columns * pageRows,
    PageDown: columns * pageRows,
    Home: -index,
    End: count - 1 - index,
  };
  const step = steps[key];
  if (step === undefined) return null;
  return Math.min(Math.max(0, index + step), Math.max(0, count - 1));
}
