import { type ReactElement, useState } from 'react';
import { type ExportFormat, FOLDER_FORMATS } from '#shared/export.ts';
import type { Selection } from '#shared/faces.ts';
import { client } from '../../api/client.ts';
import { notices } from '../../api/notices.ts';
import { Choice, type Option, Toggle } from '../../components/fields.tsx';
import { FolderField } from '../../components/folder-field.tsx';
import { FormPopover } from '../../components/form-popover.tsx';

const FORMATS: readonly Option<ExportFormat>[] = [
  { value: 'csv', label: 'Table', note: 'csv' },
  { value: 'jsonl', label: 'JSON lines', note: 'jsonl' },
  { value: 'parquet', label: 'Parquet', note: 'columns' },
  { value: 'folders', label: 'Class folders', note: 'happy/…, sad/…' },
  { value: 'coco', label: 'COCO', note: 'json' },
  { value: 'datasheet', label: 'Datasheet', note: 'a page with counts' },
];

interface ExportFacesProps {
  /** On the button. */
  readonly label: string;
  /** In words, such as "12 faces". */
  readonly what: string;
  /** What was selected, or a frozen subset by its name. */
  readonly selection: Selection | { readonly subset: string };
  readonly isQuiet?: boolean;
}

/** Writes faces as files, as a job that goes on when one leaves. */
export function ExportFaces({ label, what, selection, isQuiet = false }: ExportFacesProps): ReactElement {
  const [format, setFormat] = useState<ExportFormat>('csv');
  const [target, setTarget] = useState('');
  const [copies, setCopies] = useState(false);
  const makesFolder = FOLDER_FORMATS.includes(format);
  return (
    <FormPopover
      label={label}
      icon="export"
      kind={isQuiet ? 'quiet' : 'plain'}
      title={`Export ${what}`}
      submitLabel="Export"
      canSubmit={target.trim() !== ''}
      onSubmit={async () => {
        await client.catalog.export.mutate({ target: target.trim(), format, copy: copies, ...selection });
        notices.add({ level: 'info', message: `${what} are being written to ${target.trim()}: see Jobs.` });
      }}
    >
      <Choice label="Format" value={format} options={FORMATS} onChange={setFormat} />
      <FolderField
        label={makesFolder ? 'Folder to make' : 'File to make'}
        description={
          makesFolder
            ? 'On the machine the studio runs on; it must not be there yet, or be empty.'
            : 'On the machine the studio runs on; a file of that name is replaced.'
        }
        placeholder={makesFolder ? '/path/to/faces' : `/path/to/faces.${format === 'coco' ? 'json' : format}`}
        value={target}
        onChange={setTarget}
      />
      {format === 'folders' && (
        <Toggle
          label="Copies of the files"
          description="Otherwise hard links, which take no space."
          value={copies}
          onChange={setCopies}
        />
      )}
    </FormPopover>
  );
}
