import { useMutation, useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { ToggleButton, ToggleButtonGroup } from 'react-aria-components';
import type { WorkspaceInfo } from '#shared/requests.ts';
import type { DoctorCheck } from '#shared/runtime.ts';
import { api } from '../../api/client.ts';
import { Button } from '../../components/button.tsx';
import { Icon } from '../../components/icon.tsx';
import { JobProgress } from '../../components/job-progress.tsx';
import { Prose } from '../../components/prose.tsx';
import { ErrorNote, Loaded, Problem, Skeleton } from '../../components/states.tsx';
import { THEMES, type Theme, setPreferences, usePreferences } from '../../preferences.ts';
import { isActiveJob } from '../../text/job.ts';
import './settings.css';

/** How the window looks, what the studio computes with, and whether everything it needs is there. */
export function Settings(): ReactElement {
  const workspace = useQuery(api.system.workspace.queryOptions());
  return (
    <div className="place place-narrow">
      <h1>Settings</h1>
      <section className="panel">
        <h2>Appearance</h2>
        <ThemeChoice />
      </section>
      <section className="panel">
        <h2>Runtime</h2>
        <Loaded query={workspace} skeleton={<Skeleton height={56} />}>
          {({ runtime }) => <Runtime runtime={runtime} />}
        </Loaded>
      </section>
      <section className="panel">
        <h2>Checks</h2>
        <Doctor />
      </section>
      <section className="panel">
        <h2>Workspace</h2>
        <Loaded query={workspace} skeleton={<Skeleton height={56} />}>
          {(info) => <WorkspaceFacts info={info} />}
        </Loaded>
      </section>
    </div>
  );
}

const THEME_LABELS: Readonly<Record<Theme, string>> = { system: 'As the system', light: 'Light', dark: 'Dark' };

function ThemeChoice(): ReactElement {
  const { theme } = usePreferences();
  return (
    <ToggleButtonGroup
      className="segments"
      aria-label="Theme"
      selectionMode="single"
      disallowEmptySelection
      selectedKeys={[theme]}
      onSelectionChange={([key]) => setPreferences({ theme: key as Theme })}
    >
      {THEMES.map((name) => (
        <ToggleButton key={name} id={name} className="segment">
          {THEME_LABELS[name]}
        </ToggleButton>
      ))}
    </ToggleButtonGroup>
  );
}

function Runtime({ runtime }: { runtime: WorkspaceInfo['runtime'] }): ReactElement {
  const setUp = useMutation(api.system.setUp.mutationOptions());
  const jobs = useQuery(api.jobs.list.queryOptions());
  const job = jobs.data?.find(({ kind }) => kind === 'setup');
  const isWorking = setUp.isPending || (job !== undefined && isActiveJob(job));
  return (
    <div className="stack">
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
    </div>
  );
}

function Doctor(): ReactElement {
  const report = useQuery(api.system.doctor.queryOptions());
  return (
    <Loaded query={report} skeleton={<Skeleton height={240} />}>
      {({ checks }) => (
        <div className="stack">
          <ul className="checks">
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
  return (
    <li className={`check check-${state}`}>
      <Icon name={ok ? 'check' : 'warning'} />
      <span className="check-name">{name}</span>
      <span className="check-text">
        <span className="visually-hidden">{words[state]}: </span>
        {detail}
        {fix !== '' && (
          <span className="check-fix">
            <Prose text={fix} />
          </span>
        )}
      </span>
    </li>
  );
}

function WorkspaceFacts({ info }: { info: WorkspaceInfo }): ReactElement {
  return (
    <div className="stack">
      <p>
        <code>{info.directory}</code>
      </p>
      <p className="muted">
        Everything in it can be read without the studio: SQLite, safetensors, JSON lines and CSV. Nothing leaves this
        machine. Version {info.version}.
      </p>
    </div>
  );
}
