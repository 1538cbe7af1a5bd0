import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactElement, useState } from 'react';
import type { Face, FaceCopies } from '#shared/faces.ts';
import { VOTE_CHOICES } from '#shared/label-votes.ts';
import { api, client } from '../../api/client.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { ClassLetter, ClassMark } from '../../components/class-mark.tsx';
import { FaceImage } from '../../components/face-image.tsx';
import { SuggestedInput } from '../../components/fields.tsx';
import { FormPopover } from '../../components/form-popover.tsx';
import { Empty, Loaded, Skeleton } from '../../components/states.tsx';
import { formatCount, formatRate, plural } from '../../text/format.ts';
import { QUALITY_LABELS, SPLIT_LABELS, expressionAt } from '../../text/words.ts';
import { FaceHistory } from './face-history.tsx';
import { FacePseudoLabels } from './face-pseudo-labels.tsx';
import { FindSimilar } from './find-similar.tsx';
import { Relabel } from './relabel.tsx';
import { sourceSearch } from './search.ts';
import { setExcluded, tellExclusion } from './undo.ts';
import './face-details.css';

const SIDE = 288;
const COPY_SIDE = 64;

interface FaceDetailsProps {
  /** Undefined while no face was looked at. */
  readonly id: number | undefined;
  readonly onLook: (id: number) => void;
  readonly onClose: () => void;
}

/** The face that was looked at last, large, with everything the catalog knows of it. */
export function FaceDetails({ id, onLook, onClose }: FaceDetailsProps): ReactElement {
  return (
    <aside className={id === undefined ? 'details details-empty' : 'details'} aria-label="Face" tabIndex={-1}>
      <div className="row">
        <h2>{id === undefined ? 'Face' : `Face ${formatCount(id)}`}</h2>
        <span className="spacer" />
        <IconButton icon="close" label="Close details" onPress={onClose} />
      </div>
      {id === undefined ? (
        <Empty icon="image" title="No face chosen">
          Press a face, or move to it with the arrow keys, and what is known of it is here.
        </Empty>
      ) : (
        <Details id={id} onLook={onLook} />
      )}
    </aside>
  );
}

function Details({ id, onLook }: { id: number; onLook: (id: number) => void }): ReactElement {
  const face = useQuery(api.catalog.face.queryOptions({ id }, { placeholderData: keepPreviousData }));
  return (
    <Loaded query={face} skeleton={<Skeleton height={SIDE} />}>
      {(data) => (
        <>
          <div className="details-face">
            <FaceImage key={data.id} id={data.id} size={SIDE} alt={`Face ${data.id}`} />
          </div>
          <div className="row details-actions">
            <Link to="/predict" search={{ face: data.id }} className="button button-plain">
              Predict
            </Link>
            <FindSimilar id={data.id} />
            <Relabel key={`label ${data.id}`} selection={{ ids: [data.id] }} count={1} />
            <Exclude key={data.id} face={data} />
          </div>
          <Facts face={data} />
          <FacePseudoLabels id={data.id} label={data.label} />
          <FaceHistory id={data.id} />
          {data.votes.map((votes) => (
            <Votes key={votes.origin} {...votes} />
          ))}
          <Measures face={data} />
          {data.copies.map((copies) => (
            <Copies key={copies.kind} copies={copies} onLook={onLook} />
          ))}
        </>
      )}
    </Loaded>
  );
}

function Exclude({ face }: { face: Face }): ReactElement {
  const [reason, setReason] = useState('');
  if (face.excluded) {
    return (
      <Button icon="undo" onPress={() => void setExcluded({ ids: [face.id] }, false, 'put back')}>
        Put back
      </Button>
    );
  }
  return (
    <FormPopover
      label="Exclude"
      icon="excluded"
      title="Exclude this face"
      submitLabel="Exclude"
      submitKind="danger"
      canSubmit={reason.trim() !== ''}
      onSubmit={async () => {
        const input = { selection: { ids: [face.id] }, excluded: true, reason: reason.trim() };
        tellExclusion(await client.catalog.excludeSelected.mutate(input));
      }}
    >
      <SuggestedInput
        label="Reason"
        value={reason}
        suggestions={['not a face', 'wrong label', 'unreadable']}
        onChange={setReason}
      />
    </FormPopover>
  );
}

function Facts({ face }: { face: Face }): ReactElement {
  const facts = [
    ['Label', face.label === null ? 'None' : <ClassMark key="class" index={face.label} />],
    ['Split', SPLIT_LABELS[face.split]],
    [
      'Source',
      <Link key="source" to="/data" search={sourceSearch(face.source)}>
        {face.source}
      </Link>,
    ],
    ['Person', face.identity ?? '–'],
    ['Pixels', face.width === null ? '–' : `${formatCount(face.width)} × ${formatCount(face.height ?? 0)}`],
    [
      'File',
      <code key="file" title={face.file}>
        {face.path === '' ? face.file : face.path}
      </code>,
    ],
    ...(face.excluded ? [['Excluded', 'yes'] as const] : []),
  ] as const;
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

const OTHER_VOTES: Readonly<Record<string, string>> = { unknown: 'Unknown', 'non-face': 'Not a face' };

function Votes({ origin, counts }: Face['votes'][number]): ReactElement {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const given = counts.flatMap((count, index) => (count === 0 ? [] : [{ count, index }]));
  return (
    <section className="details-part">
      <h3>Votes of {origin}</h3>
      <ul className="votes">
        {given
          .toSorted((one, other) => other.count - one.count)
          .map(({ count, index }) => {
            const choice = VOTE_CHOICES[index]!;
            return (
              <li key={choice}>
                <span className="truncate">
                  {choice in OTHER_VOTES ? OTHER_VOTES[choice] : <ClassMark index={index} />}
                </span>
                <span className="vote-track">
                  <span
                    className="vote-bar"
                    style={{
                      width: `${(count / total) * 100}%`,
                      backgroundColor: choice in OTHER_VOTES ? undefined : expressionAt(index).color,
                    }}
                  />
                </span>
                <span className="number">{formatCount(count)}</span>
              </li>
            );
          })}
      </ul>
    </section>
  );
}

function Measures({ face: { analysis, qualities } }: { face: Face }): ReactElement {
  if (analysis === null) {
    return (
      <section className="details-part">
        <h3>Quality</h3>
        <p className="muted small">Not analyzed yet.</p>
      </section>
    );
  }
  const measures = [
    ['Brightness', analysis.brightness, 'of 255'],
    ['Contrast', analysis.contrast, 'of 128'],
    ['Sharpness', analysis.sharpness, ''],
    ['Colour', analysis.colourfulness, ''],
  ] as const;
  return (
    <section className="details-part">
      <h3>Quality</h3>
      <p className="small">{qualities.map((quality) => QUALITY_LABELS[quality]).join(', ')}</p>
      <dl className="measures">
        {measures.map(([name, value, unit]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              {formatRate(value)} <span className="muted">{unit}</span>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Copies({ copies, onLook }: { copies: FaceCopies; onLook: (id: number) => void }): ReactElement {
  const others = copies.size - 1;
  return (
    <section className="details-part">
      <h3>{copies.kind === 'exact' ? 'Exact copies' : 'Near copies'}</h3>
      {copies.rows.length === 0 ? (
        <p className="muted small">{plural(others, 'copy').replace('copys', 'copies')}</p>
      ) : (
        <div className="copies">
          {copies.rows.map((row) => (
            <button
              key={row.id}
              type="button"
              className="copy"
              aria-label={`Face ${row.id}, ${row.label === null ? 'unlabeled' : expressionAt(row.label).label}, ${SPLIT_LABELS[row.split]}`}
              onClick={() => onLook(row.id)}
            >
              <FaceImage id={row.id} size={COPY_SIDE} alt="" />
              {row.label !== null && <ClassLetter index={row.label} />}
              <span className="copy-split">{SPLIT_LABELS[row.split]}</span>
            </button>
          ))}
        </div>
      )}
      {others > copies.rows.length && copies.rows.length > 0 && (
        <p className="muted small">and {formatCount(others - copies.rows.length)} more</p>
      )}
    </section>
  );
}
