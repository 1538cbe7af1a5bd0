import { useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import type { Agreement } from '#shared/review-use.ts';
import { api } from '../../../api/client.ts';
import { ClassLetter } from '../../../components/class-mark.tsx';
import { FaceImage } from '../../../components/face-image.tsx';
import { Choice } from '../../../components/fields.tsx';
import { Icon } from '../../../components/icon.tsx';
import { Empty, Loaded, Skeleton } from '../../../components/states.tsx';
import { formatCount, formatShare, plural } from '../../../text/format.ts';
import { classIndexOf, expressionAt } from '../../../text/words.ts';

const route = getRouteApi('/labels/agreement');
const SIDE = 72;
const SHOWN = 60;

/** How far two reviewers agree on the faces both decided. */
export function AgreementPage(): ReactElement {
  const reviewers = useQuery({ ...api.review.reviewers.queryOptions(), staleTime: 0 });
  return (
    <Loaded query={reviewers} skeleton={<Skeleton height={320} />}>
      {(list) =>
        list.length < 2 ? (
          <section className="panel">
            <Empty
              icon="labels"
              title="Agreement needs two reviewers"
              action={<Link to="/labels/log">Say who you are</Link>}
            >
              {list.length === 0 ? 'Nobody decided anything yet. ' : `So far only ${list[0]} decided. `}
              Let a second person review the same faces under their own name, here or at another machine.
            </Empty>
          </section>
        ) : (
          <Between reviewers={list} />
        )
      }
    </Loaded>
  );
}

function Between({ reviewers }: { reviewers: readonly string[] }): ReactElement {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const one = reviewers.find((name) => name === search.one) ?? reviewers[0]!;
  const other =
    reviewers.find((name) => name === search.other && name !== one) ?? reviewers.find((name) => name !== one)!;
  const agreement = useQuery({ ...api.review.agreement.queryOptions({ one, other }), staleTime: 0 });
  const options = reviewers.map((name) => ({ value: name, label: name }));
  return (
    <>
      <div className="flips-head">
        <Choice
          label="Rows"
          value={one}
          options={options}
          onChange={(name) =>
            void navigate({ search: { one: name, other: name === other ? one : other }, replace: true })
          }
        />
        <Choice
          label="Columns"
          value={other}
          options={options}
          onChange={(name) =>
            void navigate({ search: { one: name === one ? other : one, other: name }, replace: true })
          }
        />
      </div>
      <Loaded query={agreement} skeleton={<Skeleton height={320} />}>
        {(data) => <Report agreement={data} />}
      </Loaded>
    </>
  );
}

function Report({ agreement }: { agreement: Agreement }): ReactElement {
  const { images, unsure, observed, kappa, interval } = agreement;
  if (images === 0) {
    return (
      <section className="panel">
        <Empty icon="labels" title="They decided no face in common" />
      </section>
    );
  }
  return (
    <div className="flips">
      <section className="panel stack">
        <dl className="head-figures">
          <div className="head-figure">
            <dt>Cohen’s kappa</dt>
            <dd>{kappa === null ? '–' : kappa.toFixed(2)}</dd>
            <dd className="muted small">
              {interval === null ? '' : `[${interval[0].toFixed(2)}–${interval[1].toFixed(2)}]`}
            </dd>
          </div>
          <div className="head-figure">
            <dt>Same outcome</dt>
            <dd>{observed === null ? '–' : formatShare(observed)}</dd>
            <dd className="muted small">of {plural(images, 'face')}</dd>
          </div>
          {unsure > 0 && (
            <div className="head-figure">
              <dt>Left out</dt>
              <dd>{formatCount(unsure)}</dd>
              <dd className="muted small">one was unsure</dd>
            </div>
          )}
        </dl>
        <OutcomeMatrix agreement={agreement} />
      </section>
      <section className="panel flips-faces" aria-label="Faces they differ on">
        <h2>{plural(agreement.disagreements.length, 'face')} they differ on</h2>
        <ul className="flip-faces">
          {agreement.disagreements.slice(0, SHOWN).map(({ image, one, other }) => (
            <li key={image}>
              <Link
                to="/data"
                search={{ face: image }}
                className="flip-face"
                aria-label={`Face ${image}: ${agreement.one} says ${one}, ${agreement.other} ${other}`}
              >
                <FaceImage id={image} size={SIDE} alt="" />
              </Link>
              <span className="flip-labels">
                <OutcomeMark name={one} /> ≠ <OutcomeMark name={other} />
              </span>
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}

function OutcomeMark({ name }: { name: string }): ReactElement {
  const index = classIndexOf(name);
  return index === undefined ? (
    <span className="strip-verdict" title="Rejected">
      <Icon name="close" size={12} />
    </span>
  ) : (
    <ClassLetter index={index} />
  );
}

function OutcomeMatrix({ agreement: { matrix, outcomes, one, other } }: { agreement: Agreement }): ReactElement {
  // Outcomes that neither said tell nothing.
  const used = outcomes.flatMap((_, index) =>
    matrix[index]!.some((count) => count > 0) || matrix.some((row) => row[index]! > 0) ? [index] : [],
  );
  const largest = Math.max(1, ...matrix.flat());
  return (
    <table className="flips-matrix" aria-label={`Outcomes of ${one} in rows, of ${other} in columns`}>
      <thead>
        <tr>
          <td />
          {used.map((index) => (
            <th key={index} scope="col">
              <OutcomeMark name={outcomes[index]!} />
              <span className="visually-hidden">{outcomes[index]}</span>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {used.map((row) => (
          <tr key={row}>
            <th scope="row">
              <span className="class-mark">
                <OutcomeMark name={outcomes[row]!} />
                {classIndexOf(outcomes[row]) === undefined ? 'Rejected' : expressionAt(row).label}
              </span>
            </th>
            {used.map((column) => {
              const count = matrix[row]![column]!;
              return (
                <td key={column}>
                  <span
                    className={row === column ? 'flip-cell flip-same' : 'flip-cell flip-plain'}
                    style={{ '--share': `${Math.round((count / largest) * 36)}%` } as React.CSSProperties}
                  >
                    {formatCount(count)}
                  </span>
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
