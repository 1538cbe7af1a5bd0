import type { RoundResult } from '#shared/rounds.ts';
import type { Catalog } from '../../catalog/catalog.ts';

/** Problems told with a result; the catalog keeps more. */
const PROBLEMS_TOLD = 100;

/** What a job of labeling comes to. */
export function resultOf(catalog: Catalog, round: number): RoundResult {
  return { ...catalog.rounds.get(round), round, errors: catalog.rounds.problems(round).slice(0, PROBLEMS_TOLD) };
}
