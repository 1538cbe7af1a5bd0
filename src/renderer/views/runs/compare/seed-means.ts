import { seedKey } from '#shared/seed-runs.ts';
import type { Spread } from '../search.ts';
import type { ComparedRun } from './overlay.ts';

/** A value at a step; null where there is none. */
export interface Point {
  readonly step: number;
  readonly value: number | null;
}

/** Runs of a comparison that only their seeds tell apart, in the order they came; a run of its own is a group of one. */
export function seedFamilies(runs: readonly ComparedRun[]): readonly (readonly ComparedRun[])[] {
  return [...Map.groupBy(runs, ({ run }) => seedKey(run)).values()];
}

export interface MeanLine {
  readonly steps: readonly number[];
  readonly mean: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/**
 * The mean of several lines, with how far they reach, at all their steps that lie within every one of them: a mean of other runs at each step
 * would jump where one ends. Between its own steps a line is straight.
 *
 * @param spread `range`: from the lowest to the highest; `deviation`: a sample's standard deviation to each side.
 */
export function meanOf(lines: readonly (readonly Point[])[], spread: Spread): MeanLine {
  const known = lines.map((line) =>
    line.flatMap(({ step, value }) => (value === null ? [] : [{ step, value }])).sort((a, b) => a.step - b.step),
  );
  const from = Math.max(...known.map((line) => line[0]?.step ?? Infinity));
  const to = Math.min(...known.map((line) => line.at(-1)?.step ?? -Infinity));
  const steps = [...new Set(known.flatMap((line) => line.map(({ step }) => step)))]
    .filter((step) => step >= from && step <= to)
    .sort((a, b) => a - b);
  const columns = known.map((line) => interpolated(line, steps));
  const at = steps.map((_, place) => columns.map((column) => column[place]!));
  const mean = at.map((values) => values.reduce((sum, value) => sum + value, 0) / values.length);
  const reach = at.map((values, place): readonly [number, number] => {
    if (spread === 'range') return [Math.min(...values), Math.max(...values)];
    const middle = mean[place]!;
    const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
    const deviation = values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1));
    return [middle - deviation, middle + deviation];
  });
  return { steps, mean, low: reach.map(([low]) => low), high: reach.map(([, high]) => high) };
}

/** A line at steps that lie within it; both in their order. */
function interpolated(
  line: readonly { readonly step: number; readonly value: number }[],
  steps: readonly number[],
): number[] {
  let place = 0;
  return steps.map((step) => {
    while (line[place]!.step < step) place++;
    const after = line[place]!;
    if (after.step === step) return after.value;
    const before = line[place - 1]!;
    const share = (step - before.step) / (after.step - before.step);
    return before.value + share * (after.value - before.value);
  });
}
