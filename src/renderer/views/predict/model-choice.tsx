import { useQuery } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { Form } from 'react-aria-components';
import type { ModelRequest } from '#shared/requests.ts';
import { NETWORKS, type NetworkName, type RunSummary } from '#shared/training.ts';
import { api } from '../../api/client.ts';
import { Button } from '../../components/button.tsx';
import { Choice, type Option } from '../../components/fields.tsx';
import { FolderField } from '../../components/folder-field.tsx';
import { formatShare } from '../../text/format.ts';
import { NETWORK_LABELS, STATUS_LABELS } from '../../text/words.ts';
import './model-choice.css';

/** Who is asked, as an address says it. */
export interface Model {
  readonly run?: string;
  readonly checkpoint?: string;
  readonly network?: NetworkName;
}

/** The model as the host takes it. Without a choice: the newest run that has been evaluated. */
export function requestOfModel({ run, checkpoint, network }: Model): ModelRequest {
  return { ...(checkpoint === undefined ? { run } : { checkpoint }), ...(network !== undefined && { network }) };
}

/** What a model is called in a sentence. */
export function nameOfModel({ run, checkpoint }: Model, runs: readonly RunSummary[]): string {
  if (checkpoint !== undefined) return checkpoint.split(/[\\/]/).findLast((part) => part !== '') ?? checkpoint;
  return runs.find(({ id }) => id === run)?.name ?? run ?? '';
}

/** Runs that have something to ask, and the networks that were imported; the model of an address, with the usual one in place of none. */
export function useModels(wanted: Model) {
  const runs = useQuery(api.runs.list.queryOptions());
  const imported = useQuery(api.prediction.importedNetworks.queryOptions());
  const query = {
    data: runs.data &&
      imported.data && { runs: runs.data.filter(({ best }) => best !== null), imported: imported.data },
    error: runs.error ?? imported.error,
    refetch: () => {
      void runs.refetch();
      void imported.refetch();
    },
  };
  const usual = query.data?.runs[0]?.id;
  const [network] = query.data?.imported ?? [];
  const usualModel: Model =
    usual === undefined ? (network === undefined ? {} : { checkpoint: network }) : { run: usual };
  const model =
    wanted.run === undefined && wanted.checkpoint === undefined ? { ...usualModel, ...withoutPlace(wanted) } : wanted;
  return { query, model };
}

function withoutPlace({ network }: Model): Model {
  return network === undefined ? {} : { network };
}

const OTHER = 'other:';

interface ModelChoiceProps {
  readonly runs: readonly RunSummary[];
  readonly imported: readonly string[];
  readonly model: Model;
  /** What stands for no choice of a network. */
  readonly automatic: string;
  readonly networks?: readonly NetworkName[];
  readonly onChange: (model: Model) => void;
}

/** A run, an imported network or a checkpoint of the disk, and which of its networks. */
export function ModelChoice(props: ModelChoiceProps): ReactElement {
  const { runs, imported, model, automatic, networks = NETWORKS, onChange } = props;
  const [isTyping, setTyping] = useState(false);
  const options: Option<string>[] = [
    ...runs.map(({ id, name, status, best }) => ({
      value: `run:${id}`,
      label: name === id ? id : `${name} (${id})`,
      note: `${STATUS_LABELS[status]}${best === null ? '' : ` · ${formatShare(best.accuracy)}`}`,
    })),
    ...imported.map((name) => ({ value: `checkpoint:${name}`, label: name, note: 'Imported' })),
  ];
  const value = model.checkpoint === undefined ? `run:${model.run ?? ''}` : `checkpoint:${model.checkpoint}`;
  if (value !== 'run:' && !options.some((option) => option.value === value)) {
    options.push({
      value,
      label: nameOfModel(model, runs),
      note: model.checkpoint === undefined ? 'Run' : 'Checkpoint',
    });
  }
  const choose = (chosen: string): void => {
    setTyping(chosen === OTHER);
    if (chosen === OTHER) return;
    const [kind, place] = [chosen.slice(0, chosen.indexOf(':')), chosen.slice(chosen.indexOf(':') + 1)];
    onChange(kind === 'run' ? { run: place, network: model.network } : { checkpoint: place });
  };
  return (
    <>
      <div className="model-choice">
        <Choice
          label="Model"
          value={isTyping ? OTHER : value}
          options={[...options, { value: OTHER, label: 'A checkpoint on the disk …' }]}
          onChange={choose}
        />
        <Choice
          label="Network"
          value={model.network ?? 'automatic'}
          options={[
            { value: 'automatic', label: automatic },
            ...networks.map((network) => ({ value: network, label: NETWORK_LABELS[network] })),
          ]}
          onChange={(network) =>
            onChange({ ...model, network: network === 'automatic' ? undefined : (network as NetworkName) })
          }
        />
      </div>
      {isTyping && (
        <CheckpointForm
          onCancel={() => setTyping(false)}
          onChoose={(checkpoint) => {
            setTyping(false);
            onChange({ checkpoint });
          }}
        />
      )}
    </>
  );
}

function CheckpointForm(props: { onChoose: (path: string) => void; onCancel: () => void }): ReactElement {
  const [path, setPath] = useState('');
  return (
    <Form
      className="checkpoint-form"
      onSubmit={(event) => {
        event.preventDefault();
        props.onChoose(path.trim());
      }}
    >
      <FolderField
        label="Checkpoint folder or file"
        description="A folder with state.json, or a .safetensors, .pth, .onnx or SavedModel file or folder on this machine."
        placeholder="/path/to/checkpoint"
        value={path}
        onChange={setPath}
      />
      <div className="row">
        <Button type="submit" isDisabled={path.trim() === ''}>
          Use it
        </Button>
        <Button kind="quiet" onPress={props.onCancel}>
          Cancel
        </Button>
      </div>
    </Form>
  );
}
