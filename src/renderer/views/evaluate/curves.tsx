import { type ReactElement, useState } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import type { ClassCurves, EvaluationReport } from '#shared/evaluation.ts';
import { Segments } from '../../components/segments.tsx';
import { ClassNameLetter } from '../predict/class-name.tsx';
import { colorOfClass, labelOfClass, letterOfClass } from '../predict/classes.ts';
import { UnitPlot, acrossOf, downOf, pathThrough } from './unit-plot.tsx';

type Kind = 'precisionRecall' | 'roc';

const AXES: Readonly<Record<Kind, { across: string; up: string; area: string }>> = {
  precisionRecall: { across: 'Recall, %', up: 'Precision, %', area: 'Average precision' },
  roc: { across: 'False positive rate, %', up: 'True positive rate, %', area: 'Area under the curve' },
};

/** Each class against the rest, at every threshold. */
export function Curves({ report: { curves } }: { report: EvaluationReport }): ReactElement {
  const [kind, setKind] = useState<Kind>('precisionRecall');
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const shown = curves.filter(({ name, ...curve }) => !hidden.has(name) && curve[kind].length > 1);
  const { across, up, area } = AXES[kind];
  const toggle = (name: string): void => {
    const next = new Set(hidden);
    if (!next.delete(name)) next.add(name);
    setHidden(next);
  };
  const title = kind === 'roc' ? 'ROC curves' : 'Precision and recall';
  return (
    <section className="panel stack" aria-labelledby="curves">
      <div className="row">
        <h2 id="curves">{title}</h2>
        <span className="spacer" />
        <Segments
          label="Curves"
          value={kind}
          options={[
            { value: 'precisionRecall', label: 'PR' },
            { value: 'roc', label: 'ROC' },
          ]}
          onChange={setKind}
        />
      </div>
      <div className="plot-and-legend">
        <UnitPlot label={`${title}, one line a class`} across={across} up={up}>
          {kind === 'roc' && (
            <path
              className="unit-diagonal"
              d={pathThrough([
                [0, 0],
                [1, 1],
              ])}
            />
          )}
          {shown.map((curve, index) => (
            <Curve key={curve.name} curve={curve} kind={kind} place={(index + 1) / (shown.length + 1)} />
          ))}
        </UnitPlot>
        <ul className="areas" aria-label={area}>
          <li className="areas-head" aria-hidden="true">
            {area}
          </li>
          {curves.map((curve) => (
            <li key={curve.name}>
              <AriaButton
                className="areas-item"
                aria-pressed={!hidden.has(curve.name)}
                onPress={() => toggle(curve.name)}
              >
                <ClassNameLetter name={curve.name} />
                {labelOfClass(curve.name)} <strong>{areaOf(curve, kind)?.toFixed(3) ?? '–'}</strong>
              </AriaButton>
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}

function areaOf(curve: ClassCurves, kind: Kind): number | null {
  return kind === 'roc' ? curve.rocArea : curve.averagePrecision;
}

/** @param place of its letter along the line, 0 … 1: those of different lines stand apart. */
function Curve({ curve, kind, place }: { curve: ClassCurves; kind: Kind; place: number }): ReactElement {
  const points = curve[kind];
  const [x, y] = points[Math.min(points.length - 1, Math.round(place * (points.length - 1)))]!;
  const color = colorOfClass(curve.name);
  return (
    <g>
      <path className="unit-line" style={{ stroke: color }} d={pathThrough(points)} />
      <circle cx={acrossOf(x)} cy={downOf(y)} r={6.5} className="unit-letter-back" style={{ stroke: color }} />
      <text className="unit-letter" x={acrossOf(x)} y={downOf(y) + 3} textAnchor="middle">
        {letterOfClass(curve.name)}
      </text>
    </g>
  );
}
