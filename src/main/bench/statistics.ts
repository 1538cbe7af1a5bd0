/** Times are compared by medians: one block that the machine disturbed moves a mean, not a median. */

/** @param values at least one. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** First and third quartile: half of the values lie between them. */
export function quartiles(values: readonly number[]): [number, number] {
  return [quantile(values, 0.25), quantile(values, 0.75)];
}

/** Linear between the two nearest values (Hyndman and Fan's type 7, the default of R and NumPy). */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)]!;
  const above = sorted[Math.ceil(position)]!;
  return below + (above - below) * (position - Math.floor(position));
}

export interface Comparison {
  readonly ours: number;
  readonly peer: number | null;
  /** Median of ours over median of the peer's. */
  readonly ratio: number | null;
  /** Median of the ratios of neighbouring blocks: what slows the machine down for a while slows both sides of such a pair. */
  readonly pairwiseRatio: number | null;
  readonly spread: { readonly ours: [number, number]; readonly peer: [number, number] | null };
}

/** @param ours one figure a block. @param peer as many, measured in turn with ours; null without a peer. */
export function compare(ours: readonly number[], peer: readonly number[] | null): Comparison {
  const own = median(ours);
  if (peer === null)
    return { ours: own, peer: null, ratio: null, pairwiseRatio: null, spread: { ours: quartiles(ours), peer: null } };
  const other = median(peer);
  return {
    ours: own,
    peer: other,
    ratio: own / other,
    pairwiseRatio: median(ours.map((value, block) => value / peer[block]!)),
    spread: { ours: quartiles(ours), peer: quartiles(peer) },
  };
}
