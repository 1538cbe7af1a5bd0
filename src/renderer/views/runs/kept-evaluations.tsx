import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import type { EvaluationRecord } from '#shared/evaluation.ts';
import { SPLITS, type Split } from '#shared/images.ts';
import { NETWORKS, type NetworkName, type RunDetail } from '#shared/training.ts';
import { api } from '../../api/client.ts';
import { Button } from '../../components/button.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Choice } from '../../components/fields.tsx';
import { ErrorNote, Loaded, Skeleton } from '../../components/states.tsx';
import { Ago } from '../../components/time.tsx';
import { formatCount, formatRate } from '../../text/format.ts';
import { NETWORK_LABELS, SPLIT_LABELS } from '../../text/words.ts';

interface KeptEvaluationsProps {
  readonly run: RunDetail;
  /** The one whose details are shown. */
  readonly shown: string | undefined;
  readonly onShow: (id: string | undefined) => void;
}

/** Evaluations that were asked for: each is kept with what it said about every image. */
export function KeptEvaluations({ run, shown, onShow }: KeptEvaluationsProps): ReactElement {
  const records = useQuery(api.evaluation.list.queryOptions({ run: run.id }));
  const columns: readonly Column<EvaluationRecord>[] = [
    ...COLUMNS,
    {
      key: 'show',
      title: 'Show',
      hidesTitle: true,
      isNumber: true,
      cell: ({ id }) => (
        <Button kind="quiet" onPress={() => onShow(id === shown ? undefined : id)}>
          {id === shown ? 'Hide' : 'Show'}
        </Button>
      ),
    },
  ];
  return (
    <section className="panel stack">
      <h2>On other images</h2>
      {run.best === null ? (
        <p className="muted">Once there is a checkpoint, its networks can be scored here on any split.</p>
      ) : (
        <EvaluateForm run={run} onEvaluated={onShow} />
      )}
      <Loaded query={records} skeleton={<Skeleton height={64} />}>
        {(list) =>
          list.length === 0 ? null : (
            <DataTable label="Evaluations on other images" columns={columns} rows={list} keyOf={({ id }) => id} />
          )
        }
      </Loaded>
    </section>
  );
}

const COLUMNS: readonly Column<EvaluationRecord>[] = [
  { key: 'split', title: 'Images', sortBy: ({ split }) => split, cell: ({ split }) => split },
  { key: 'network', title: 'Network', cell: ({ network }) => NETWORK_LABELS[network] },
  { key: 'step', title: 'Step', isNumber: true, sortBy: ({ step }) => step, cell: ({ step }) => formatCount(step) },
  {
    key: 'failed',
    title: 'Not readable',
    isNumber: true,
    sortBy: ({ failed }) => failed,
    cell: ({ failed }) => formatCount(failed),
  },
  {
    key: 'rate',
    title: 'Images/s',
    isNumber: true,
    sortBy: ({ imagesPerSecond }) => imagesPerSecond,
    cell: ({ imagesPerSecond }) => formatRate(imagesPerSecond),
  },
  {
    key: 'at',
    title: 'Scored',
    isNumber: true,
    sortBy: ({ createdAt }) => createdAt,
    cell: ({ createdAt }) => (
      <span className="muted">
        <Ago at={createdAt} />
      </span>
    ),
  },
];

const AUTOMATIC = 'automatic';

function EvaluateForm({ run, onEvaluated }: { run: RunDetail; onEvaluated: (id: string) => void }): ReactElement {
  const [split, setSplit] = useState<Split>('test');
  const [network, setNetwork] = useState<NetworkName | typeof AUTOMATIC>(AUTOMATIC);
  const queryClient = useQueryClient();
  const evaluating = useMutation(
    api.evaluation.evaluate.mutationOptions({
      onSuccess: ({ id }) => {
        void queryClient.invalidateQueries(api.evaluation.list.queryFilter({ run: run.id }));
        onEvaluated(id);
      },
    }),
  );
  const start = (): void =>
    evaluating.mutate({ model: { run: run.id, network: network === AUTOMATIC ? undefined : network }, split });
  return (
    <>
      <div className="inline-form">
        <Choice
          label="Score on"
          value={split}
          options={SPLITS.filter((value) => value !== 'unlabeled').map((value) => ({
            value,
            label: SPLIT_LABELS[value],
          }))}
          onChange={setSplit}
        />
        <Choice
          label="Network"
          value={network}
          options={[
            { value: AUTOMATIC, label: 'Chosen by validation' },
            ...networksOf(run).map((value) => ({ value, label: NETWORK_LABELS[value] })),
          ]}
          onChange={setNetwork}
        />
        <Button isPending={evaluating.isPending} onPress={start}>
          {evaluating.isPending ? 'Evaluating …' : 'Evaluate'}
        </Button>
      </div>
      {evaluating.error !== null && <ErrorNote error={evaluating.error} onRetry={start} />}
    </>
  );
}

/** Those that the run has trained so far. */
function networksOf({ evaluations }: RunDetail): NetworkName[] {
  return NETWORKS.filter((name) => evaluations.some(({ network }) => network === name));
}
