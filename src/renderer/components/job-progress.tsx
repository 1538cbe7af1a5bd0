import { useMutation } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import type { Job } from '#shared/jobs.ts';
import { api } from '../api/client.ts';
import { jobProgressText } from '../text/job.ts';
import { Button } from './button.tsx';
import { Progress } from './progress.tsx';
import { ErrorNote } from './states.tsx';

/** How far a job is, where it was started, with a way to stop it. */
export function JobProgress({ job }: { job: Job }): ReactElement {
  const cancel = useMutation(api.jobs.cancel.mutationOptions());
  return (
    <div className="job-progress">
      <Progress label={job.title} done={job.done} total={job.total} />
      <div className="row">
        <span className="muted small" role="status">
          {jobProgressText(job)}
        </span>
        <span className="spacer" />
        <Button kind="quiet" isPending={cancel.isPending} onPress={() => cancel.mutate({ id: job.id })}>
          Cancel
        </Button>
      </div>
      {cancel.error !== null && <ErrorNote error={cancel.error} />}
    </div>
  );
}
