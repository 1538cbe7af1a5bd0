import { formatDuration } from '#shared/duration.ts';
import type { ReactElement } from 'react';
import type { Evaluation } from '#shared/training.ts';
import { type Column, DataTable } from '../../../components/data-table.tsx';
import { Status } from '../../../components/status-dot.tsx';
import { formatCount, formatPercent } from '../../../text/format.ts';
import { NETWORK_LABELS } from '../../../text/words.ts';
import type { ComparedRun } from './overlay.ts';
import { RunNumber } from './run-mark.tsx';

/** The evaluation that validation chose, if it is there still. */
function bestEvaluation({ run }: ComparedRun): Evaluation | undefined {
  const { best } = run;
  return run.evaluations.find(
    ({ network, step, split }) => network === best?.network && step === best.step && split === 'validation',
  );
}

/** How well each run did at its best, on validation. */
export function BestOnValidation({ runs }: { runs: readonly ComparedRun[] }): ReactElement {
  return (
    <section className="panel stack">
      <h2>Best on validation</h2>
      <DataTable label="Best on validation" columns={COLUMNS} rows={runs} keyOf={({ run }) => run.id} />
    </section>
  );
}

const number = (value: number | undefined, digits: number): string => value?.toFixed(digits) ?? '–';

const COLUMNS: readonly Column<ComparedRun>[] = [
  {
    key: 'run',
    title: 'Run',
    sortBy: ({ label }) => label,
    cell: (of) => (
      <>
        <RunNumber of={of} /> {of.label}
      </>
    ),
  },
  { key: 'status', title: 'Status', cell: ({ run }) => <Status status={run.status} /> },
  {
    key: 'seed',
    title: 'Seed',
    isNumber: true,
    sortBy: ({ run }) => run.config.seed,
    cell: ({ run }) => run.config.seed,
  },
  {
    key: 'accuracy',
    title: 'Accuracy, %',
    isNumber: true,
    sortBy: ({ run }) => run.best?.accuracy ?? -1,
    cell: ({ run }) => (run.best === null ? '–' : formatPercent(run.best.accuracy)),
  },
  {
    key: 'meanClass',
    title: 'Mean-class, %',
    isNumber: true,
    sortBy: ({ run }) => run.best?.meanClassAccuracy ?? -1,
    cell: ({ run }) => (run.best === null ? '–' : formatPercent(run.best.meanClassAccuracy)),
  },
  {
    key: 'nll',
    title: 'Log loss, nats',
    isNumber: true,
    sortBy: (of) => bestEvaluation(of)?.nll ?? Infinity,
    cell: (of) => number(bestEvaluation(of)?.nll, 3),
  },
  {
    key: 'ece',
    title: 'Calibration error',
    isNumber: true,
    sortBy: (of) => bestEvaluation(of)?.ece ?? Infinity,
    cell: (of) => number(bestEvaluation(of)?.ece, 3),
  },
  {
    key: 'network',
    title: 'Network',
    cell: ({ run }) => (run.best === null ? '–' : NETWORK_LABELS[run.best.network]),
  },
  {
    key: 'step',
    title: 'At step',
    isNumber: true,
    sortBy: ({ run }) => run.best?.step ?? -1,
    cell: ({ run }) => (run.best === null ? '–' : formatCount(run.best.step)),
  },
  {
    key: 'seconds',
    title: 'Trained for',
    isNumber: true,
    sortBy: ({ run }) => run.seconds,
    cell: ({ run }) => formatDuration(run.seconds),
  },
];
