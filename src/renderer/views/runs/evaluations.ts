import { type Best, type Evaluation, NETWORKS } from '#shared/training.ts';

export interface RankedEvaluation {
  readonly evaluation: Evaluation;
  /** Why this one is in the list. */
  readonly note: 'chosen' | 'best' | 'last';
}

/**
 * Of a run's many evaluations those worth reading: the one that validation chose, then each network's best by accuracy (the earlier one of
 * equals) and its last, the most accurate network first. Each is there once, for the first of these reasons.
 */
export function rankEvaluations(evaluations: readonly Evaluation[], best: Best | null): RankedEvaluation[] {
  const chosen = evaluations.find(({ network, step }) => network === best?.network && step === best.step);
  const perNetwork = NETWORKS.flatMap((network) => {
    const own = evaluations.filter((evaluation) => evaluation.network === network);
    const [first] = own;
    const last = own.at(-1);
    if (first === undefined || last === undefined) return [];
    return [{ best: own.reduce((top, one) => (one.accuracy > top.accuracy ? one : top), first), last }];
  });
  perNetwork.sort((a, b) => b.best.accuracy - a.best.accuracy);
  const rows: RankedEvaluation[] = [
    ...(chosen === undefined ? [] : [{ evaluation: chosen, note: 'chosen' } as const]),
    ...perNetwork.flatMap((own): RankedEvaluation[] => [
      { evaluation: own.best, note: 'best' },
      { evaluation: own.last, note: 'last' },
    ]),
  ];
  return rows.filter(({ evaluation }, index) => rows.findIndex((row) => row.evaluation === evaluation) === index);
}
