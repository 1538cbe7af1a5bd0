import type { ReactElement } from 'react';
import type { EvaluationReport } from '#shared/evaluation.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { formatCount, formatPercent } from '../../text/format.ts';
import { ClassName } from '../predict/class-name.tsx';
import { percentInterval } from './words.ts';

type Row = EvaluationReport['perClass'][number] & {
  readonly intervals: EvaluationReport['intervals']['perClass'][number];
};

/** Each class by itself, with its intervals: those of rare classes are wide, and say so. */
export function PerClass({ report }: { report: EvaluationReport }): ReactElement {
  const rows = report.perClass.map((scores, index): Row => ({
    ...scores,
    intervals: report.intervals.perClass[index]!,
  }));
  return (
    <section className="panel" aria-labelledby="per-class">
      <h2 id="per-class">Classes</h2>
      <DataTable label="Scores of each class" columns={COLUMNS} rows={rows} keyOf={({ name }) => name} />
    </section>
  );
}

const COLUMNS: readonly Column<Row>[] = [
  { key: 'class', title: 'Class', cell: ({ name }) => <ClassName name={name} /> },
  scoreColumn('recall', 'Recall, %'),
  scoreColumn('precision', 'Precision, %'),
  scoreColumn('f1', 'F1, %'),
  {
    key: 'support',
    title: 'Images',
    isNumber: true,
    cell: ({ support }) => formatCount(support),
    sortBy: ({ support }) => support,
  },
];

function scoreColumn(key: 'recall' | 'precision' | 'f1', title: string): Column<Row> {
  return {
    key,
    title,
    isNumber: true,
    cell: (row) => (
      <>
        {formatPercent(row[key])}
        <span className="interval interval-below">{percentInterval(row.intervals[key])}</span>
      </>
    ),
    sortBy: (row) => row[key],
  };
}
