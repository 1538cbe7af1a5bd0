import { useQuery } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { NETWORKS, type NetworkName } from '#shared/training.ts';
import { api, client } from '../../../api/client.ts';
import { notices } from '../../../api/notices.ts';
import { Choice, NumberInput, TextInput, Toggle } from '../../../components/fields.tsx';
import { FolderField } from '../../../components/folder-field.tsx';
import { FormPopover } from '../../../components/form-popover.tsx';
import { formatCount, formatShare } from '../../../text/format.ts';
import { NETWORK_LABELS } from '../../../text/words.ts';
import { type ClusterDraft, clusterOf, isSomewhere } from '../../workers/cluster-draft.ts';
import { WhereIfKnown } from '../../workers/where.tsx';

const AUTOMATIC = 'automatic';

function useSources() {
  const stats = useQuery(api.catalog.stats.queryOptions());
  return (stats.data?.sources ?? []).map(({ name, total }) => ({
    value: name,
    label: name,
    note: formatCount(total),
  }));
}

/** Labels a source with the network of a run. */
export function NewRound(): ReactElement {
  const runs = useQuery(api.runs.list.queryOptions());
  const sources = useSources();
  const trained = (runs.data ?? []).filter(({ best }) => best !== null);
  const [run, setRun] = useState<string | null>(null);
  const [network, setNetwork] = useState<NetworkName | typeof AUTOMATIC>(AUTOMATIC);
  const [source, setSource] = useState<string | null>(null);
  const [name, setName] = useState('');
  const [embeddings, setEmbeddings] = useState(true);
  const [cluster, setCluster] = useState<ClusterDraft | null>(null);
  const chosenRun = run ?? trained[0]?.id ?? null;
  return (
    <FormPopover
      label="Label with a network"
      icon="plus"
      kind="primary"
      title="Label a source with a network"
      submitLabel="Label"
      canSubmit={chosenRun !== null && source !== null && isSomewhere(cluster)}
      onSubmit={async () => {
        const job = await client.rounds.label.mutate({
          run: chosenRun!,
          ...(network !== AUTOMATIC && { network }),
          source: source!,
          ...(name.trim() !== '' && { name: name.trim() }),
          embeddings,
          ...clusterOf(cluster),
        });
        notices.add({ level: 'info', message: `${job.title}: it goes on if you leave this page.` });
      }}
    >
      <Choice
        label="Run"
        value={chosenRun}
        placeholder={trained.length === 0 ? 'No trained network yet' : 'Choose'}
        isDisabled={trained.length === 0}
        options={trained.map((one) => ({
          value: one.id,
          label: one.name,
          note: one.best === null ? '' : formatShare(one.best.accuracy),
        }))}
        onChange={setRun}
      />
      <Choice
        label="Network"
        value={network}
        options={[
          { value: AUTOMATIC, label: 'Chosen by validation' },
          ...NETWORKS.map((value) => ({ value, label: NETWORK_LABELS[value] })),
        ]}
        onChange={setNetwork}
      />
      <Choice label="Source" value={source} options={sources} onChange={setSource} />
      <TextInput
        label="Name"
        description="Made of the run and its step when left out."
        value={name}
        onChange={setName}
      />
      <Toggle
        label="Keep embeddings"
        description="1 to 4 kB a face; neighbours and the map need them."
        value={embeddings}
        onChange={setEmbeddings}
      />
      <WhereIfKnown label="Where it computes" cluster={cluster} onChange={setCluster} />
    </FormPopover>
  );
}

/** Makes a round of a file of probabilities. */
export function RoundFromFile(): ReactElement {
  const sources = useSources();
  const [file, setFile] = useState('');
  const [source, setSource] = useState<string | null>(null);
  const [name, setName] = useState('');
  const [step, setStep] = useState(Number.NaN);
  const [network, setNetwork] = useState<NetworkName | typeof AUTOMATIC>(AUTOMATIC);
  return (
    <FormPopover
      label="From a file"
      icon="folder"
      title="Make a round from a file"
      submitLabel="Read"
      canSubmit={file.trim() !== '' && source !== null && name.trim() !== ''}
      onSubmit={async () => {
        const job = await client.rounds.importFile.mutate({
          file: file.trim(),
          source: source!,
          name: name.trim(),
          ...(Number.isFinite(step) && { step }),
          ...(network !== AUTOMATIC && { network }),
        });
        notices.add({ level: 'info', message: `${job.title}: it goes on if you leave this page.` });
      }}
    >
      <FolderField
        label="File"
        description="csv, JSON Lines, Parquet or npz: the path or id of each image, and a column a class."
        placeholder="/path/to/probabilities.csv"
        value={file}
        onChange={setFile}
      />
      <Choice label="Source" value={source} options={sources} onChange={setSource} />
      <TextInput label="Name" value={name} onChange={setName} />
      <Choice
        label="Network"
        description="What the labels are of, so that rounds of one network line up."
        value={network}
        options={[
          { value: AUTOMATIC, label: 'Not said' },
          ...NETWORKS.map((value) => ({ value, label: NETWORK_LABELS[value] })),
        ]}
        onChange={setNetwork}
      />
      <NumberInput label="Step" minimum={0} value={step} onChange={setStep} />
    </FormPopover>
  );
}
