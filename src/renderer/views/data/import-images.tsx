import { useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { type ReactElement, useState } from 'react';
import { Form } from 'react-aria-components';
import type { ImportFormat } from '#shared/catalog.ts';
import type { Role } from '#shared/images.ts';
import type { Job } from '#shared/jobs.ts';
import { api } from '../../api/client.ts';
import { Button } from '../../components/button.tsx';
import { Choice, type Option, TextInput } from '../../components/fields.tsx';
import { FolderField } from '../../components/folder-field.tsx';
import { JobProgress } from '../../components/job-progress.tsx';
import { Empty, ErrorNote, Loaded, Problem, Skeleton } from '../../components/states.tsx';
import { Status } from '../../components/status-dot.tsx';
import { isActiveJob, jobProgressText } from '../../text/job.ts';

const route = getRouteApi('/data/import');

const FORMATS: readonly Option<ImportFormat>[] = [
  { value: 'auto', label: 'Find out' },
  { value: 'folder', label: 'Class folders', note: 'happy/…, sad/…' },
  { value: 'identity', label: 'People', note: 'one folder a person' },
  { value: 'fer2013', label: 'FER2013', note: 'csv or folders' },
];

const ROLES: readonly Option<Role>[] = [
  { value: 'labeled', label: 'Labeled', note: 'with its own splits, else training' },
  { value: 'unlabeled', label: 'Unlabeled', note: 'faces to learn pseudo labels on' },
  { value: 'validation', label: 'Validation', note: 'chooses the best checkpoint' },
  { value: 'test', label: 'Test', note: 'scored on request' },
];

/** Adds images of a folder or file; the import goes on when one leaves. */
export function ImportImages(): ReactElement {
  return (
    <div className="data-page data-page-split">
      <ImportJobs />
      <ImportForm />
    </div>
  );
}

function ImportForm(): ReactElement {
  const search = route.useSearch();
  const [path, setPath] = useState(search.path ?? '');
  const [format, setFormat] = useState<ImportFormat>('auto');
  const [role, setRole] = useState<Role>('labeled');
  const [name, setName] = useState('');
  const importing = useMutation(api.catalog.import.mutationOptions());
  const submit = (): void => {
    const source = name.trim() === '' ? undefined : name.trim();
    importing.mutate({ path: path.trim(), format, role, source });
  };
  return (
    <section className="panel">
      <h2>Import images</h2>
      <Form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <FolderField
          label="Folder or file"
          description="On the machine the studio runs on. Images stay where they are."
          value={path}
          onChange={setPath}
        />
        <Choice label="Format" value={format} options={FORMATS} onChange={setFormat} />
        <Choice label="Role" value={role} options={ROLES} onChange={setRole} />
        <TextInput label="Name" description="Left empty: the folder’s own name." value={name} onChange={setName} />
        {importing.error !== null && <ErrorNote error={importing.error} />}
        <Button kind="primary" type="submit" isDisabled={path.trim() === ''} isPending={importing.isPending}>
          Import
        </Button>
      </Form>
    </section>
  );
}

function ImportJobs(): ReactElement {
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
        <strong className="truncate">{job.title}</strong>
        <span className="spacer" />
        <Status status={job.status} />
      </div>
      {isActiveJob(job) ? <JobProgress job={job} /> : <p className="muted small">{jobProgressText(job)}</p>}
      {job.error !== null && job.status === 'failed' && <Problem problem={job.error} />}
    </li>
  );
}
