import { type UseQueryResult, useQuery, useQueryClient } from '@tanstack/react-query';
import type { RunDetail, StepMetrics } from '#shared/training.ts';
import { api, client } from '../../api/client.ts';
import { stillTrue } from './known-steps.ts';

/** A long run is shown by this many points at first; those that come while one watches are all added. */
const POINTS = 2_000;

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
