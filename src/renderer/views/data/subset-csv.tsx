import { type ReactElement, useState } from 'react';
import { client } from '../../api/client.ts';
import { notices } from '../../api/notices.ts';
import { TextInput } from '../../components/fields.tsx';
import { FolderField } from '../../components/folder-field.tsx';
import { FormPopover } from '../../components/form-popover.tsx';
import { plural } from '../../text/format.ts';

/** Writes a version of a subset as the csv the released program reads. */
export function ReleasedCsvExport({ reference }: { reference: string }): ReactElement {
  const [file, setFile] = useState('');
  return (
    <FormPopover
      label="Released csv"
      icon="export"
      kind="quiet"
      title={`Write ${reference} for the released program`}
      submitLabel="Write"
      canSubmit={file.trim() !== ''}
      onSubmit={async () => {
        await client.subsets.export.mutate({ name: reference, file: file.trim() });
        notices.add({ level: 'info', message: `${reference} is in ${file.trim()}.` });
      }}
    >
      <FolderField
        label="File to make"
        description="On the machine the studio runs on; a file of that name is replaced."
        placeholder="/path/to/subset.csv"
        value={file}
        onChange={setFile}
      />
    </FormPopover>
  );
}

/** Keeps a csv of the released program as a subset. */
export function ReleasedCsvImport(): ReactElement {
  const [name, setName] = useState('');
  const [file, setFile] = useState('');
  return (
    <FormPopover
      label="Import a csv"
      icon="folder"
      kind="quiet"
      title="A subset from a csv of the released program"
      submitLabel="Import"
      canSubmit={name.trim() !== '' && file.trim() !== ''}
      onSubmit={async () => {
        const subset = await client.subsets.import.mutate({ name: name.trim(), file: file.trim() });
        notices.add({ level: 'info', message: `${subset.name} holds ${plural(subset.total, 'image')}.` });
      }}
    >
      <TextInput label="Subset" value={name} onChange={setName} />
      <FolderField
        label="File"
        description="Its rows are found by their paths: the images have to be imported."
        placeholder="/path/to/subset.csv"
        value={file}
        onChange={setFile}
      />
    </FormPopover>
  );
}
