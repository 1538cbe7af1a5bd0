import { useMutation, useQuery } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import type { WorkspaceInfo } from '#shared/requests.ts';
import type { DoctorCheck } from '#shared/runtime.ts';
import { api } from '../../api/client.ts';
import { notices } from '../../api/notices.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { Icon } from '../../components/icon.tsx';
import { JobProgress } from '../../components/job-progress.tsx';
import { Prose } from '../../components/prose.tsx';
import { ErrorNote, Loaded, Problem, Skeleton } from '../../components/states.tsx';
import { isActiveJob } from '../../text/job.ts';
import { summaryOf } from './words.ts';

/** What the studio computes with, and whether everything it needs is there. */
export function RuntimeSection({ runtime }: { runtime: WorkspaceInfo['runtime'] }): ReactElement {
  return (
    <div className="stack">
      <Runtime runtime={runtime} />
      <h3>Checks</h3>
      <Doctor />
    </div>
  );
}

function Runtime({ runtime }: { runtime: WorkspaceInfo['runtime'] }): ReactElement {
  const setUp = useMutation(api.system.setUp.mutationOptions());
  const jobs = useQuery(api.jobs.list.queryOptions());
  const job = jobs.data?.find(({ kind }) => kind === 'setup');
  const isWorking = setUp.isPending || (job !== undefined && isActiveJob(job));
  return (
    <>
      <p>
        {runtime === null
          ? 'TensorFlow is not set up on this machine: networks can neither be trained nor asked.'
          : `TensorFlow ${runtime.version} on ${runtime.deviceName}.`}
      </p>
      {isWorking && job !== undefined && <JobProgress job={job} />}
      {job?.status === 'failed' && job.error !== null && <Problem problem={job.error} />}
      {setUp.error !== null && <ErrorNote error={setUp.error} />}
      <div className="row">
        <Button kind={runtime === null ? 'primary' : 'plain'} isPending={isWorking} onPress={() => setUp.mutate()}>
          {runtime === null ? 'Set up the runtime' : 'Check for a better runtime'}
        </Button>
        <span className="muted small">Downloads once, some hundred megabytes, and checks what it got.</span>
      </div>
    </>
  );
}

function Doctor(): ReactElement {
  const report = useQuery(api.system.doctor.queryOptions());
  return (
    <Loaded query={report} skeleton={<Skeleton height={240} />}>
      {({ ok, checks }) => (
        <div className="stack">
          <p role="status">{summaryOf(ok, checks)}</p>
          <ul className="doctor-checks">
            {checks.map((check) => (
              <CheckRow key={check.name} check={check} />
            ))}
          </ul>
          <div>
            <Button icon="refresh" isPending={report.isFetching} onPress={() => void report.refetch()}>
              Check again
            </Button>
          </div>
        </div>
      )}
    </Loaded>
  );
}

function CheckRow({ check: { name, ok, detail, fix, optional } }: { check: DoctorCheck }): ReactElement {
  const state = ok ? 'ok' : optional ? 'missing' : 'failed';
  const words = { ok: 'in order', missing: 'missing, not needed', failed: 'to be fixed' };
  const command = /`([^`]+)`/.exec(fix)?.[1];
  return (
    <li className={`doctor-check doctor-check-${state}`}>
      <Icon name={ok ? 'check' : 'warning'} />
      <span className="doctor-check-name">{name}</span>
      <span className="doctor-check-text">
        <span className="visually-hidden">{words[state]}: </span>
        {detail}
        {fix !== '' && (
          <span className="doctor-check-fix">
            <Prose text={fix} />
            {command !== undefined && <CopyCommand command={command} />}
          </span>
        )}
      </span>
    </li>
  );
}

/** Puts a command into the clipboard, for the terminal. */
export function CopyCommand({ command }: { command: string }): ReactElement {
  const [wasCopied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(command);
      setCopied(true);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      notices.add({ level: 'error', message: `The browser did not let the command be copied: ${reason}` });
    }
  };
  return (
    <IconButton
      icon={wasCopied ? 'check' : 'copies'}
      label={wasCopied ? 'Copied' : `Copy the command ${command}`}
      onPress={() => void copy()}
    />
  );
}
