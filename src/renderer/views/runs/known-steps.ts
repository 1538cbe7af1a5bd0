import type { StepMetrics } from '#shared/training.ts';

/** Beyond this many points a chart is no better: the whole run is asked for again, thinned. */
export const MOST_POINTS = 6_000;

/**
 * The metrics that need not be asked for again. A run that goes on from a checkpoint repeats the steps after it, so those from its next step
 * on are void.
 */
export function stillTrue(known: readonly StepMetrics[], nextStep: number): StepMetrics[] {
  return known.length > MOST_POINTS ? [] : known.filter(({ step }) => step < nextStep);
}
