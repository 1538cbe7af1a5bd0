import { useMutation, useQueries, useQuery } from '@tanstack/react-query';
import type { RunDetail, RunRequest, RunSummary, Trial, TrainingConfig } from '#shared/training.ts';
import { api, client } from '../../../api/client.ts';
import { type StepTimes, isOfSameSize, timesOfRun, timesOfTrial } from './estimate.ts';

/** Earlier runs that are looked at for one of the same network and size, the newest ones. */
const RUNS_LOOKED_AT = 12;
/** Steps of it that are read: enough for a steady middle one. */
const STEPS_READ = 400;

export interface Timing {
  /** What steps take; null while nothing tells. */
  readonly times: StepTimes | null;
  /** The settings under which they were timed. */
  readonly timed: TrainingConfig;
  /** Whose times these are. */
  readonly source: string;
  readonly trial: Trial | null;
  readonly isLoading: boolean;
  readonly isTiming: boolean;
  readonly error: unknown;
  readonly time: (request: RunRequest) => void;
}

/** How long steps of these settings take, from a trial of them or else from the newest run of the same network and size. */
export function useTiming(config: TrainingConfig): Timing {
  const earlier = useEarlierRun(config);
  const trial = useMutation({
    mutationFn: async (request: RunRequest) => ({ trial: await client.runs.trial.mutate(request), config }),
  });
  const own = trial.data !== undefined && isOfSameSize(trial.data.config, config) ? trial.data : null;
  const shared = {
    isTiming: trial.isPending,
    error: trial.error,
    time: (request: RunRequest) => trial.mutate(request),
  };
  if (own !== null) {
    const times = timesOfTrial(own.trial, own.config);
    const source = `a trial on ${own.trial.device}`;
    return { ...shared, times, timed: own.config, source, trial: own.trial, isLoading: false };
  }
  const { run, times, isLoading } = earlier;
  return { ...shared, times, timed: run?.config ?? config, source: `run ${run?.id}`, trial: null, isLoading };
}

interface EarlierRun {
  readonly run: RunDetail | undefined;
  readonly times: StepTimes | null;
  readonly isLoading: boolean;
}

function useEarlierRun(config: TrainingConfig): EarlierRun {
  const list = useQuery(api.runs.list.queryOptions());
  const candidates = (list.data ?? []).filter(hasTrained).slice(0, RUNS_LOOKED_AT);
  const details = useQueries({
    queries: candidates.map(({ id }) => api.runs.get.queryOptions({ id })),
    combine: (queries) => ({
      runs: queries.flatMap(({ data }) => (data === undefined ? [] : [data])),
      isLoading: queries.some(({ isPending }) => isPending),
    }),
  });
  const run = details.runs.find((detail) => isOfSameSize(detail.config, config));
  const steps = useQuery({
    ...api.runs.steps.queryOptions({ id: run?.id ?? '', maximumPoints: STEPS_READ }),
    enabled: run !== undefined,
  });
  const times =
    run === undefined || steps.data === undefined
      ? null
      : timesOfRun({ config: run.config, steps: steps.data, evaluations: run.evaluations });
  return { run, times, isLoading: list.isPending || details.isLoading || (run !== undefined && steps.isPending) };
}

const hasTrained = ({ step }: RunSummary): boolean => step > 0;
