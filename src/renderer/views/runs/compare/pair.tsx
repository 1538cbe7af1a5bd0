import { Link } from '@tanstack/react-router';
import { type ReactElement, useState } from 'react';
import type { DifferingImage, PairComparison, RunComparison } from '#shared/evaluation.ts';
import { ClassLetter, ClassMark } from '../../../components/class-mark.tsx';
import { FaceImage } from '../../../components/face-image.tsx';
import { Choice } from '../../../components/fields.tsx';
import { formatCount, formatPercent, formatPoints, formatShare, plural } from '../../../text/format.ts';
import { classIndexOf } from '../../../text/words.ts';
import type { ComparedRun } from './overlay.ts';
import { RunNumber } from './run-mark.tsx';

interface PairProps {
  readonly runs: readonly ComparedRun[];
  readonly comparison: RunComparison;
}

/** The first run against one of the others, image by image. */
export function Pair({ runs, comparison }: PairProps): ReactElement | null {
  const [chosen, setChosen] = useState<string | null>(null);
  const labelOf = (id: string | null): string => runs.find(({ run }) => run.id === id)?.label ?? id ?? '';
  const pair = comparison.pairs.find(({ second }) => second.run === chosen) ?? comparison.pairs[0];
  const first = runs.find(({ run }) => run.id === pair?.first.run);
  const second = runs.find(({ run }) => run.id === pair?.second.run);
  if (pair === undefined || first === undefined || second === undefined) return null;
  return (
    <section className="panel stack">
      <div className="row">
        <h2>
          <RunNumber of={first} /> {first.label} against <RunNumber of={second} /> {second.label}
        </h2>
        <span className="spacer" />
        {comparison.pairs.length > 1 && (
          <Choice
            label={`${first.label} against`}
            value={pair.second.run}
            options={comparison.pairs.map(({ second: { run } }) => ({ value: run ?? '', label: labelOf(run) }))}
            onChange={setChosen}
          />
        )}
      </div>
      <p>{verdictOf(pair, first.label, second.label)}</p>
      <div className="pair">
        <RecallTable pair={pair} first={first} second={second} />
        <div className="stack">
          <OnlyRight pair={pair} side="first" of={first} />
          <OnlyRight pair={pair} side="second" of={second} />
        </div>
      </div>
    </section>
  );
}

/** What the numbers say, and whether chance alone could say it too. */
function verdictOf({ accuracyDifference, mcNemar, count }: PairComparison, first: string, second: string): string {
  const { value, interval } = accuracyDifference;
  const [low, high] = [formatPoints(interval[0]), formatPoints(interval[1])];
  const where = value < 0 ? 'below' : 'above';
  const points = formatPercent(Math.abs(value));
  const difference = `On ${plural(count, 'image')} ${second} is ${points} points ${where} ${first} [${low}, ${high}].`;
  const chance = mcNemar.pValue < 0.001 ? 'below 0.001' : mcNemar.pValue.toFixed(3);
  const judged = mcNemar.pValue < 0.05 ? 'more than chance explains' : 'no more than chance explains';
  return `${difference} McNemar’s test: p ${chance}, ${judged}.`;
}

interface RecallTableProps {
  readonly pair: PairComparison;
  readonly first: ComparedRun;
  readonly second: ComparedRun;
}

function RecallTable({ pair, first, second }: RecallTableProps): ReactElement {
  return (
    <div className="table-scroll" role="region" aria-label="Recall per class" tabIndex={0}>
      <table className="table table-plain">
        <thead>
          <tr>
            <th scope="col">Recall, %</th>
            <th scope="col" className="number">
              <RunNumber of={first} />
            </th>
            <th scope="col" className="number">
              <RunNumber of={second} />
            </th>
            <th scope="col" className="number">
              Difference, points
            </th>
            <th scope="col" className="number">
              Images
            </th>
          </tr>
        </thead>
        <tbody>
          {pair.perClass.map(({ name, support, recall, interval }) => (
            <tr key={name}>
              <th scope="row">
                <ClassName name={name} />
              </th>
              <td className="number">{formatPercent(recall.first)}</td>
              <td className="number">{formatPercent(recall.second)}</td>
              <td className="number">
                {formatPoints(recall.difference)}{' '}
                {interval !== null && (
                  <span className="muted small">
                    [{formatPoints(interval[0])}, {formatPoints(interval[1])}]
                  </span>
                )}
              </td>
              <td className="number">{formatCount(support)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A class of the studio by its mark; one of somebody else's network by its name. */
function ClassName({ name }: { name: string }): ReactElement {
  const index = classIndexOf(name);
  return index === undefined ? <>{name}</> : <ClassMark index={index} />;
}

interface OnlyRightProps {
  readonly pair: PairComparison;
  readonly side: 'first' | 'second';
  readonly of: ComparedRun;
}

const FACE_SIZE = 72;

/** The images only one of the two gets right, those first on which it is surest and the other wrong. */
function OnlyRight({ pair, side, of }: OnlyRightProps): ReactElement {
  const count = side === 'first' ? pair.mcNemar.onlyFirst : pair.mcNemar.onlySecond;
  const shown = pair.differing.filter(({ right }) => right === side);
  return (
    <section className="stack">
      <h3>
        Only <RunNumber of={of} /> {of.label} is right: {plural(count, 'image')}
        {shown.length < count && shown.length > 0 && `, the first ${formatCount(shown.length)} shown`}
      </h3>
      {count === 0 ? (
        <p className="muted">There are none.</p>
      ) : (
        <ul className="differing">
          {shown.map((image) => (
            <li key={image.image}>
              <DifferingFace image={image} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function DifferingFace({ image }: { image: DifferingImage }): ReactElement {
  const wrong = image.right === 'first' ? image.second : image.first;
  const title = `${image.label}, taken for ${wrong.predicted} with ${formatShare(wrong.confidence)}`;
  return (
    <Link to="/data" search={{ face: image.image }} className="differing-face" title={title}>
      <span className="differing-picture">
        <FaceImage id={image.image} size={FACE_SIZE} alt={title} />
      </span>
      <span className="differing-labels" aria-hidden="true">
        <Letter name={image.label} />
        <span className="muted">→</span>
        <Letter name={wrong.predicted} />
      </span>
    </Link>
  );
}

function Letter({ name }: { name: string }): ReactElement {
  const index = classIndexOf(name);
  return index === undefined ? <span className="small">{name}</span> : <ClassLetter index={index} />;
}
