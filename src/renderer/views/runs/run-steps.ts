import { type UseQueryResult, useQuery, useQueryClient } from '@tanstack/react-query';
import type { RunDetail, StepMetrics } from '#shared/training.ts';
import { api, client } from '../../api/client.ts';

/** A long run is shown by this many points at first; those that come while one watches are all added. */
const POINTS = 2_000;
/** Beyond this many a chart is no better: the whole run is asked for again, thinned. */
const MOST_POINTS = 3 * POINTS;

/** Step metrics of a run: the whole at first, then only what is new each time the event stream says that there is more. */
export function useRunSteps({ id }: RunDetail): UseQueryResult<StepMetrics[]> {
  const queryClient = useQueryClient();
  const queryKey = api.runs.steps.queryKey({ id });
  return useQuery({
    queryKey,
    queryFn: async ({ signal }): Promise<StepMetrics[]> => {
      const summary = queryClient.getQueryData(api.runs.list.queryKey())?.find((run) => run.id === id);
      const known = stillTrue(queryClient.getQueryData<StepMetrics[]>(queryKey) ?? [], summary?.step ?? Infinity);
      const afterStep = known.at(-1)?.step ?? -1;
      return [...known, ...(await client.runs.steps.query({ id, afterStep, maximumPoints: POINTS }, { signal }))];
    },
  });
}

/**
 * The metrics that need not be asked for again. A run that goes on from a checkpoint repeats the steps after it, so those from its next step
 * on are void.
 */
export function stillTrue(known: readonly StepMetrics[], nextStep: number): StepMetrics[] {
  return known.length > MOST_POINTS ? [] : known.filter(({ step }) => step < nextStep);
}
