import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { type ReactElement, useState } from 'react';
import { type Evaluation, type RunDetail } from '#shared/training.ts';
import { api } from '../../api/client.ts';
import { Button } from '../../components/button.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Icon } from '../../components/icon.tsx';
import { Empty, Loaded, Skeleton } from '../../components/states.tsx';
import { formatCount, formatPercent, formatShare } from '../../text/format.ts';
import { NETWORK_LABELS } from '../../text/words.ts';
import { EvaluationDetail } from './evaluation-detail.tsx';
import { type RankedEvaluation, rankEvaluations } from './evaluations.ts';
import { KeptEvaluations } from './kept-evaluations.tsx';

const route = getRouteApi('/runs/$run');

/** How well each network did while it trained, and, on request, on other images. */
export function EvaluationsTab({ run }: { run: RunDetail }): ReactElement {
  const { evaluation: kept } = route.useSearch();
  const navigate = route.useNavigate();
  const rows = rankEvaluations(run.evaluations, run.best);
  const [chosen, setChosen] = useState<Evaluation | null>(null);
  const shown = kept !== undefined ? undefined : (chosen ?? rows.at(0)?.evaluation);
  const showKept = (id: string | undefined): void =>
    void navigate({ search: (before) => ({ ...before, evaluation: id }), replace: true });
  return (
    <div className="stack">
      <section className="panel stack">
        <h2>While training, on validation</h2>
        {rows.length === 0 ? (
          <Empty icon="runs" title="Not evaluated yet">
            The networks are scored on the validation images every {formatCount(run.config.evaluateEvery)} steps.
          </Empty>
        ) : (
          <>
            <ChosenNetwork run={run} />
            <WhileTraining
              rows={rows}
              shown={shown}
              onShow={(evaluation) => {
                setChosen(evaluation);
                showKept(undefined);
              }}
            />
          </>
        )}
      </section>
      <KeptEvaluations run={run} shown={kept} onShow={showKept} />
      {kept !== undefined && <KeptDetail id={kept} />}
      {shown !== undefined && <EvaluationDetail evaluation={shown} />}
    </div>
  );
}

/** Which network prediction takes, and why. */
function ChosenNetwork({ run: { best } }: { run: RunDetail }): ReactElement | null {
  if (best === null) return null;
  return (
    <p className="row">
      <Icon name="check" />
      <span>
        Validation chose the <strong>{NETWORK_LABELS[best.network].toLowerCase()}</strong> network of step{' '}
        {formatCount(best.step)}: {formatShare(best.accuracy)} accuracy, {formatShare(best.meanClassAccuracy)}{' '}
        mean-class. Predictions and comparisons take it unless told otherwise.
      </span>
    </p>
  );
}

interface WhileTrainingProps {
  readonly rows: readonly RankedEvaluation[];
  readonly shown: Evaluation | undefined;
  readonly onShow: (evaluation: Evaluation) => void;
}

function WhileTraining({ rows, shown, onShow }: WhileTrainingProps): ReactElement {
  const columns: readonly Column<RankedEvaluation>[] = [
    {
      key: 'network',
      title: 'Network',
      cell: ({ evaluation, note }) => (
        <>
          {NETWORK_LABELS[evaluation.network]} <span className="muted small">{note}</span>
        </>
      ),
    },
    ...SCORES.map((column) => ({
      ...column,
      sortBy: ({ evaluation }: RankedEvaluation) => column.sortBy(evaluation),
      cell: ({ evaluation }: RankedEvaluation) => column.cell(evaluation),
    })),
    {
      key: 'show',
      title: 'Show',
      hidesTitle: true,
      isNumber: true,
      cell: ({ evaluation }) => (
        <Button kind="quiet" isDisabled={evaluation === shown} onPress={() => onShow(evaluation)}>
          {evaluation === shown ? 'Shown' : 'Show'}
        </Button>
      ),
    },
  ];
  return (
    <DataTable
      label="Evaluations while training"
      columns={columns}
      rows={rows}
      keyOf={({ evaluation, note }) => `${evaluation.network} ${evaluation.step} ${note}`}
    />
  );
}

interface Score {
  readonly key: string;
  readonly title: string;
  readonly isNumber: true;
  readonly sortBy: (evaluation: Evaluation) => number;
  readonly cell: (evaluation: Evaluation) => string;
}

function score(
  key: string,
  title: string,
  of: (evaluation: Evaluation) => number,
  text: (value: number) => string,
): Score {
  return { key, title, isNumber: true, sortBy: of, cell: (evaluation) => text(of(evaluation)) };
}

const threeDigits = (value: number): string => value.toFixed(3);

const SCORES: readonly Score[] = [
  score('step', 'Step', ({ step }) => step, formatCount),
  score('accuracy', 'Accuracy, %', ({ accuracy }) => accuracy, formatPercent),
  score('meanClass', 'Mean-class, %', ({ meanClassAccuracy }) => meanClassAccuracy, formatPercent),
  score('top2', 'Top 2, %', ({ top2 }) => top2, formatPercent),
  score('ece', 'Calibration error', ({ ece }) => ece, threeDigits),
  score('nll', 'Log loss, nats', ({ nll }) => nll, threeDigits),
  score('count', 'Images', ({ count }) => count, formatCount),
];

function KeptDetail({ id }: { id: string }): ReactElement {
  const report = useQuery(api.evaluation.report.queryOptions({ id }));
  return (
    <Loaded query={report} skeleton={<Skeleton height={360} />}>
      {(data) => <EvaluationDetail evaluation={data} intervals={data.intervals} calibrated={data.calibrated} />}
    </Loaded>
  );
}
