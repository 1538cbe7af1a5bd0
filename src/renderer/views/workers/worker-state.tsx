import type { ReactElement } from 'react';
import { describeError } from '../../api/errors.ts';
import type { LookedAt } from './looks.ts';
import { lookWords } from './worker-words.ts';
import './workers.css';

/** As runs have them: filled, ring, square. */
const DOTS = {
  ready: 'status-finished',
  busy: 'status-running',
  refused: 'status-paused',
  unreached: 'status-failed',
} as const;

/** How a worker is: a dot, a word, and what it computes with or why it is not to be had. */
export function WorkerState({ looked: { look, error, isLooking } }: { looked: LookedAt }): ReactElement {
  if (isLooking) {
    return (
      <span className="worker-state muted">
        <span className="status">
          <span className="status-dot" />
          Looking …
        </span>
      </span>
    );
  }
  if (look === null) return <span className="worker-state worker-problem">{describeError(error).message}</span>;
  const { state, detail } = lookWords(look);
  return (
    <span className="worker-state">
      <span className="status">
        <span className={`status-dot ${DOTS[look.state]}`} />
        {state}
      </span>
      <span className="muted small worker-detail">{detail}</span>
    </span>
  );
}
