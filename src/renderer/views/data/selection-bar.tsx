import { useQuery } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import type { ImageFilter } from '#shared/filter.ts';
import { api, client } from '../../api/client.ts';
import { notices } from '../../api/notices.ts';
import { Button } from '../../components/button.tsx';
import { SuggestedInput } from '../../components/fields.tsx';
import { FormPopover } from '../../components/form-popover.tsx';
import { formatCount, plural } from '../../text/format.ts';
import { ExportFaces } from './export-faces.tsx';
import { FindSimilar } from './find-similar.tsx';
import { Relabel } from './relabel.tsx';
import { type FaceSelection, selectedCount, selectionRequest } from './selection.ts';
import { setExcluded, tellExclusion } from './undo.ts';
import './selection-bar.css';

interface SelectionBarProps {
  readonly selection: FaceSelection;
  readonly filter: ImageFilter;
  /** Faces that match the filter. */
  readonly total: number;
  readonly onSelectAll: () => void;
  readonly onClear: () => void;
}

/** What can be done with the selected faces. */
export function SelectionBar({ selection, filter, total, onSelectAll, onClear }: SelectionBarProps): ReactElement {
  const count = selectedCount(selection, total);
  const request = selectionRequest(selection, filter);
  const [single] = selection.kind === 'some' && selection.ids.size === 1 ? selection.ids : [];
  const showsExcluded = filter.excluded === 'only' || filter.excluded === 'any';
  const putBack = async (): Promise<void> => {
    await setExcluded(request, false, 'put back');
    onClear();
  };
  return (
    <div className="selection-bar" role="toolbar" aria-label="Selection">
      <strong role="status">{formatCount(count)} selected</strong>
      {selection.kind === 'some' && count < total && (
        <Button kind="quiet" onPress={onSelectAll}>
          Select all {formatCount(total)}
        </Button>
      )}
      <Relabel selection={request} count={count} onDone={onClear} />
      {filter.excluded !== 'only' && (
        <ExcludeForm
          count={count}
          onExclude={async (reason) => {
            const input = { selection: request, excluded: true, reason };
            tellExclusion(await client.catalog.excludeSelected.mutate(input));
            onClear();
          }}
        />
      )}
      {showsExcluded && (
        <Button icon="undo" onPress={() => void putBack()}>
          Put back
        </Button>
      )}
      <SubsetForm
        count={count}
        onAdd={async (name) => {
          const subset = await client.catalog.addToSubset.mutate({ selection: request, name });
          const message = `${subset.name}@${subset.version} holds ${plural(subset.total, 'image')}.`;
          notices.add({ level: 'info', message });
          onClear();
        }}
      />
      {single !== undefined && <FindSimilar id={single} />}
      <ExportFaces label="Export" what={plural(count, 'face')} selection={request} />
      <Button kind="quiet" icon="close" onPress={onClear}>
        Clear
      </Button>
    </div>
  );
}

/** What is most often wrong with a face. */
const REASONS = ['not a face', 'wrong label', 'unreadable', 'duplicate', 'several faces'];

const SUBSETS_SUGGESTED = 8;

function ExcludeForm(props: { count: number; onExclude: (reason: string) => Promise<void> }): ReactElement {
  const [reason, setReason] = useState('');
  return (
    <FormPopover
      label="Exclude"
      icon="excluded"
      title={`Exclude ${plural(props.count, 'face')}`}
      submitLabel="Exclude"
      submitKind="danger"
      canSubmit={reason.trim() !== ''}
      onSubmit={() => props.onExclude(reason.trim())}
    >
      <SuggestedInput
        label="Reason"
        description="They leave every count, page and draw; the log keeps who and why, and undo brings them back."
        value={reason}
        suggestions={REASONS}
        onChange={setReason}
      />
    </FormPopover>
  );
}

function SubsetForm(props: { count: number; onAdd: (name: string) => Promise<void> }): ReactElement {
  const [name, setName] = useState('');
  const subsets = useQuery(api.subsets.list.queryOptions());
  return (
    <FormPopover
      label="Add to subset"
      icon="plus"
      title={`Add ${plural(props.count, 'face')} to a subset`}
      submitLabel="Add"
      canSubmit={name.trim() !== ''}
      onSubmit={() => props.onAdd(name.trim())}
    >
      <SuggestedInput
        label="Subset"
        description="A new name makes a new subset; one that exists gets another version. Faces without a label are left out."
        value={name}
        suggestions={(subsets.data ?? []).slice(0, SUBSETS_SUGGESTED).map((subset) => subset.name)}
        onChange={setName}
      />
    </FormPopover>
  );
}
