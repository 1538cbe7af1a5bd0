import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import type { DifferingImage, EvaluationRecord, PairComparison } from '#shared/evaluation.ts';
import { api } from '../../api/client.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { FaceImage } from '../../components/face-image.tsx';
import { Choice } from '../../components/fields.tsx';
import { Loaded, Skeleton } from '../../components/states.tsx';
import { formatCount, formatPercent, formatPoints, formatShare, plural } from '../../text/format.ts';
import { ClassName, ClassNameLetter } from '../predict/class-name.tsx';
import { labelOfClass } from '../predict/classes.ts';
import type { EvaluateSearch } from './search.ts';
import { pText, pointsInterval, titleOfRecord, verdictOf } from './words.ts';

interface AgainstProps {
  readonly record: EvaluationRecord;
  readonly records: readonly EvaluationRecord[];
  readonly against: string | undefined;
  readonly onChange: (part: Partial<EvaluateSearch>) => void;
}

const NONE = 'none';
const SIDE = 72;
const LISTED = 4_000;
const SHOWN = 18;

/** Whether another network is better on the same images, or only by chance. */
export function Against({ record, records, against, onChange }: AgainstProps): ReactElement {
  const others = records.filter(({ id, split }) => id !== record.id && split === record.split);
  const other = others.find(({ id }) => id === against);
  return (
    <section className="panel stack" aria-labelledby="against">
      <div className="wrong-head">
        <h2 id="against">Against another network</h2>
        <span className="spacer" />
        {others.length > 0 && (
          <div className="against-choice">
            <Choice
              label="Compare with"
              value={other?.id ?? NONE}
              options={[
                { value: NONE, label: 'Nothing' },
                ...others.map((one) => ({ value: one.id, label: titleOfRecord(one) })),
              ]}
              onChange={(id) => onChange({ against: id === NONE ? undefined : id })}
            />
          </div>
        )}
      </div>
      {others.length === 0 && (
        <p className="muted">Evaluate another network on {record.split}, and the two can be compared image by image.</p>
      )}
      {other !== undefined && <Comparison first={record} second={other} />}
    </section>
  );
}

function Comparison({ first, second }: { first: EvaluationRecord; second: EvaluationRecord }): ReactElement {
  const pair = useQuery(api.evaluation.pair.queryOptions({ first: first.id, second: second.id, limit: LISTED }));
  const [firstName, secondName] = [titleOfRecord(first), titleOfRecord(second)];
  return (
    <Loaded query={pair} skeleton={<Skeleton height={240} />}>
      {(data) => (
        <>
          <p className="verdict">{verdictOf(data.mcNemar, firstName, secondName)}</p>
          <dl className="headline">
            <div>
              <dt>Accuracy, difference in points</dt>
              <dd>
                {formatPoints(data.accuracyDifference.value)}{' '}
                <span className="interval">{pointsInterval(data.accuracyDifference.interval)}</span>
              </dd>
            </div>
            <div>
              <dt>McNemar’s test, {data.mcNemar.method === 'exact' ? 'exact' : 'χ²'}</dt>
              <dd>
                p {data.mcNemar.pValue < 0.001 ? '' : '= '}
                {pText(data.mcNemar.pValue)}
              </dd>
            </div>
            <div>
              <dt>Both right</dt>
              <dd>{formatCount(data.bothRight)}</dd>
            </div>
            <div>
              <dt>Both wrong</dt>
              <dd>{formatCount(data.bothWrong)}</dd>
            </div>
          </dl>
          <p className="muted small">
            On {plural(data.count, 'image')} that both have answers for
            {data.unpaired > 0 && `; ${formatCount(data.unpaired)} that only one has are left out`}. Differences are
            those of {secondName} less those of {firstName}.
          </p>
          <div className="report-pair">
            <DataTable
              label="Differences of each class"
              columns={COLUMNS}
              rows={data.perClass}
              keyOf={({ name }) => name}
            />
            <div className="stack">
              <OnlyRight title={`Only ${firstName} is right`} side="first" pair={data} />
              <OnlyRight title={`Only ${secondName} is right`} side="second" pair={data} />
            </div>
          </div>
        </>
      )}
    </Loaded>
  );
}

type Row = PairComparison['perClass'][number];

const COLUMNS: readonly Column<Row>[] = [
  { key: 'class', title: 'Class', cell: ({ name }) => <ClassName name={name} /> },
  {
    key: 'first',
    title: 'Recall, %',
    isNumber: true,
    cell: ({ recall }) => formatPercent(recall.first),
    sortBy: ({ recall }) => recall.first,
  },
  {
    key: 'second',
    title: 'Other’s, %',
    isNumber: true,
    cell: ({ recall }) => formatPercent(recall.second),
    sortBy: ({ recall }) => recall.second,
  },
  {
    key: 'difference',
    title: 'Difference, points',
    isNumber: true,
    cell: ({ recall, interval }) => (
      <>
        {formatPoints(recall.difference)}
        {interval !== null && <span className="interval interval-below">{pointsInterval(interval)}</span>}
      </>
    ),
    sortBy: ({ recall }) => recall.difference,
  },
  {
    key: 'support',
    title: 'Images',
    isNumber: true,
    cell: ({ support }) => formatCount(support),
    sortBy: ({ support }) => support,
  },
];

function OnlyRight(props: { title: string; side: 'first' | 'second'; pair: PairComparison }): ReactElement {
  const { title, side, pair } = props;
  const count = side === 'first' ? pair.mcNemar.onlyFirst : pair.mcNemar.onlySecond;
  const shown = pair.differing.filter(({ right }) => right === side).slice(0, SHOWN);
  return (
    <div className="stack">
      <h3>
        {title}: {plural(count, 'image')}
        {shown.length < count && `, ${formatCount(shown.length)} shown`}
      </h3>
      <ul className="wrong-faces">
        {shown.map((image) => (
          <li key={image.image}>
            <DifferingFace image={image} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function DifferingFace({ image: { image, label, right, first, second } }: { image: DifferingImage }): ReactElement {
  const wrong = right === 'first' ? second : first;
  const said = `${labelOfClass(label)}, taken for ${labelOfClass(wrong.predicted)} by the other, ${formatShare(wrong.confidence)}`;
  return (
    <Link to="/predict" search={{ face: image }} className="wrong-face" title={said}>
      <span className="wrong-picture">
        <FaceImage id={image} size={SIDE} alt={`Face ${image}: ${said}`} />
      </span>
      <span className="wrong-labels" aria-hidden="true">
        <ClassNameLetter name={label} />
        <span className="muted">→</span>
        <ClassNameLetter name={wrong.predicted} />
      </span>
    </Link>
  );
}
