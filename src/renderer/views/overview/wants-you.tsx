import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import type { RunSummary } from '#shared/training.ts';
import { api } from '../../api/client.ts';
import { Icon } from '../../components/icon.tsx';
import { Prose } from '../../components/prose.tsx';
import { Status } from '../../components/status-dot.tsx';
import { formatCount } from '../../text/format.ts';

/** What does not go on without the person: runs that stand still, and blind audits half done. Nothing is shown when there is nothing. */
export function WantsYou(): ReactElement | null {
  const runs = useQuery(api.runs.list.queryOptions());
  const audits = useQuery(api.review.audits.queryOptions());
  const waiting = (runs.data ?? []).filter(isWaiting);
  const open = (audits.data ?? []).filter(({ answered, sampled, isEnough }) => answered < sampled && !isEnough);
  if (waiting.length === 0 && open.length === 0) return null;
  return (
    <section className="panel">
      <h2>Wants you</h2>
      <ul className="wants">
        {waiting.map((run) => (
          <li key={run.id}>
            <Link to="/runs/$run" params={{ run: run.id }} className="truncate">
              {run.name}
            </Link>
            <Status status={run.status} />
            <span className="muted">at step {formatCount(run.step)}</span>
            {run.error !== null && (
              <p className="wants-why">
                <Prose text={run.error.message} />
              </p>
            )}
          </li>
        ))}
        {open.map(({ name, answered, sampled }) => (
          <li key={`audit ${name}`}>
            <Icon name="check" />
            <Link to="/labels/audits/$audit" params={{ audit: name }} className="truncate">
              Blind audit {name}
            </Link>
            <span className="muted">
              {formatCount(answered)} of {formatCount(sampled)} answered
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** A run that would go on if somebody let it. */
function isWaiting({ status }: RunSummary): boolean {
  return status === 'failed' || status === 'interrupted' || status === 'paused';
}
