import { useQueryClient } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { api, client } from '../../../api/client.ts';
import { notices } from '../../../api/notices.ts';
import { Toggle } from '../../../components/fields.tsx';
import { FolderField } from '../../../components/folder-field.tsx';
import { FormPopover } from '../../../components/form-popover.tsx';
import { formatCount, plural } from '../../../text/format.ts';
import { useReviewer } from '../review/reviewer.ts';

/** Decisions out to a csv and in from one, to work on the same labels at two machines. */
export function DecisionFiles(): ReactElement {
  const [out, setOut] = useState('');
  const [from, setFrom] = useState('');
  const [overwrite, setOverwrite] = useState(false);
  const reviewer = useReviewer();
  const queryClient = useQueryClient();
  return (
    <>
      <FormPopover
        label="Export"
        icon="export"
        title="Export decisions"
        submitLabel="Export"
        canSubmit={out.trim() !== ''}
        onSubmit={async () => {
          const { file, decisions } = await client.review.export.mutate({ file: out.trim() });
          notices.add({ level: 'info', message: `${plural(decisions, 'decision')} in ${file}.` });
        }}
      >
        <FolderField
          label="File"
          description="csv, on the host’s machine: what every reviewer said last of each face."
          placeholder="/path/to/decisions.csv"
          value={out}
          onChange={setOut}
        />
      </FormPopover>
      <FormPopover
        label="Import"
        icon="folder"
        title="Import decisions"
        submitLabel="Import"
        canSubmit={from.trim() !== ''}
        onSubmit={async () => {
          const { added, same, conflictCount, problemCount, overwritten } = await client.review.import.mutate({
            file: from.trim(),
            overwrite,
            ...(reviewer !== null && { reviewer }),
          });
          const parts = [`${formatCount(added)} added`, `${formatCount(same)} known already`];
          if (overwritten > 0) parts.push(`${formatCount(overwritten)} overwritten`);
          if (conflictCount > overwritten)
            parts.push(`${formatCount(conflictCount - overwritten)} left as they are here`);
          if (problemCount > 0) parts.push(`${formatCount(problemCount)} could not be read`);
          notices.add({ level: problemCount > 0 ? 'warning' : 'info', message: `${parts.join(', ')}.` });
          await queryClient.invalidateQueries(api.review.pathFilter());
        }}
      >
        <FolderField
          label="File"
          description="csv, as Export writes it."
          placeholder="/path/to/decisions.csv"
          value={from}
          onChange={setFrom}
        />
        <Toggle
          label="The file wins where it differs"
          description="Otherwise what was decided here stays."
          value={overwrite}
          onChange={setOverwrite}
        />
      </FormPopover>
    </>
  );
}
