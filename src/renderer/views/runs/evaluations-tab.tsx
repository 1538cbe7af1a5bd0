import { useMutation } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { SPLITS, type Split } from '#shared/images.ts';
import { type Evaluation, NETWORKS, type NetworkName, type RunDetail } from '#shared/training.ts';
import { api } from '../../api/client.ts';
import { Button } from '../../components/button.tsx';
import { ClassMark } from '../../components/class-mark.tsx';
import { Choice } from '../../components/fields.tsx';
import { Empty, ErrorNote } from '../../components/states.tsx';
import { formatCount, formatShare } from '../../text/format.ts';
import { NETWORK_LABELS, SPLIT_LABELS } from '../../text/words.ts';
import { ConfusionMatrix } from './confusion-matrix.tsx';
import { type RankedEvaluation, rankEvaluations } from './evaluations.ts';

/** How well each network did, at its last and its best evaluation, and on request on another split. */
export function EvaluationsTab({ run }: { run: RunDetail }): ReactElement {
  const [asked, setAsked] = useState<readonly Evaluation[]>([]);
  const rows = rankEvaluations(run.evaluations, asked);
  const [chosen, setChosen] = useState<Evaluation | null>(null);
  const shown = chosen ?? rows.at(0)?.evaluation;
  return (
    <div className="stack">
      <section className="panel stack">
        {rows.length === 0 ? (
          <Empty icon="runs" title="Not evaluated yet">
            Both networks are scored on the validation images every {formatCount(run.config.evaluateEvery)} steps.
          </Empty>
        ) : (
          <EvaluationTable rows={rows} shown={shown} onShow={setChosen} />
        )}
        <EvaluateForm
          run={run}
          onEvaluated={(evaluation) => {
            setAsked([evaluation, ...asked]);
            setChosen(evaluation);
          }}
        />
      </section>
      {shown !== undefined && <EvaluationDetail evaluation={shown} />}
    </div>
  );
}

interface EvaluationTableProps {
  readonly rows: readonly RankedEvaluation[];
  readonly shown: Evaluation | undefined;
  readonly onShow: (evaluation: Evaluation) => void;
}

function EvaluationTable({ rows, shown, onShow }: EvaluationTableProps): ReactElement {
  return (
    <div className="table-scroll">
      <table className="table">
        <thead>
          <tr>
            <th>Network</th>
            <th>Split</th>
            <th className="number">Step</th>
            <th className="number">Accuracy</th>
            <th className="number">Mean-class</th>
            <th className="number">Top 2</th>
            <th className="number">Calibration error</th>
            <th className="number">Log loss, nats</th>
            <th className="number">Images</th>
            <th>
              <span className="visually-hidden">Show</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ evaluation, note }) => (
            <tr key={`${evaluation.network} ${evaluation.split} ${evaluation.step} ${note}`}>
              <td>
                {NETWORK_LABELS[evaluation.network]} <span className="muted small">{note}</span>
              </td>
              <td>{evaluation.split}</td>
              <td className="number">{formatCount(evaluation.step)}</td>
              <td className="number">{formatShare(evaluation.accuracy)}</td>
              <td className="number">{formatShare(evaluation.meanClassAccuracy)}</td>
              <td className="number">{formatShare(evaluation.top2)}</td>
              <td className="number">{evaluation.ece.toFixed(3)}</td>
              <td className="number">{evaluation.nll.toFixed(3)}</td>
              <td className="number">{formatCount(evaluation.count)}</td>
              <td className="number">
                <Button kind="quiet" isDisabled={evaluation === shown} onPress={() => onShow(evaluation)}>
                  {evaluation === shown ? 'Shown' : 'Show'}
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const AUTOMATIC = 'automatic';

function EvaluateForm({
  run,
  onEvaluated,
}: {
  run: RunDetail;
  onEvaluated: (evaluation: Evaluation) => void;
}): ReactElement {
  const [split, setSplit] = useState<Split>('test');
  const [network, setNetwork] = useState<NetworkName | typeof AUTOMATIC>(AUTOMATIC);
  const evaluating = useMutation(api.prediction.evaluate.mutationOptions({ onSuccess: onEvaluated }));
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
            ...NETWORKS.map((value) => ({ value, label: NETWORK_LABELS[value] })),
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

function EvaluationDetail({ evaluation }: { evaluation: Evaluation }): ReactElement {
  return (
    <div className="panel evaluation-detail">
      <ConfusionMatrix confusion={evaluation.confusion} />
      <section>
        <h2>
          {NETWORK_LABELS[evaluation.network]}, {evaluation.split}, step {formatCount(evaluation.step)}
        </h2>
        <table className="table">
          <thead>
            <tr>
              <th>Class</th>
              <th className="number">Precision</th>
              <th className="number">Recall</th>
              <th className="number">F1</th>
              <th className="number">Images</th>
            </tr>
          </thead>
          <tbody>
            {evaluation.perClass.map((row, index) => (
              <tr key={row.name}>
                <td>
                  <ClassMark index={index} />
                </td>
                <td className="number">{formatShare(row.precision)}</td>
                <td className="number">{formatShare(row.recall)}</td>
                <td className="number">{formatShare(row.f1)}</td>
                <td className="number">{formatCount(row.support)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </div>
  );
}
