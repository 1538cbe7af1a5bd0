import { useMutation, useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import type { WorkspaceInfo } from '#shared/requests.ts';
import type { Storage } from '#shared/storage.ts';
import { api } from '../../api/client.ts';
import { Button } from '../../components/button.tsx';
import { JobProgress } from '../../components/job-progress.tsx';
import { ErrorNote, Loaded, Problem, Skeleton, WarningNote } from '../../components/states.tsx';
import { Ago } from '../../components/time.tsx';
import { formatBytes, formatCount, formatRate, plural } from '../../text/format.ts';
import { isActiveJob } from '../../text/job.ts';
import { CopyCommand } from './runtime-section.tsx';
import { quoted } from './words.ts';

/** The folder a person chose: how large it is, whether it is sound, and copies of what cannot be made again. */
export function WorkspaceSection({ info }: { info: WorkspaceInfo }): ReactElement {
  const storage = useQuery({ ...api.system.storage.queryOptions(), staleTime: 30_000 });
  return (
    <div className="stack">
      <p>
        <code>{info.directory}</code>
      </p>
      <p className="muted">
        Everything in it can be read without the studio: SQLite, safetensors, JSON lines and CSV. Images stay where they
        are and are never changed.
      </p>
      <Loaded query={storage} skeleton={<Skeleton height={120} />}>
        {(data) => (
          <>
            <Parts storage={data} />
            <Integrity />
            <Backups storage={data} directory={info.directory} onDone={() => void storage.refetch()} />
          </>
        )}
      </Loaded>
    </div>
  );
}

const PART_WORDS: Readonly<Record<string, string>> = {
  'catalog.sqlite': 'The catalog: images, labels, decisions, figures of runs',
  runs: 'Checkpoints, logs and evaluations of runs',
  cache: 'Features and pictures that are made again when they are missing',
  networks: 'Networks that were imported',
  evaluations: 'Evaluations of checkpoints of no run',
  backups: 'Backups of the catalog',
  images: 'Images that were copied in',
  demo: 'Faces that were drawn for the demo',
};

function Parts({ storage }: { storage: Storage }): ReactElement {
  return (
    <section className="stack" aria-labelledby="storage">
      <h3 id="storage">Size</h3>
      <p>
        {formatBytes(storage.bytes)} in all; {formatBytes(storage.free)} are free on its disk.
      </p>
      <ul className="parts">
        {storage.parts.map(({ name, bytes, files, disposable }) => (
          <li key={name}>
            <code>{name}</code>
            <span className="part-track">
              <span className="part-fill" style={{ width: `${(bytes / Math.max(1, storage.bytes)) * 100}%` }} />
            </span>
            <span className="number">{formatBytes(bytes)}</span>
            <span className="muted small part-words">
              {PART_WORDS[name] ?? plural(files, 'file')}
              {disposable && '; may be deleted while the studio is closed'}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Integrity(): ReactElement {
  const checking = useMutation(api.system.checkCatalog.mutationOptions());
  return (
    <section className="stack" aria-labelledby="integrity">
      <h3 id="integrity">Integrity</h3>
      {checking.error !== null && <ErrorNote error={checking.error} onRetry={() => checking.mutate()} />}
      {checking.data !== undefined &&
        (checking.data.problems.length === 0 ? (
          <p role="status">
            The catalog is sound: every page, reference and count was looked at in{' '}
            {formatRate(checking.data.milliseconds / 1000)} s.
          </p>
        ) : (
          <WarningNote>
            <ul>
              {checking.data.problems.map((problem) => (
                <li key={problem}>{problem}</li>
              ))}
            </ul>
          </WarningNote>
        ))}
      <div className="row">
        <Button icon="check" isPending={checking.isPending} onPress={() => checking.mutate()}>
          Check the catalog
        </Button>
        <span className="muted small">Seconds for a million images; nothing is changed.</span>
      </div>
    </section>
  );
}

interface BackupsProps {
  readonly storage: Storage;
  readonly directory: string;
  readonly onDone: () => void;
}

function Backups({ storage, directory, onDone }: BackupsProps): ReactElement {
  const backing = useMutation(api.catalog.backup.mutationOptions());
  const jobs = useQuery(api.jobs.list.queryOptions());
  const job = jobs.data?.find(({ kind }) => kind === 'backup');
  const isWorking = backing.isPending || (job !== undefined && isActiveJob(job));
  const [newest] = storage.backups;
  const isNewer = job?.status === 'finished' && (newest === undefined || job.updatedAt > newest.writtenAt);
  const command = newest && `npm run -s face2exp -- restore ${quoted(newest.file)} --workspace ${quoted(directory)}`;
  return (
    <section className="stack" aria-labelledby="backups">
      <h3 id="backups">Backups</h3>
      {storage.backups.length === 0 ? (
        <p className="muted">
          There is none yet. A backup holds labels, decisions, subsets and the runs’ figures; images and checkpoints
          stay where they are.
        </p>
      ) : (
        <ul className="backups">
          {storage.backups.slice(0, 5).map(({ file, bytes, writtenAt }) => (
            <li key={file}>
              <code className="truncate" title={file}>
                {file.split(/[\\/]/).at(-1)}
              </code>
              <span className="number">{formatBytes(bytes)}</span>
              <span className="muted">
                <Ago at={writtenAt} />
              </span>
            </li>
          ))}
          {storage.backups.length > 5 && (
            <li className="muted">and {formatCount(storage.backups.length - 5)} earlier ones</li>
          )}
        </ul>
      )}
      {isWorking && job !== undefined && <JobProgress job={job} />}
      {job?.status === 'failed' && job.error !== null && <Problem problem={job.error} />}
      {backing.error !== null && <ErrorNote error={backing.error} />}
      <div className="row">
        <Button isPending={isWorking} onPress={() => backing.mutate({})}>
          Back up now
        </Button>
        {isNewer && (
          <Button kind="quiet" icon="refresh" onPress={onDone}>
            Show the new one
          </Button>
        )}
      </div>
      {command !== undefined && (
        <p className="muted small restore">
          To restore the newest, close the studio and run <code>{command}</code>; the present catalog is kept aside.
          <CopyCommand command={command} />
        </p>
      )}
    </section>
  );
}
