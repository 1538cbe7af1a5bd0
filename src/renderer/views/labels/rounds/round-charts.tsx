import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import type { Distribution, Round, RoundCalibration, RoundHistogram } from '#shared/rounds.ts';
import { api } from '../../../api/client.ts';
import { ClassMark } from '../../../components/class-mark.tsx';
import { MirroredBars } from '../../../components/mirrored-bars.tsx';
import { Empty, Loaded, Skeleton } from '../../../components/states.tsx';
import { formatCount, formatShare, plural } from '../../../text/format.ts';
import { classIndexOf, expressionAt } from '../../../text/words.ts';

const BINS = 25;

/** How confident the round is, how far that can be trusted, and which classes it sees. */
export function RoundCharts({ round }: { round: Round }): ReactElement {
  const histogram = useQuery(api.rounds.histogram.queryOptions({ id: round.id, bins: BINS }));
  const calibration = useQuery({ ...api.rounds.calibration.queryOptions({ id: round.id }), staleTime: 0 });
  const distribution = useQuery(api.rounds.distribution.queryOptions({ id: round.id }));
  return (
    <div className="round-charts" role="region" aria-label="Charts" tabIndex={0}>
      <section className="panel">
        <h2>Confidence by class</h2>
        <Loaded query={histogram} skeleton={<Skeleton height={220} />}>
          {(data) => <Histograms histogram={data} />}
        </Loaded>
      </section>
      <section className="panel">
        <h2>Calibration</h2>
        <Loaded query={calibration} skeleton={<Skeleton height={220} />}>
          {(data) => <Calibration calibration={data} />}
        </Loaded>
      </section>
      <section className="panel">
        <h2>Labeled faces beside pseudo labels</h2>
        <Loaded query={distribution} skeleton={<Skeleton height={220} />}>
          {(data) => <Mismatch distribution={data} />}
        </Loaded>
      </section>
    </div>
  );
}

const WIDTH = 240;
const HEIGHT = 36;

/** Each class on its own scale: a rare one is seen as well as a common one. */
function Histograms({ histogram: { perClass, bins } }: { histogram: RoundHistogram }): ReactElement {
  const width = WIDTH / bins;
  return (
    <table className="class-histograms">
      <tbody>
        {perClass.map(({ name, counts }, label) => {
          const largest = Math.max(1, ...counts);
          const total = counts.reduce((sum, count) => sum + count, 0);
          return (
            <tr key={name}>
              <th scope="row">
                <ClassMark index={label} />
              </th>
              <td>
                <svg
                  viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
                  preserveAspectRatio="none"
                  role="img"
                  aria-label={`${expressionAt(label).label}: ${plural(total, 'label')}, ${histogramText(counts)}`}
                >
                  {counts.map((count, bin) => (
                    <rect
                      key={bin}
                      x={bin * width + 0.5}
                      y={HEIGHT - (count / largest) * HEIGHT}
                      width={width - 1}
                      height={(count / largest) * HEIGHT}
                      fill={expressionAt(label).color}
                    >
                      <title>{`${(bin / bins).toFixed(2)}–${((bin + 1) / bins).toFixed(2)}: ${formatCount(count)}`}</title>
                    </rect>
                  ))}
                </svg>
              </td>
              <td className="number">{formatCount(total)}</td>
            </tr>
          );
        })}
      </tbody>
      <tfoot>
        <tr>
          <td />
          <td>
            <span className="axis">
              <span>0</span>
              <span>0.25</span>
              <span>0.5</span>
              <span>0.75</span>
              <span>1</span>
            </span>
          </td>
          <td />
        </tr>
      </tfoot>
    </table>
  );
}

/** Where the middle label is, in words. */
function histogramText(counts: readonly number[]): string {
  const half = counts.reduce((sum, count) => sum + count, 0) / 2;
  let sum = 0;
  const middle = counts.findIndex((count) => (sum += count) >= half);
  if (half === 0) return 'none';
  return `half of them above ${(middle / counts.length).toFixed(2)}`;
}

const SIDE = 200;

/** Confidence beside the share that is right, over the faces whose class is known. */
function Calibration({ calibration }: { calibration: RoundCalibration }): ReactElement {
  const { known, accuracy, ece, bins, perClass } = calibration;
  if (known === 0 || accuracy === null) {
    return (
      <Empty icon="labels" title="No class is known yet">
        Once faces of this round are reviewed or audited, how far its confidence can be trusted is here.
      </Empty>
    );
  }
  const filled = bins.filter(({ count }) => count > 0);
  const largest = Math.max(...filled.map(({ count }) => count));
  return (
    <div className="calibration">
      <figure>
        <svg
          viewBox={`-34 -8 ${SIDE + 46} ${SIDE + 30}`}
          className="reliability"
          role="img"
          aria-label={`Reliability: right ${formatShare(accuracy)} of ${formatCount(known)}, expected calibration error ${ece?.toFixed(3) ?? 'unknown'}`}
        >
          {[0, 0.25, 0.5, 0.75, 1].map((value) => (
            <g key={value}>
              <line className="grid-line" x1={0} x2={SIDE} y1={SIDE * (1 - value)} y2={SIDE * (1 - value)} />
              <text x={-6} y={SIDE * (1 - value) + 4} textAnchor="end">
                {value}
              </text>
              <text x={SIDE * value} y={SIDE + 16} textAnchor="middle">
                {value}
              </text>
            </g>
          ))}
          <line className="diagonal" x1={0} y1={SIDE} x2={SIDE} y2={0} />
          <polyline
            className="reliability-line"
            points={filled.map((bin) => `${bin.confidence * SIDE},${(1 - bin.accuracy) * SIDE}`).join(' ')}
          />
          {filled.map((bin) => (
            <circle
              key={bin.lower}
              className="reliability-point"
              cx={bin.confidence * SIDE}
              cy={(1 - bin.accuracy) * SIDE}
              r={2.5 + 4 * Math.sqrt(bin.count / largest)}
            >
              <title>{`Confidence ${bin.confidence.toFixed(2)}: ${formatShare(bin.accuracy)} right of ${formatCount(bin.count)}`}</title>
            </circle>
          ))}
        </svg>
        <figcaption className="small muted">
          Share right by confidence; on the diagonal it can be taken at its word.
        </figcaption>
      </figure>
      <div className="stack">
        <p>
          <strong>{formatShare(accuracy)}</strong> right of {formatCount(known)} whose class is known; expected
          calibration error <strong>{ece === null ? '–' : ece.toFixed(3)}</strong>.
        </p>
        <table className="precision-table">
          <tbody>
            {perClass.map(({ name, count, precision }) => (
              <tr key={name}>
                <th scope="row">
                  <ClassMark index={classIndexOf(name) ?? 0} />
                </th>
                <td className="number">{precision === null ? '–' : formatShare(precision)}</td>
                <td className="number muted">of {formatCount(count)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function Mismatch({
  distribution: { labeled, perClass, totalVariation },
}: {
  distribution: Distribution;
}): ReactElement {
  return (
    <>
      <MirroredBars
        mismatch={{
          labeledShare: perClass.map(({ labeledShare }) => labeledShare),
          unlabeledShare: perClass.map(({ pseudoShare }) => pseudoShare),
          totalVariation,
        }}
      />
      <p className="small muted">Labeled: {labeled}.</p>
    </>
  );
}
