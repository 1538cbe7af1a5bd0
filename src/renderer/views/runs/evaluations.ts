import { type Evaluation, NETWORKS } from '#shared/training.ts';

export interface RankedEvaluation {
  readonly evaluation: Evaluation;
  /** Why this one is in the list. */
  readonly note: 'asked for' | 'best' | 'last';
}

/**
 * Of a run's many evaluations those worth reading: what was asked for, then each network's best by accuracy (the earlier one of equals) and
 * its last, the most accurate network first.
 */
export function rankEvaluations(evaluations: readonly Evaluation[], asked: readonly Evaluation[]): RankedEvaluation[] {
  const perNetwork = NETWORKS.flatMap((network) => {
    const own = evaluations.filter((evaluation) => evaluation.network === network);
    const first = own[0];
    const last = own.at(-1);
    if (first === undefined || last === undefined) return [];
    const best = own.reduce((top, one) => (one.accuracy > top.accuracy ? one : top), first);
    return [{ best, last }];
  });
  perNetwork.sort((a, b) => b.best.accuracy - a.best.accuracy);
  return [
    ...asked.map((evaluation): RankedEvaluation => ({ evaluation, note: 'asked for' })),
    ...perNetwork.flatMap(({ best, last }): RankedEvaluation[] => [
      { evaluation: best, note: 'best' },
      ...(last === best ? [] : [{ evaluation: last, note: 'last' } as const]),
    ]),
  ];
}
