import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import type { ImageDecision } from '#shared/review.ts';
import { api } from '../../api/client.ts';
import { ClassLetter } from '../../components/class-mark.tsx';
import { Ago } from '../../components/time.tsx';
import './face-history.css';

const VERDICT_LABELS: Readonly<Record<ImageDecision['verdict'], string>> = {
  accept: 'accepted',
  relabel: 'relabeled',
  reject: 'rejected',
  unsure: 'unsure',
};

/** What was decided of a face, the newest first. */
export function FaceHistory({ id }: { id: number }): ReactElement | null {
  const history = useQuery(api.review.history.queryOptions({ image: id }));
  const decisions = history.data ?? [];
  if (decisions.length === 0) return null;
  return (
    <section className="details-part">
      <h3>Decisions</h3>
      <ul className="history">
        {decisions.toReversed().map(({ batch, reviewer, madeAt, verdict, from, to, reason, state }) => (
          <li key={batch} className={state === 'standing' ? undefined : 'history-undone'}>
            <span className="row">
              {from !== null && <ClassLetter index={from} />}
              {to !== null && to !== from && (
                <>
                  <span aria-hidden>→</span>
                  <ClassLetter index={to} />
                </>
              )}
              <span>
                {VERDICT_LABELS[verdict]}
                {state !== 'standing' && ', undone'}
              </span>
            </span>
            <span className="muted">
              {reviewer} · <Ago at={madeAt} />
              {reason !== '' && ` · ${reason}`}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
