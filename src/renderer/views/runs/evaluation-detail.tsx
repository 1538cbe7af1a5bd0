import type { ReactElement } from 'react';
import type { EvaluationReport, Interval, Intervals } from '#shared/evaluation.ts';
import type { Evaluation } from '#shared/training.ts';
import { ClassMark } from '../../components/class-mark.tsx';
import { formatCount, formatPercent, formatShare } from '../../text/format.ts';
import { NETWORK_LABELS, classIndexOf } from '../../text/words.ts';
import { ConfusionMatrix } from './confusion-matrix.tsx';

interface EvaluationDetailProps {
  readonly evaluation: Evaluation;
  readonly intervals?: Intervals;
  readonly calibrated?: EvaluationReport['calibrated'];
}

/** One network on one split: its headline, its confusion, and each class. */
export function EvaluationDetail({ evaluation, intervals, calibrated = null }: EvaluationDetailProps): ReactElement {
  return (
    <section className="panel stack">
      <h2>
        {NETWORK_LABELS[evaluation.network]}, {evaluation.split}, step {formatCount(evaluation.step)}
        {intervals !== undefined && <span className="chart-note">95 % intervals in brackets</span>}
      </h2>
      {intervals !== undefined && <Headline evaluation={evaluation} intervals={intervals} />}
      {calibrated !== null && (
        <p className="muted">
          With the temperature {calibrated.temperature.temperature.toFixed(2)}, fitted on {calibrated.temperature.split}
          : calibration error {calibrated.ece.toFixed(3)}, log loss {calibrated.nll.toFixed(3)} nats.
        </p>
      )}
      <div className="evaluation-detail">
        <ConfusionMatrix confusion={evaluation.confusion} />
        <PerClass evaluation={evaluation} intervals={intervals} />
      </div>
    </section>
  );
}

function Headline({ evaluation, intervals }: { evaluation: Evaluation; intervals: Intervals }): ReactElement {
  const facts: readonly [string, string][] = [
    ['Accuracy', `${formatShare(evaluation.accuracy)} ${inBrackets(intervals.accuracy)}`],
    ['Mean-class', `${formatShare(evaluation.meanClassAccuracy)} ${inBrackets(intervals.meanClassAccuracy)}`],
    ['Top 2', `${formatShare(evaluation.top2)} ${inBrackets(intervals.top2)}`],
    ['Calibration error', evaluation.ece.toFixed(3)],
    ['Log loss', `${evaluation.nll.toFixed(3)} nats`],
    ['Images', formatCount(evaluation.count)],
  ];
  return (
    <dl className="run-figures">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

const inBrackets = ([low, high]: Interval): string => `[${formatPercent(low)}–${formatPercent(high)}]`;

function PerClass({
  evaluation,
  intervals,
}: {
  evaluation: Evaluation;
  intervals: Intervals | undefined;
}): ReactElement {
  return (
    <table className="table table-plain">
      <thead>
        <tr>
          <th scope="col">Class</th>
          <th scope="col" className="number">
            Precision, %
          </th>
          <th scope="col" className="number">
            Recall, %
          </th>
          <th scope="col" className="number">
            F1, %
          </th>
          <th scope="col" className="number">
            Images
          </th>
        </tr>
      </thead>
      <tbody>
        {evaluation.perClass.map((row, index) => {
          const classIndex = classIndexOf(row.name);
          const recall = intervals?.perClass[index]?.recall;
          return (
            <tr key={row.name}>
              <th scope="row">{classIndex === undefined ? row.name : <ClassMark index={classIndex} />}</th>
              <td className="number">{formatPercent(row.precision)}</td>
              <td className="number">
                {formatPercent(row.recall)}{' '}
                {recall !== undefined && <span className="muted small">{inBrackets(recall)}</span>}
              </td>
              <td className="number">{formatPercent(row.f1)}</td>
              <td className="number">{formatCount(row.support)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
