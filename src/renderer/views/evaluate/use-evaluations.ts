import { useQueries, useQuery } from '@tanstack/react-query';
import type { EvaluationRecord } from '#shared/evaluation.ts';
import { api } from '../../api/client.ts';

/** The evaluations that are kept, of all runs and of checkpoints of no run, the newest first. */
export function useEvaluations() {
  const runs = useQuery(api.runs.list.queryOptions());
  const owners: (string | null)[] = runs.data === undefined ? [] : [null, ...runs.data.map(({ id }) => id)];
  return useQueries({
    queries: owners.map((run) => api.evaluation.list.queryOptions({ run })),
    combine: (lists) => ({
      data:
        runs.data !== undefined && lists.every(({ data }) => data !== undefined)
          ? newestFirst(lists.flatMap(({ data }) => data ?? []))
          : undefined,
      error: runs.error ?? lists.find(({ error }) => error !== null)?.error ?? null,
      refetch: () => {
        void runs.refetch();
        for (const list of lists) void list.refetch();
      },
    }),
  });
}

function newestFirst(records: readonly EvaluationRecord[]): EvaluationRecord[] {
  return records.toSorted((one, other) => (one.createdAt < other.createdAt ? 1 : -1));
}
