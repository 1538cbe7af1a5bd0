import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import type { Job } from '#shared/jobs.ts';
import { api } from '../../api/client.ts';
import { JobProgress } from '../../components/job-progress.tsx';
import { Empty, Loaded, Problem, Skeleton } from '../../components/states.tsx';
import { Status } from '../../components/status-dot.tsx';
import { Ago } from '../../components/time.tsx';
import { isActiveJob, jobProgressText } from '../../text/job.ts';
import './import-jobs.css';

/** Imports that run and ran. */
export function ImportJobs(): ReactElement {
  const jobs = useQuery(api.jobs.list.queryOptions());
  return (
    <section className="panel">
      <h2>Imports</h2>
      <Loaded query={jobs} skeleton={<Skeleton height={120} />}>
        {(list) => {
          const imports = list.filter(({ kind }) => kind === 'import' || kind === 'demo');
          return imports.length === 0 ? (
            <Empty icon="folder" title="Nothing imported yet">
              An import runs on in the background: you may leave this place. A repeated one adds only what is new.
            </Empty>
          ) : (
            <ul className="import-jobs">
              {imports.map((job) => (
                <ImportJob key={job.id} job={job} />
              ))}
            </ul>
          );
        }}
      </Loaded>
    </section>
  );
}

function ImportJob({ job }: { job: Job }): ReactElement {
  return (
    <li>
      <div className="row">
        <strong className="truncate" title={job.title}>
          {job.title}
        </strong>
        <span className="spacer" />
        <span className="muted small">
          <Ago at={job.updatedAt} />
        </span>
        <Status status={job.status} />
      </div>
      {isActiveJob(job) ? <JobProgress job={job} /> : <p className="muted small">{jobProgressText(job)}</p>}
      {job.error !== null && job.status === 'failed' && <Problem problem={job.error} />}
    </li>
  );
}
