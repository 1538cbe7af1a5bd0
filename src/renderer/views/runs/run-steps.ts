import { type UseQueryResult, useQuery, useQueryClient } from '@tanstack/react-query';
import type { RunDetail, StepMetrics } from '#shared/training.ts';
import { api, client } from '../../api/client.ts';

/** A long run is shown by this many points at first; those that come while one watches are all added. */
const POINTS = 2_000;
/** Beyond this many a chart is no better: ask for the whole run again, thinned. */
const MOST_POINTS = 3 * POINTS;

/** Step metrics of a run: the whole at first, then only what is new each time the event stream says that there is more. */
export function useRunSteps({ id }: RunDetail): UseQueryResult<StepMetrics[]> {
  const queryClient = useQueryClient();
  const queryKey = api.runs.steps.queryKey({ id });
  return useQuery({
    queryKey,
    queryFn: async ({ signal }): Promise<StepMetrics[]> => {
      const known = queryClient.getQueryData<StepMetrics[]>(queryKey) ?? [];
      const fresh = await client.runs.steps.query(
        { id, afterStep: known.at(-1)?.step ?? -1, maximumPoints: POINTS },
        { signal },
      );
      return mergeSteps(known, fresh);
    },
  });
}
