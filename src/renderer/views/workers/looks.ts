import { useQueries, useQuery } from '@tanstack/react-query';
import type { KnownWorker, WorkerLook } from '#shared/workers.ts';
import { api } from '../../api/client.ts';
import { withNamed } from './worker-words.ts';

/** A worker comes and goes without telling: what is older than this is asked anew when it is shown. */
const FRESH_MILLISECONDS = 5_000;

/** How one worker is. */
export interface LookedAt {
  readonly worker: KnownWorker;
  /** Null until it answered, and where it could not be asked: `error` says why. */
  readonly look: WorkerLook | null;
  readonly error: unknown;
  readonly isLooking: boolean;
}

/** Looks at workers, each on its own, and shows what it finds as it comes. @returns the looks in their order, and what looks again. */
export function useLooks(workers: readonly KnownWorker[]): {
  readonly looks: readonly LookedAt[];
  readonly lookAgain: () => void;
} {
  const answers = useQueries({
    queries: workers.map(({ address }) => ({
      ...api.workers.look.queryOptions({ address }),
      staleTime: FRESH_MILLISECONDS,
    })),
  });
  return {
    looks: workers.map((worker, index) => {
      const { data, error, isFetching } = answers[index]!;
      return { worker, look: data ?? null, error, isLooking: isFetching };
    }),
    lookAgain: () => {
      for (const { refetch } of answers) void refetch();
    },
  };
}

/** The workers of the workspace, and those that are named besides: a run may have been started on others. */
export function useWorkersWith(named: readonly string[]): readonly KnownWorker[] {
  const known = useQuery(api.workers.list.queryOptions());
  return withNamed(known.data ?? [], named);
}
