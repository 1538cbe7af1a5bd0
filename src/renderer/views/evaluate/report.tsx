import { useMutation, useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import type { EvaluationRecord, EvaluationReport } from '#shared/evaluation.ts';
import { api, client } from '../../api/client.ts';
import { Button } from '../../components/button.tsx';
import { ErrorNote, Loaded, Skeleton } from '../../components/states.tsx';
import { formatCount, formatPercent, formatRate, plural } from '../../text/format.ts';
import { labelOfClass } from '../predict/classes.ts';
import { saveFile } from '../runs/save-file.ts';
import { Against } from './against.tsx';
import { Calibration } from './calibration.tsx';
import { Confusion } from './confusion.tsx';
import { Curves } from './curves.tsx';
import { PerClass } from './per-class.tsx';
import type { EvaluateSearch } from './search.ts';
import { percentInterval, plainInterval, reportName, titleOfRecord } from './words.ts';
import { WrongFaces } from './wrong-faces.tsx';

interface ReportProps {
  readonly record: EvaluationRecord;
  readonly records: readonly EvaluationRecord[];
  readonly search: EvaluateSearch;
  readonly onChange: (part: Partial<EvaluateSearch>) => void;
}

/** Everything there is to say about one evaluation. */
export function Report({ record, records, search, onChange }: ReportProps): ReactElement {
  const report = useQuery(api.evaluation.report.queryOptions({ id: record.id }));
  return (
    <div className="report">
      <Loaded query={report} skeleton={<ReportSkeleton />}>
        {(data) => (
          <>
            <Headline report={data} />
            <div className="report-pair">
              <Confusion
                report={data}
                chosen={{ label: search.label, predicted: search.predicted }}
                onChoose={(label, predicted) => {
                  onChange({ label, predicted });
                  document.getElementById('faces')?.scrollIntoView({ block: 'start' });
                }}
              />
              <PerClass report={data} />
            </div>
            <div className="report-pair">
              <Calibration report={data} />
              <Curves report={data} />
            </div>
            <WrongFaces report={data} search={search} onChange={onChange} />
            <Against record={record} records={records} against={search.against} onChange={onChange} />
          </>
        )}
      </Loaded>
    </div>
  );
}

function ReportSkeleton(): ReactElement {
  return (
    <div className="report">
      <Skeleton height={132} />
      <div className="report-pair">
        <Skeleton height={340} />
        <Skeleton height={340} />
      </div>
    </div>
  );
}

function Headline({ report }: { report: EvaluationReport }): ReactElement {
  const { record, intervals } = report;
  const saving = useMutation({
    mutationFn: async () => {
      const page = await client.evaluation.page.query({ id: record.id });
      saveFile(new Blob([page], { type: 'text/html' }), reportName(record));
    },
  });
  const figures = [
    ['Accuracy, %', formatPercent(report.accuracy), percentInterval(intervals.accuracy)],
    ['Mean-class accuracy, %', formatPercent(report.meanClassAccuracy), percentInterval(intervals.meanClassAccuracy)],
    ['Top 2, %', formatPercent(report.top2), percentInterval(intervals.top2)],
    ['Macro F1, %', formatPercent(report.macroF1), percentInterval(intervals.macroF1)],
    ['Log loss, nats', report.nll.toFixed(3), plainInterval(intervals.nll)],
    ['Brier score', report.brier.toFixed(3), plainInterval(intervals.brier)],
    ['Calibration error', report.ece.toFixed(3), ''],
  ] as const;
  return (
    <section className="panel stack">
      <div className="row headline-head">
        <div>
          <h2>{titleOfRecord(record)}</h2>
          <p className="muted small">
            {record.split} · {plural(report.count, 'image')} · {formatRate(record.imagesPerSecond)} images/s
            {report.failed > 0 && ` · ${formatCount(report.failed)} could not be read`}
          </p>
        </div>
        <span className="spacer" />
        <Button icon="export" isPending={saving.isPending} onPress={() => saving.mutate()}>
          Save the report
        </Button>
      </div>
      {saving.error !== null && <ErrorNote error={saving.error} onRetry={() => saving.mutate()} />}
      <dl className="headline">
        {figures.map(([name, value, interval], index) => (
          <div key={name} className={index < 2 ? 'headline-main' : undefined}>
            <dt>{name}</dt>
            <dd>
              {value} <span className="interval">{interval}</span>
            </dd>
          </div>
        ))}
      </dl>
      <p className="muted small">
        In brackets: 95 % intervals by {formatCount(report.bootstrap.resamples)} resamples of the images.
        {leftOutText(report)}
      </p>
    </section>
  );
}

/** Images of classes that are not scored are told, or the numbers would seem to be of all. */
function leftOutText({ leftOut }: EvaluationReport): string {
  const parts = Object.entries(leftOut).map(
    ([name, count]) => `${formatCount(count)} ${labelOfClass(name).toLowerCase()}`,
  );
  return parts.length === 0 ? '' : ` Left out, of classes the network does not tell: ${parts.join(', ')}.`;
}
