import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactElement, useState } from 'react';
import type { EvaluationRecord, EvaluationReport, QueuedImage } from '#shared/evaluation.ts';
import { api } from '../../api/client.ts';
import { Button } from '../../components/button.tsx';
import { FaceImage } from '../../components/face-image.tsx';
import { Choice, type Option } from '../../components/fields.tsx';
import { Loaded, Skeleton } from '../../components/states.tsx';
import { formatCount, formatShare, plural } from '../../text/format.ts';
import { ClassNameLetter } from '../predict/class-name.tsx';
import { labelOfClass } from '../predict/classes.ts';
import type { EvaluateSearch } from './search.ts';

interface WrongFacesProps {
  readonly report: EvaluationReport;
  readonly search: EvaluateSearch;
  readonly onChange: (part: Partial<EvaluateSearch>) => void;
}

const PAGE = 48;
const SIDE = 88;
const ANY = 'any class';

/** The mistakes, the surest first: of those, many are wrong labels. */
export function WrongFaces({ report, search, onChange }: WrongFacesProps): ReactElement {
  const { classes, record } = report;
  const label = known(search.label, classes);
  const predicted = known(search.predicted, classes);
  const [limit, setLimit] = useState(PAGE);
  const wrong = useQuery(
    api.evaluation.wrong.queryOptions(
      { id: record.id, label, predicted, limit },
      { placeholderData: keepPreviousData },
    ),
  );
  const areRight = label !== undefined && label === predicted;
  const options: Option<string>[] = [
    { value: ANY, label: 'Any class' },
    ...classes.map((name) => ({ value: name, label: labelOfClass(name) })),
  ];
  const change = (part: Partial<EvaluateSearch>): void => {
    setLimit(PAGE);
    onChange(part);
  };
  return (
    <section className="panel stack" id="faces" aria-labelledby="wrong">
      <div className="wrong-head">
        <div>
          <h2 id="wrong">{areRight ? 'Right ones' : 'Wrong ones'}</h2>
          <p className="muted small" role="status">
            {wrong.data === undefined
              ? ' '
              : `${formatCount(wrong.data.total)} of ${plural(wrong.data.count, 'image')}, the surest first`}
          </p>
        </div>
        <span className="spacer" />
        <div className="wrong-filter">
          <Choice
            label="Labeled"
            value={label ?? ANY}
            options={options}
            onChange={(name) => change({ label: name === ANY ? undefined : name })}
          />
          <Choice
            label="Taken for"
            value={predicted ?? ANY}
            options={options}
            onChange={(name) => change({ predicted: name === ANY ? undefined : name })}
          />
          <Button
            kind="quiet"
            isDisabled={label === undefined && predicted === undefined}
            onPress={() => change({ label: undefined, predicted: undefined })}
          >
            Show all
          </Button>
        </div>
      </div>
      <Loaded query={wrong} skeleton={<Skeleton height={SIDE * 2} />}>
        {({ rows, total }) => (
          <>
            {rows.length === 0 ? (
              <p className="muted">{areRight ? 'It was right on none of them.' : 'It was wrong on none of them.'}</p>
            ) : (
              <ul className="wrong-faces">
                {rows.map((row) => (
                  <li key={row.image}>
                    <WrongFace row={row} record={record} />
                  </li>
                ))}
              </ul>
            )}
            {rows.length < total && (
              <div>
                <Button isPending={wrong.isFetching} onPress={() => setLimit(limit + PAGE)}>
                  Show {formatCount(Math.min(PAGE, total - rows.length))} more
                </Button>
              </div>
            )}
          </>
        )}
      </Loaded>
    </section>
  );
}

function known(name: string | undefined, classes: readonly string[]): string | undefined {
  return classes.find((one) => one === name);
}

function WrongFace({ row, record }: { row: QueuedImage; record: EvaluationRecord }): ReactElement {
  const { image, label, predicted, confidence, labelProbability } = row;
  const isRight = label === predicted;
  const said = isRight
    ? `${labelOfClass(label)}, ${formatShare(confidence)}`
    : `${labelOfClass(label)} ${formatShare(labelProbability)}, taken for ${labelOfClass(predicted)} ${formatShare(confidence)}`;
  return (
    <Link
      to="/predict"
      search={record.run === null ? { face: image } : { face: image, run: record.run, network: record.network }}
      className="wrong-face"
      title={`${said}. ${row.path ?? ''}`}
    >
      <span className="wrong-picture">
        <FaceImage id={image} size={SIDE} alt={`Face ${image}: ${said}`} />
      </span>
      <span className="wrong-labels" aria-hidden="true">
        <ClassNameLetter name={label} />
        {!isRight && (
          <>
            <span className="muted">→</span>
            <ClassNameLetter name={predicted} />
          </>
        )}
        <span className="wrong-confidence">{Math.round(confidence * 100)} %</span>
      </span>
    </Link>
  );
}
