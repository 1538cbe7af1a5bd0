import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import { Button as AriaButton, Dialog, DialogTrigger, Heading, Popover } from 'react-aria-components';
import type { Job } from '#shared/jobs.ts';
import { api } from '../api/client.ts';
import { Button } from '../components/button.tsx';
import { Icon } from '../components/icon.tsx';
import { Progress } from '../components/progress.tsx';
import { ErrorNote, Loaded, Skeleton } from '../components/states.tsx';
import { Status } from '../components/status-dot.tsx';
import { Ago } from '../components/time.tsx';
import { plural } from '../text/format.ts';
import { isActiveJob, jobProgressText } from '../text/job.ts';

/** How many jobs run, and behind it every long job: what, how far, how fast, how long still, and how it ended. */
export function JobsButton(): ReactElement {
  const jobs = useQuery(api.jobs.list.queryOptions());
  const active = jobs.data?.filter(isActiveJob).length ?? 0;
  return (
    <DialogTrigger>
      <AriaButton
        className="header-button"
        aria-label={active === 0 ? 'Jobs' : `Jobs, ${plural(active, 'job')} running`}
      >
        <Icon name="jobs" />
        Jobs
        {active > 0 && <span className="count-badge">{active}</span>}
      </AriaButton>
      <Popover className="popover jobs-popover" placement="bottom end">
        <Dialog className="jobs-dialog">
          <Heading slot="title" className="visually-hidden">
            Jobs
          </Heading>
          <Loaded query={jobs} skeleton={<Skeleton height={64} />}>
            {(list) =>
              list.length === 0 ? (
                <p className="muted">Nothing has run yet. Imports, the demo and training appear here.</p>
              ) : (
                <ul className="jobs-list">
                  {[...list.filter(isActiveJob), ...list.filter((job) => !isActiveJob(job))].map((job) => (
                    <JobRow key={job.id} job={job} />
                  ))}
                </ul>
              )
            }
          </Loaded>
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

function JobRow({ job }: { job: Job }): ReactElement {
  const cancel = useMutation(api.jobs.cancel.mutationOptions());
  return (
    <li className="job">
      <div className="row">
        <span className="job-title truncate">
          {job.run === null ? (
            job.title
          ) : (
            <Link to="/runs/$run" params={{ run: job.run }}>
              {job.title}
            </Link>
          )}
        </span>
        <span className="spacer" />
        {isActiveJob(job) ? (
          <Button kind="quiet" isPending={cancel.isPending} onPress={() => cancel.mutate({ id: job.id })}>
            {job.kind === 'train' ? 'Stop' : 'Cancel'}
          </Button>
        ) : (
          <span className="muted small">
            <Ago at={job.updatedAt} />
          </span>
        )}
      </div>
      {isActiveJob(job) && <Progress label={job.title} done={job.done} total={job.total} />}
      <div className="job-facts">
        <Status status={job.status} />
        <span>{jobProgressText(job)}</span>
      </div>
      {job.error !== null && job.status === 'failed' && (
        <p className="job-error">
          {job.error.message} {job.error.hint}
        </p>
      )}
      {cancel.error !== null && <ErrorNote error={cancel.error} />}
    </li>
  );
}
