import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import type { ImageDecision } from '#shared/review.ts';
import type { PseudoLabel, Round } from '#shared/rounds.ts';
import { api } from '../../../api/client.ts';
import { ClassLetter } from '../../../components/class-mark.tsx';
import { Prose } from '../../../components/prose.tsx';
import { Ago } from '../../../components/time.tsx';
import { formatCount } from '../../../text/format.ts';
import { NETWORK_LABELS, QUALITY_LABELS, expressionAt } from '../../../text/words.ts';
import { NearestFaces } from './nearest-faces.tsx';
import { QUEUE_LABELS, VERDICT_LABELS } from './queue-labels.ts';
import type { QueueFace, Said } from './session.ts';
import { useRested } from './use-rested.ts';

const REST_MILLISECONDS = 250;

interface WhyPanelProps {
  readonly face: QueueFace | undefined;
  readonly round: Round;
  readonly against: number | null;
}

/** Why this face is here: what the networks say, the reasons in words, and what is known of it from before. */
export function WhyPanel({ face, round, against }: WhyPanelProps): ReactElement {
  return (
    <aside className="why" aria-label="Why this face">
      {face !== undefined && (
        <>
          <Networks face={face} round={round} against={against} />
          <section>
            <h3>Reasons</h3>
            {face.reasons.length === 0 ? (
              <p className="muted">Nothing in particular.</p>
            ) : (
              <ul className="reasons">
                {face.reasons.map(({ suspicion, sentence, score }) => (
                  <li key={suspicion} title={`${QUEUE_LABELS[suspicion]}: ${score.toFixed(2)}`}>
                    <Prose text={sentence} />
                  </li>
                ))}
              </ul>
            )}
          </section>
          <Background face={face} round={round} against={against} />
        </>
      )}
    </aside>
  );
}

function Networks({ face, round, against }: { face: QueueFace; round: Round; against: number | null }): ReactElement {
  const rounds = useQuery(api.rounds.list.queryOptions({}));
  const other = rounds.data?.find(({ id }) => id === against);
  const columns = [
    { name: networkText(round), said: face.said },
    ...(other === undefined ? [] : [{ name: networkText(other), said: face.other }]),
  ];
  return (
    <section>
      <h3 className="visually-hidden">Probabilities</h3>
      <table className="said">
        <thead>
          <tr>
            <td />
            {columns.map(({ name }, index) => (
              <th key={index} scope="col" title={name}>
                <span className="truncate">{name}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {round.classes.map((name, label) => (
            <tr key={name} className={label === face.label ? 'said-judged' : undefined}>
              <th scope="row">
                <ClassLetter index={label} />
                <span className="visually-hidden">{expressionAt(label).label}</span>
              </th>
              {columns.map(({ said }, index) => (
                <td key={index}>
                  <SaidBar said={said} label={label} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function networkText({ network, step, name }: Pick<Round, 'network' | 'step' | 'name'>): string {
  if (network === null) return name;
  return step === null ? NETWORK_LABELS[network] : `${NETWORK_LABELS[network]} ${formatCount(step)}`;
}

function SaidBar({ said, label }: { said: Said | null; label: number }): ReactElement {
  if (said === null) return <span className="muted">–</span>;
  const probability = said.probabilities[label] ?? 0;
  return (
    <span className={said.label === label ? 'said-bar said-bar-first' : 'said-bar'}>
      <span className="said-track">
        <span style={{ width: `${probability * 100}%`, backgroundColor: expressionAt(label).color }} />
      </span>
      <span className="number">{probability.toFixed(2).replace(/^0/, '')}</span>
    </span>
  );
}

/** What other rounds said and what people decided, asked for once the person rests on a face. */
function Background({ face, round, against }: WhyPanelProps & { readonly face: QueueFace }): ReactElement {
  const image = useRested(face.image.id, REST_MILLISECONDS);
  const isCurrent = image === face.image.id;
  const timeline = useQuery(api.rounds.timeline.queryOptions({ image }));
  const history = useQuery(api.review.history.queryOptions({ image }));
  const { source, path, width, height, identity, qualities } = face.image;
  const flaws = qualities.filter((quality) => quality !== 'good' && quality !== 'unknown');
  return (
    <>
      <NearestFaces image={image} isCurrent={isCurrent} round={round} against={against} />
      <section>
        <h3>In all rounds</h3>
        {isCurrent && timeline.data !== undefined ? <Timeline labels={timeline.data} /> : <p className="muted">…</p>}
      </section>
      {isCurrent && history.data !== undefined && history.data.length > 0 && (
        <section>
          <h3>Decided before</h3>
          <ol className="earlier">
            {history.data.toReversed().map((decision) => (
              <Earlier key={decision.batch} decision={decision} />
            ))}
          </ol>
        </section>
      )}
      <section className="why-file small muted">
        <Link to="/data" search={{ face: face.image.id }} title={path}>
          {source}, face {formatCount(face.image.id)}
        </Link>
        {width !== null && ` · ${width} × ${height ?? 0}`}
        {identity !== null && ` · ${identity}`}
        {flaws.length > 0 && ` · ${flaws.map((flaw) => QUALITY_LABELS[flaw].toLowerCase()).join(', ')}`}
      </section>
    </>
  );
}

function Timeline({ labels }: { labels: readonly PseudoLabel[] }): ReactElement {
  return (
    <ol className="timeline">
      {labels.map(({ round, name, label, confidence, network, step }) => (
        <li key={round} title={`${name}: ${expressionAt(label).label} ${confidence.toFixed(2)}`}>
          <ClassLetter index={label} />
          <span className="confidence">
            <span style={{ width: `${confidence * 100}%` }} />
          </span>
          <span className="small muted truncate">{networkText({ network, step, name })}</span>
        </li>
      ))}
    </ol>
  );
}

function Earlier({ decision }: { decision: ImageDecision }): ReactElement {
  const { verdict, from, to, reviewer, madeAt, state, reason } = decision;
  return (
    <li className={state === 'standing' ? undefined : 'undone'}>
      {VERDICT_LABELS[verdict]}
      {from !== null && <ClassLetter index={from} />}
      {to !== null && to !== from && (
        <>
          → <ClassLetter index={to} />
        </>
      )}
      <span className="muted small">
        {reviewer}, <Ago at={madeAt} />
        {state !== 'standing' && ', undone'}
        {reason !== '' && ` · ${reason}`}
      </span>
    </li>
  );
}
