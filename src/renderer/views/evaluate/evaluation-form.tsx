import { useMutation, useQuery } from '@tanstack/react-query';
import { type ReactElement, useEffect, useEffectEvent, useState } from 'react';
import { z } from 'zod';
import type { CatalogStats } from '#shared/catalog.ts';
import { evaluationIdSchema } from '#shared/evaluation.ts';
import type { RunSummary } from '#shared/training.ts';
import { api, client, queryClient } from '../../api/client.ts';
import { Button } from '../../components/button.tsx';
import { Choice, type Option } from '../../components/fields.tsx';
import { JobProgress } from '../../components/job-progress.tsx';
import { ErrorNote, Problem } from '../../components/states.tsx';
import { isActiveJob } from '../../text/job.ts';
import { type Model, ModelChoice, requestOfModel } from '../predict/model-choice.tsx';
import { type ClusterDraft, clusterOf, isSomewhere } from '../workers/cluster-draft.ts';
import { WhereIfKnown } from '../workers/where.tsx';
import { labeledSplits } from './labeled-splits.ts';
import type { EvaluateSearch, EvaluatedSplit } from './search.ts';

interface EvaluationFormProps {
  readonly runs: readonly RunSummary[];
  readonly imported: readonly string[];
  readonly model: Model;
  readonly search: EvaluateSearch;
  readonly onChange: (part: Partial<EvaluateSearch>) => void;
  readonly onEvaluated: (id: string) => void;
}

const ALL_SOURCES = 'all sources';

/** Which network on which images; the scoring is a job that goes on if one leaves. */
export function EvaluationForm(props: EvaluationFormProps): ReactElement {
  const { runs, imported, model, search, onChange, onEvaluated } = props;
  const stats = useQuery(api.catalog.stats.queryOptions());
  const [jobId, setJobId] = useState<number | null>(null);
  const [cluster, setCluster] = useState<ClusterDraft | null>(null);
  const starting = useMutation(api.evaluation.start.mutationOptions({ onSuccess: ({ id }) => setJobId(id) }));
  const jobs = useQuery({ ...api.jobs.list.queryOptions(), enabled: jobId !== null });
  const job = jobs.data?.find(({ id }) => id === jobId) ?? (starting.data?.id === jobId ? starting.data : undefined);
  const splits = labeledSplits(stats.data, search.source);
  const split = search.split ?? splits[0]?.value ?? 'test';
  const isWorking = starting.isPending || (job !== undefined && isActiveJob(job));
  useFinished(job?.status === 'finished' ? job.id : null, onEvaluated, () => setJobId(null));

  const start = (): void =>
    starting.mutate({
      model: requestOfModel(model),
      split,
      ...(search.source !== undefined && { source: search.source }),
      ...clusterOf(cluster),
    });
  return (
    <section className="panel stack" aria-label="Evaluate a network">
      <div className="evaluate-form">
        <ModelChoice
          runs={runs}
          imported={imported}
          model={model}
          automatic="Chosen by validation"
          onChange={(next) => onChange({ run: undefined, checkpoint: undefined, network: undefined, ...next })}
        />
        <Choice label="Split" value={split} options={splits} onChange={(value) => onChange({ split: value })} />
        <Choice
          label="Source"
          value={search.source ?? ALL_SOURCES}
          options={sourceOptions(stats.data, split)}
          onChange={(value) => onChange({ source: value === ALL_SOURCES ? undefined : value })}
        />
        <Button
          kind="primary"
          isPending={isWorking}
          isDisabled={splits.length === 0 || !isSomewhere(cluster)}
          onPress={start}
        >
          Evaluate
        </Button>
      </div>
      <WhereIfKnown label="Where it computes" cluster={cluster} onChange={setCluster} />
      {stats.data !== undefined && splits.length === 0 && (
        <p className="muted">There are no labeled images to score a network on: import some as test or validation.</p>
      )}
      {job !== undefined && isActiveJob(job) && <JobProgress job={job} />}
      {job?.status === 'failed' && job.error !== null && <Problem problem={job.error} onRetry={start} />}
      {starting.error !== null && <ErrorNote error={starting.error} onRetry={start} />}
    </section>
  );
}

/** Tells the evaluation that a job came to, once, and that what was known of evaluations is out of date. */
function useFinished(job: number | null, onEvaluated: (id: string) => void, onTold: () => void): void {
  const told = useEffectEvent((result: unknown) => {
    onTold();
    const parsed = z.object({ id: evaluationIdSchema }).safeParse(result);
    if (parsed.success) onEvaluated(parsed.data.id);
  });
  useEffect(() => {
    if (job === null) return;
    let isWanted = true;
    void client.jobs.result.query({ id: job }).then((result) => {
      void queryClient.invalidateQueries(api.evaluation.pathFilter());
      if (isWanted) told(result);
    });
    return () => {
      isWanted = false;
    };
  }, [job]);
}

function sourceOptions(stats: CatalogStats | undefined, split: EvaluatedSplit): Option<string>[] {
  const sources = (stats?.sources ?? []).filter(({ splits }) => splits[split]?.counts.some((count) => count > 0));
  return [{ value: ALL_SOURCES, label: 'All sources' }, ...sources.map(({ name }) => ({ value: name, label: name }))];
}
