import { useMutation, useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import type { EvaluationReport } from '#shared/evaluation.ts';
import { api, queryClient } from '../../api/client.ts';
import { Button } from '../../components/button.tsx';
import { JobProgress } from '../../components/job-progress.tsx';
import { ErrorNote } from '../../components/states.tsx';
import { formatShare, plural } from '../../text/format.ts';
import { isActiveJob } from '../../text/job.ts';
import { requestOfModel } from '../predict/model-choice.tsx';
import { labeledSplits } from './labeled-splits.ts';
import { UnitPlot, acrossOf, downOf, pathThrough } from './unit-plot.tsx';
import { modelOfRecord } from './words.ts';

type Bins = EvaluationReport['reliability'];

/** Whether a network that is 80 % sure is right eight times in ten, and the temperature that makes it so. */
export function Calibration({ report }: { report: EvaluationReport }): ReactElement {
  const { reliability, calibrated, ece } = report;
  const largest = Math.max(1, ...reliability.map(({ count }) => count));
  return (
    <section className="panel stack" aria-labelledby="reliability">
      <h2 id="reliability">Reliability</h2>
      <div className="plot-and-legend">
        <UnitPlot label={describe(reliability, ece)} across="Confidence, %" up="Accuracy, %">
          {reliability.map((bin) => (
            <rect
              key={bin.lower}
              className="reliability-count"
              x={acrossOf(bin.lower) + 1}
              width={acrossOf(bin.upper) - acrossOf(bin.lower) - 2}
              y={downOf((bin.count / largest) * 0.25)}
              height={downOf(0) - downOf((bin.count / largest) * 0.25)}
            >
              <title>{binText(bin)}</title>
            </rect>
          ))}
          <path
            className="unit-diagonal"
            d={pathThrough([
              [0, 0],
              [1, 1],
            ])}
          />
          {calibrated !== null && <Line bins={calibrated.reliability} className="reliability-calibrated" />}
          <Line bins={reliability} className="reliability-raw" />
        </UnitPlot>
        <div className="stack reliability-words">
          <ul className="reliability-legend">
            <li>
              <span className="reliability-key reliability-key-raw" /> As given: error {ece.toFixed(3)}
            </li>
            {calibrated !== null && (
              <li>
                <span className="reliability-key reliability-key-calibrated" /> Calibrated: error{' '}
                {calibrated.ece.toFixed(3)}
              </li>
            )}
            <li className="muted">On the diagonal it is as sure as it should be; bars are images.</li>
          </ul>
          <Temperature report={report} />
        </div>
      </div>
    </section>
  );
}

function Line({ bins, className }: { bins: Bins; className: string }): ReactElement {
  const points = bins.filter(({ count }) => count > 0).map((bin): [number, number] => [bin.confidence, bin.accuracy]);
  return (
    <g className={className}>
      <path className="unit-line" d={pathThrough(points)} />
      {points.map(([x, y]) => (
        <circle key={x} cx={acrossOf(x)} cy={downOf(y)} r={3} />
      ))}
    </g>
  );
}

function binText({ lower, upper, count, confidence, accuracy }: Bins[number]): string {
  const range = `${Math.round(lower * 100)} to ${Math.round(upper * 100)} % sure`;
  if (count === 0) return `${range}: no image`;
  return `${range}: ${plural(count, 'image')}, confidence ${formatShare(confidence)}, right ${formatShare(accuracy)}`;
}

function describe(bins: Bins, ece: number): string {
  const told = bins.filter(({ count }) => count > 0).map(binText);
  return `Reliability, calibration error ${ece.toFixed(3)}. ${told.join('; ')}`;
}

/** One number divides what the network computes before it becomes probabilities; fitted on validation, classes stay as they were. */
function Temperature({ report }: { report: EvaluationReport }): ReactElement {
  const workspace = useQuery(api.system.workspace.queryOptions());
  const stats = useQuery(api.catalog.stats.queryOptions());
  const jobs = useQuery(api.jobs.list.queryOptions());
  const fitting = useMutation(
    api.evaluation.calibrate.mutationOptions({
      onSuccess: () => {
        void queryClient.invalidateQueries(api.evaluation.pathFilter());
        void queryClient.removeQueries({ queryKey: api.prediction.predict.mutationKey() });
      },
    }),
  );
  const job = fitting.isPending ? jobs.data?.find((one) => one.kind === 'evaluate' && isActiveJob(one)) : undefined;
  const hasValidation = labeledSplits(stats.data, undefined).some(({ value }) => value === 'validation');
  const fitted = report.calibrated?.temperature;
  const fit = (): void => {
    if (workspace.data === undefined) return;
    const model = requestOfModel(modelOfRecord(report.record, workspace.data.directory));
    fitting.mutate({ model, split: 'validation' });
  };
  return (
    <div className="stack">
      <h3>Temperature</h3>
      {fitted === undefined ? (
        <p className="muted">None was fitted for this network at this step: probabilities are as it gives them.</p>
      ) : (
        <p>
          T = {fitted.temperature.toFixed(3)}, fitted on {plural(fitted.count, 'image')} of {fitted.split}: calibration
          error {fitted.eceBefore.toFixed(3)} → {fitted.eceAfter.toFixed(3)}, log loss {fitted.nllBefore.toFixed(3)} →{' '}
          {fitted.nllAfter.toFixed(3)} there.
        </p>
      )}
      {job !== undefined && <JobProgress job={job} />}
      {fitting.error !== null && <ErrorNote error={fitting.error} onRetry={fit} />}
      {stats.data !== undefined && !hasValidation ? (
        <p className="muted small">There are no labeled validation images to fit one on.</p>
      ) : (
        <div>
          <Button isPending={fitting.isPending} isDisabled={workspace.data === undefined} onPress={fit}>
            {fitted === undefined ? 'Fit on validation' : 'Fit again'}
          </Button>
        </div>
      )}
    </div>
  );
}
