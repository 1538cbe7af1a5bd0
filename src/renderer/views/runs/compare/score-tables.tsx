import type { ReactElement } from 'react';
import type { Interval, RunComparison, SeedComparison, SeedGroup } from '#shared/evaluation.ts';
import { type Column, DataTable } from '../../../components/data-table.tsx';
import { formatCount, formatPercent } from '../../../text/format.ts';
import { NETWORK_LABELS } from '../../../text/words.ts';
import { DATA_LABELS, settingText } from '../config-diff.ts';
import { configText } from '../config-field.ts';
import { CONFIG_FIELDS } from '../config-fields.ts';
import { DEFAULT_CONFIG } from '../run-draft.ts';
import type { ComparedRun } from './overlay.ts';
import { RunNumber } from './run-mark.tsx';

/** A share with its 95 % interval, percent; what a few seeds tell of it may reach beyond what shares can be. */
function WithInterval({ value, interval }: { value: number; interval: Interval | null }): ReactElement {
  return (
    <>
      {formatPercent(value)}{' '}
      {interval !== null && (
        <span className="muted small">
          [{formatPercent(Math.max(0, interval[0]))}–{formatPercent(Math.min(1, interval[1]))}]
        </span>
      )}
    </>
  );
}

type Scored = RunComparison['runs'][number];

/** Each run's network on the images they are compared on, with bootstrap intervals. */
export function ScoreTable(props: { runs: readonly ComparedRun[]; comparison: RunComparison }): ReactElement {
  const { runs, comparison } = props;
  const columns: readonly Column<Scored>[] = [
    {
      key: 'run',
      title: 'Run',
      cell: ({ run: id, name }) => {
        const of = runs.find(({ run }) => run.id === id);
        return (
          <>
            {of !== undefined && <RunNumber of={of} />} {of?.label ?? name}
          </>
        );
      },
    },
    { key: 'network', title: 'Network', cell: ({ evaluation: { network } }) => NETWORK_LABELS[network] },
    {
      key: 'accuracy',
      title: 'Accuracy, %',
      isNumber: true,
      sortBy: ({ evaluation }) => evaluation.accuracy,
      cell: ({ evaluation }) => <WithInterval value={evaluation.accuracy} interval={evaluation.intervals.accuracy} />,
    },
    {
      key: 'meanClass',
      title: 'Mean-class, %',
      isNumber: true,
      sortBy: ({ evaluation }) => evaluation.meanClassAccuracy,
      cell: ({ evaluation }) => (
        <WithInterval value={evaluation.meanClassAccuracy} interval={evaluation.intervals.meanClassAccuracy} />
      ),
    },
    {
      key: 'macroF1',
      title: 'Macro F1, %',
      isNumber: true,
      sortBy: ({ evaluation }) => evaluation.macroF1,
      cell: ({ evaluation }) => <WithInterval value={evaluation.macroF1} interval={evaluation.intervals.macroF1} />,
    },
    {
      key: 'ece',
      title: 'Calibration error',
      isNumber: true,
      sortBy: ({ evaluation }) => evaluation.ece,
      cell: ({ evaluation }) => evaluation.ece.toFixed(3),
    },
    {
      key: 'nll',
      title: 'Log loss, nats',
      isNumber: true,
      sortBy: ({ evaluation }) => evaluation.nll,
      cell: ({ evaluation }) => evaluation.nll.toFixed(3),
    },
    {
      key: 'count',
      title: 'Images',
      isNumber: true,
      cell: ({ evaluation }) => formatCount(evaluation.count),
    },
  ];
  return (
    <section className="panel stack">
      <h2>
        On {comparison.split} <span className="chart-note">95 % intervals, from resampling the images</span>
      </h2>
      <DataTable label={`On ${comparison.split}`} columns={columns} rows={comparison.runs} keyOf={({ run }) => run} />
    </section>
  );
}

/** Means over runs that differ by their seed alone. */
export function SeedTable({ seeds }: { seeds: SeedComparison }): ReactElement | null {
  const repeated = seeds.groups.filter(({ runs }) => runs.length > 1);
  if (repeated.length === 0) return null;
  const columns: readonly Column<SeedGroup>[] = [
    { key: 'group', title: 'Runs', cell: ({ runs }) => runs.map(({ run }) => run).join(', ') },
    { key: 'settings', title: 'Told apart by', cell: ({ settings }) => settingsText(settings) },
    {
      key: 'count',
      title: 'Seeds',
      isNumber: true,
      sortBy: ({ runs }) => runs.length,
      cell: ({ runs }) => formatCount(runs.length),
    },
    {
      key: 'accuracy',
      title: 'Accuracy, %',
      isNumber: true,
      sortBy: ({ accuracy }) => accuracy.mean,
      cell: ({ accuracy }) => <WithInterval value={accuracy.mean} interval={accuracy.interval} />,
    },
    {
      key: 'meanClass',
      title: 'Mean-class, %',
      isNumber: true,
      sortBy: ({ meanClassAccuracy }) => meanClassAccuracy.mean,
      cell: ({ meanClassAccuracy }) => (
        <WithInterval value={meanClassAccuracy.mean} interval={meanClassAccuracy.interval} />
      ),
    },
    {
      key: 'ece',
      title: 'Calibration error',
      isNumber: true,
      sortBy: ({ ece }) => ece.mean,
      cell: ({ ece }) => ece.mean.toFixed(3),
    },
  ];
  return (
    <section className="panel stack">
      <h2>
        Means over seeds <span className="chart-note">95 % intervals, from the spread of the seeds</span>
      </h2>
      <DataTable label="Means over seeds" columns={columns} rows={seeds.groups} keyOf={({ runs }) => runs[0]!.run} />
    </section>
  );
}

/** "Feedback Off, Epochs 2" of settings as JSON. */
function settingsText(settings: SeedGroup['settings']): string {
  const config = { ...DEFAULT_CONFIG, ...parsed(settings) };
  const parts = Object.keys(settings).map((name) => {
    const field = CONFIG_FIELDS.find(({ key }) => key === name);
    if (field !== undefined) return `${field.label} ${settingText(field, config)}`;
    return `${DATA_LABELS.get(name) ?? name} ${configText(parsed(settings)[name] as string | null)}`;
  });
  return parts.length === 0 ? '–' : parts.join(', ');
}

function parsed(settings: SeedGroup['settings']): Record<string, unknown> {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, JSON.parse(value) as unknown]));
}
