import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { type ReactElement, useEffect, useState } from 'react';
import { Form } from 'react-aria-components';
import type { ImportFormat, ImportRequest } from '#shared/catalog.ts';
import { ROLES, type Role } from '#shared/images.ts';
import { api } from '../../api/client.ts';
import { Button } from '../../components/button.tsx';
import { Choice, type Option, TextInput, Toggle } from '../../components/fields.tsx';
import { FolderField } from '../../components/folder-field.tsx';
import { ErrorNote, Skeleton } from '../../components/states.tsx';
import { ROLE_LABELS } from '../../text/words.ts';
import { ImportJobs } from './import-jobs.tsx';
import { type Choices, ImportPreviewPanel } from './import-preview.tsx';

const route = getRouteApi('/data/import');

const FORMATS: readonly Option<ImportFormat>[] = [
  { value: 'auto', label: 'Find out' },
  { value: 'folder', label: 'Class folders', note: 'happy/…, sad/…' },
  { value: 'identity', label: 'People', note: 'one folder a person' },
  { value: 'csv', label: 'Released csv', note: 'of the released program' },
  { value: 'manifest', label: 'List', note: 'csv, tsv, json lines' },
  { value: 'affectnet', label: 'AffectNet', note: 'lists or folders' },
  { value: 'raf-db', label: 'RAF-DB', note: 'list_patition_label.txt' },
  { value: 'fer2013', label: 'FER2013', note: 'csv or folders' },
  { value: 'ferplus', label: 'FER+', note: 'votes on FER2013' },
  { value: 'ck-plus', label: 'CK+', note: 'sequences' },
  { value: 'recordio', label: 'RecordIO', note: 'MS1M, .rec and .idx' },
  { value: 'huggingface', label: 'Image folder', note: 'metadata.csv' },
];

const ROLE_NOTES: Readonly<Record<Role, string>> = {
  labeled: 'with its own splits, else training',
  unlabeled: 'faces to learn pseudo labels on',
  validation: 'chooses the best network',
  test: 'measures it in the end',
};

/** Choose, see what it is taken for, say what is not known, go: an import runs on when one leaves. */
export function ImportImages(): ReactElement {
  const search = route.useSearch();
  const [path, setPath] = useState(search.path ?? '');
  const [format, setFormat] = useState<ImportFormat>('auto');
  const [role, setRole] = useState<Role>('labeled');
  const [name, setName] = useState('');
  const [copies, setCopies] = useState(false);
  const [choices, setChoices] = useState<Choices>({ columns: {}, classes: {} });
  const request: ImportRequest = {
    path: path.trim(),
    format,
    role,
    ...(name.trim() !== '' && { source: name.trim() }),
    ...(Object.keys(choices.columns).length > 0 && { columns: choices.columns }),
    ...(Object.keys(choices.classes).length > 0 && { classes: choices.classes }),
    ...(copies && { copy: true }),
  };
  const importing = useMutation(api.catalog.import.mutationOptions());
  return (
    <div className="data-page data-page-import">
      <div className="stack">
        <section className="panel">
          <h2>Import images</h2>
          <Form
            className="form"
            onSubmit={(event) => {
              event.preventDefault();
              importing.mutate(request);
            }}
          >
            <FolderField
              label="Folder or file"
              description="On the machine the studio runs on. Images stay where they are."
              value={path}
              onChange={(next) => {
                setPath(next);
                setChoices({ columns: {}, classes: {} });
              }}
            />
            <Choice label="Format" value={format} options={FORMATS} onChange={setFormat} />
            <Choice
              label="Role"
              value={role}
              options={ROLES.map((value) => ({ value, label: ROLE_LABELS[value], note: ROLE_NOTES[value] }))}
              onChange={setRole}
            />
            <TextInput label="Name" description="Left empty: the folder’s own name." value={name} onChange={setName} />
            <Toggle
              label="Keep copies in the workspace"
              description="For images that may go away; they take the room they have now."
              value={copies}
              onChange={setCopies}
            />
            {importing.error !== null && <ErrorNote error={importing.error} />}
            <Button kind="primary" type="submit" isDisabled={path.trim() === ''} isPending={importing.isPending}>
              Import
            </Button>
          </Form>
        </section>
        <ImportJobs />
      </div>
      <Preview request={request} choices={choices} onChoose={setChoices} />
    </div>
  );
}

/** So long after the last change one looks at the path. */
const REST_MILLISECONDS = 500;

interface PreviewProps {
  readonly request: ImportRequest;
  readonly choices: Choices;
  readonly onChoose: (choices: Choices) => void;
}

function Preview({ request, choices, onChoose }: PreviewProps): ReactElement {
  const text = JSON.stringify(request);
  const [rested, setRested] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setRested(text), REST_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [text]);
  const asked = JSON.parse(rested) as ImportRequest;
  const preview = useQuery(
    api.catalog.importPreview.queryOptions(asked, {
      enabled: asked.path !== '',
      placeholderData: (before, query) => (query === undefined ? undefined : keepPreviousData(before)),
      staleTime: 0,
      retry: false,
    }),
  );
  return (
    <section className="panel" aria-label="Preview" aria-busy={preview.isFetching || undefined}>
      <h2>What it would be</h2>
      {asked.path === '' ? (
        <p className="muted">Name a folder or a file: what it is taken for, and its first images, are shown here.</p>
      ) : preview.error !== null ? (
        <ErrorNote error={preview.error} onRetry={() => void preview.refetch()} />
      ) : preview.data === undefined ? (
        <Skeleton height={240} />
      ) : (
        <ImportPreviewPanel preview={preview.data} choices={choices} onChoose={onChoose} />
      )}
    </section>
  );
}
