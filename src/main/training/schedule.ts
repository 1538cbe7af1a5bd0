/** When a network's learning rate rises and falls, in its own steps. */
export interface Schedule {
  readonly totalSteps: number;
  /** Steps of linear rise after the wait. */
  readonly warmupSteps: number;
  /** Steps at the start in which the network does not learn. */
  readonly waitSteps: number;
}

/**
 * Factor of the learning rate in [0, 1]: nothing while waiting, then linear, then half a cosine down to zero. As the released program has
 * it, the linear part counts from step 0, so that it starts at wait / (warmup + wait).
 */
export function learningRateFactor(step: number, { totalSteps, warmupSteps, waitSteps }: Schedule): number {
  const start = warmupSteps + waitSteps;
  if (step < waitSteps) return 0;
  if (step < start) return step / start;
  const progress = (step - start) / Math.max(1, totalSteps - start);
  return Math.max(0, 0.5 * (1 + Math.cos(Math.PI * progress)));
}

/** Weight of the unlabeled loss: rises linearly to `lambda` over the first `rampSteps` steps. */
export function unlabeledWeight(step: number, lambda: number, rampSteps: number): number {
  return lambda * Math.min(1, (step + 1) / rampSteps);
}
