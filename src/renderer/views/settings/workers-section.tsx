import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, type ReactElement, useState } from 'react';
import { Form } from 'react-aria-components';
import { type KnownWorker, knownWorkerSchema } from '#shared/workers.ts';
import { api, queryClient } from '../../api/client.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { TextInput } from '../../components/fields.tsx';
import { Prose } from '../../components/prose.tsx';
import { ErrorNote, Loaded, Skeleton } from '../../components/states.tsx';
import { type LookedAt, useLooks } from '../workers/looks.ts';
import { WorkerState } from '../workers/worker-state.tsx';
import { workerName } from '../workers/worker-words.ts';
import { CopyCommand } from './runtime-section.tsx';
import '../workers/workers.css';

/** The machines that train, label and score together with this one. */
export function WorkersSection(): ReactElement {
  const workers = useQuery(api.workers.list.queryOptions());
  return (
    <div className="stack">
      <p className="muted">
        Other devices and machines that take part in runs. A run on workers is put together, watched and kept here; its
        images must be on each of them.
      </p>
      <Loaded query={workers} skeleton={<Skeleton height={120} />}>
        {(known) => <KnownWorkers workers={known} />}
      </Loaded>
      <NewWorker />
      <HowToStart />
    </div>
  );
}

function keep(workers: KnownWorker[]): void {
  queryClient.setQueryData(api.workers.list.queryKey(), workers);
}

function KnownWorkers({ workers }: { workers: readonly KnownWorker[] }): ReactElement {
  const { looks, lookAgain } = useLooks(workers);
  const removing = useMutation(api.workers.remove.mutationOptions({ onSuccess: keep }));
  if (workers.length === 0) return <p className="muted">No workers are known yet. Start one, and add its address.</p>;
  return (
    <div className="stack">
      {removing.error !== null && <ErrorNote error={removing.error} />}
      <ul className="worker-list" aria-label="Known workers">
        {looks.map((looked) => (
          <WorkerRow
            key={looked.worker.address}
            looked={looked}
            onRemove={() => removing.mutate({ worker: looked.worker.address })}
          />
        ))}
      </ul>
      <div>
        <Button icon="refresh" isPending={looks.some(({ isLooking }) => isLooking)} onPress={lookAgain}>
          Look again
        </Button>
      </div>
    </div>
  );
}

function WorkerRow({ looked, onRemove }: { looked: LookedAt; onRemove: () => void }): ReactElement {
  const { worker, look } = looked;
  const hint = look !== null && 'problem' in look ? look.problem.hint : undefined;
  const name = workerName(worker);
  return (
    <li>
      <span className="worker-title">
        <strong>{name}</strong>
        {(worker.name !== '' || look?.state === 'ready') && (
          <span className="muted small">
            {[worker.name === '' ? null : worker.address, look?.state === 'ready' ? `on ${look.hostName}` : null]
              .filter((part) => part !== null)
              .join(' · ')}
          </span>
        )}
      </span>
      <WorkerState looked={looked} />
      <IconButton icon="remove" label={`Remove ${name}`} onPress={onRemove} />
      {hint !== undefined && !looked.isLooking && (
        <span className="muted small worker-hint">
          <Prose text={hint} />
        </span>
      )}
    </li>
  );
}

function NewWorker(): ReactElement {
  const [address, setAddress] = useState('');
  const [name, setName] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const adding = useMutation(
    api.workers.add.mutationOptions({
      onSuccess: (workers) => {
        keep(workers);
        setAddress('');
        setName('');
      },
    }),
  );
  const add = (event: FormEvent): void => {
    event.preventDefault();
    const worker = knownWorkerSchema.safeParse({ address, name });
    setProblem(worker.success ? null : `${worker.error.issues[0]!.message} Write HOST:PORT, such as 127.0.0.1:7070.`);
    if (worker.success) adding.mutate(worker.data);
  };
  return (
    <section className="stack" aria-labelledby="add-worker">
      <h3 id="add-worker">Add one</h3>
      <Form className="worker-form" onSubmit={add}>
        <TextInput
          label="Address"
          placeholder="127.0.0.1:7070"
          description="As the other workers reach it, too."
          value={address}
          onChange={(text) => {
            setAddress(text);
            setProblem(null);
          }}
        />
        <TextInput label="Name" placeholder="Left out: its address" value={name} onChange={setName} />
        <Button type="submit" icon="plus" isDisabled={address.trim() === ''} isPending={adding.isPending}>
          Add
        </Button>
      </Form>
      {problem !== null && (
        <p className="field-error" role="alert">
          {problem}
        </p>
      )}
      {adding.error !== null && problem === null && <ErrorNote error={adding.error} />}
    </section>
  );
}

const COMMAND = 'npm run -s face2exp --';

const COMMANDS = [
  ['On the machine that lends its device', `${COMMAND} worker --listen 127.0.0.1:7070`],
  ['Here, to reach it through SSH', `${COMMAND} tunnel HOST`],
] as const;

function HowToStart(): ReactElement {
  return (
    <section className="stack" aria-labelledby="start-worker">
      <h3 id="start-worker">How to start one</h3>
      <ul className="worker-commands">
        {COMMANDS.map(([where, command]) => (
          <li key={command}>
            <span className="muted small">{where}</span>
            <code>{command}</code>
            <CopyCommand command={command} />
          </li>
        ))}
      </ul>
      <p className="muted small">
        All need the same secret: the file <code>cluster-secret</code>, or <code>FACE2EXP_CLUSTER_SECRET</code>. Images
        that lie elsewhere there are found with <code>--map FOLDER-HERE=FOLDER-THERE</code>.
      </p>
      <p className="muted small">
        Nothing that travels between machines is encrypted or signed, neither by workers nor by TensorFlow’s gRPC: join
        them by the tunnel, or on a private network that nobody else is on (<code>--insecure-network</code>).
      </p>
    </section>
  );
}
