import type { ReactElement } from 'react';
import type { AuditClass, AuditReport } from '#shared/review.ts';
import { ClassMark } from '../../../components/class-mark.tsx';
import { formatCount } from '../../../text/format.ts';
import { classIndexOf } from '../../../text/words.ts';
import { PrecisionText } from '../rounds/round-head.tsx';

/** Precision by class with Wilson's intervals, and of the whole. */
export function AuditReportTable({ report }: { report: AuditReport }): ReactElement {
  const unsure = report.perClass.reduce((sum, one) => sum + one.unsure, 0);
  return (
    <section className="panel stack" aria-label="Report">
      <div className="row">
        <h2>Precision</h2>
        <span className="audit-figure">
          <PrecisionText audit={report} />
        </span>
      </div>
      <div className="table-scroll" role="region" aria-label="Precision by class" tabIndex={0}>
        <table className="table audit-table">
          <thead>
            <tr>
              <th scope="col">Class</th>
              <th scope="col">Precision, 95 %</th>
              <th scope="col" className="number">
                Right
              </th>
              <th scope="col" className="number">
                Judged
              </th>
              <th scope="col" className="number">
                Of
              </th>
            </tr>
          </thead>
          <tbody>
            {report.perClass.map((one) => (
              <ClassRow key={one.name} {...one} />
            ))}
          </tbody>
        </table>
      </div>
      <p className="small muted">
        Intervals are Wilson’s, 95 %. The whole weighs classes by how many labels each has
        {unsure > 0 && `; ${formatCount(unsure)} that could not be told are left out`}.
      </p>
    </section>
  );
}

function ClassRow({ name, right, judged, population, precision, interval }: AuditClass): ReactElement {
  return (
    <tr>
      <th scope="row">
        <ClassMark index={classIndexOf(name) ?? 0} />
      </th>
      <td>
        <span className="interval">
          <span className="interval-track" aria-hidden="true">
            {interval !== null && (
              <span
                className="interval-bar"
                style={{ left: `${interval[0] * 100}%`, width: `${(interval[1] - interval[0]) * 100}%` }}
              />
            )}
            {precision !== null && <span className="interval-point" style={{ left: `${precision * 100}%` }} />}
          </span>
          <PrecisionText audit={{ precision, interval }} />
        </span>
      </td>
      <td className="number">{formatCount(right)}</td>
      <td className="number">{formatCount(judged)}</td>
      <td className="number muted">{formatCount(population)}</td>
    </tr>
  );
}
