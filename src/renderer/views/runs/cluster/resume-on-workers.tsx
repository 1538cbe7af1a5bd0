import { useMutation } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import type { ClusterRequest } from '#shared/cluster.ts';
import { api } from '../../../api/client.ts';
import { Button } from '../../../components/button.tsx';
import { ErrorNote } from '../../../components/states.tsx';
import { plural } from '../../../text/format.ts';
import { type LookedAt, useLooks, useWorkersWith } from '../../workers/looks.ts';
import { WorkerPicks } from '../../workers/worker-picks.tsx';
import './cluster.css';

/** A run of workers that rests: with which of them, or which others, it goes on. */
export function ResumeOnWorkers({ run, cluster }: { run: string; cluster: ClusterRequest }): ReactElement {
  const workers = useWorkersWith(cluster.workers);
  const { looks, lookAgain } = useLooks(workers);
  const [picked, setPicked] = useState<readonly string[] | null>(null);
  const resume = useMutation(api.runs.resume.mutationOptions());
  const chosen = picked ?? cluster.workers.filter((address) => isThere(looks, address));
  const isLooking = picked === null && looks.some((one) => one.isLooking);
  return (
    <section className="stack workers-resume" aria-label="Go on with workers">
      <h2>Go on from the last checkpoint with</h2>
      <WorkerPicks looks={looks} chosen={chosen} onChange={setPicked} />
      {chosen.length > 0 && chosen.length !== cluster.workers.length && (
        <p className="muted small">
          The batch is one for each device: with {plural(chosen.length, 'worker')} instead of {cluster.workers.length} a
          step has other images, and learning rates change in proportion.
        </p>
      )}
      {resume.error !== null && <ErrorNote error={resume.error} />}
      <div className="row">
        <Button
          kind="primary"
          icon="play"
          isDisabled={chosen.length === 0 || isLooking}
          isPending={resume.isPending}
          onPress={() => resume.mutate({ id: run, cluster: { ...cluster, workers: [...chosen] } })}
        >
          {chosen.length === 0 ? 'Resume' : `Resume on ${plural(chosen.length, 'worker')}`}
        </Button>
        <Button kind="quiet" icon="refresh" onPress={lookAgain}>
          Look again
        </Button>
        {chosen.length === 0 && !isLooking && (
          <span className="muted">None of them is there: start one, and look again.</span>
        )}
      </div>
    </section>
  );
}

/** Whether a worker takes part when it is asked: it is ready, or at work on something that may end. */
function isThere(looks: readonly LookedAt[], address: string): boolean {
  const look = looks.find(({ worker }) => worker.address === address)?.look;
  return look?.state === 'ready' || look?.state === 'busy';
}
