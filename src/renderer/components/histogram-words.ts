/** The fewest bins in a row from the tallest that hold half of all, in words. */
export function mostly(bounds: readonly number[], shares: readonly number[]): string {
  let first = shares.indexOf(Math.max(...shares));
  let last = first;
  let held = shares[first] ?? 0;
  while (held < 0.5 && (first > 0 || last < shares.length - 1)) {
    const before = shares[first - 1] ?? -1;
    const after = shares[last + 1] ?? -1;
    if (before >= after) held += shares[--first]!;
    else held += shares[++last]!;
  }
  return `${Math.round(bounds[first]!)} to ${Math.round(bounds[last + 1]!)}`;
}
