import { useQuery } from '@tanstack/react-query';
import { type ReactElement, useState, useSyncExternalStore } from 'react';
import { api } from '../../../api/client.ts';
import { Button } from '../../../components/button.tsx';
import { Icon } from '../../../components/icon.tsx';
import { formatCount, formatShare } from '../../../text/format.ts';
import type { Outbox } from './outbox.ts';
import { paceOf } from './pace.ts';
import { QUEUE_LABELS, type ShownQueue } from './queue-labels.ts';
import type { SessionState } from './session.ts';

interface PaceLineProps {
  readonly state: SessionState;
  readonly outbox: Outbox;
  readonly queue: ShownQueue;
}

/** How this sitting goes, and how well the queue has aimed since it was first looked through. */
export function PaceLine({ state, outbox, queue }: PaceLineProps): ReactElement {
  const stats = useQuery(api.review.stats.queryOptions({}));
  const known = stats.data?.queues.find(({ name }) => name === queue);
  // What was decided before this sitting; what is decided now is counted here, and not asked for after each key.
  const [earlier, setEarlier] = useState(known);
  const pace = paceOf(state.judgements);
  if (earlier === undefined && known !== undefined && pace.decided === 0) setEarlier(known);
  const decided = pace.decided + (earlier?.decided ?? 0);
  const wrong = pace.corrections + (earlier?.corrections ?? 0);
  const position = Math.min(state.index + 1, state.faces.length);
  return (
    <div className="pace">
      <h2>{QUEUE_LABELS[queue]}</h2>
      <span className="muted">
        {formatCount(position)} of {formatCount(state.faces.length)}
        {state.isComplete ? '' : '+'}
      </span>
      <span className="spacer" />
      <span>
        <strong>{formatCount(pace.decided)}</strong> decided
      </span>
      <span>
        <strong>{pace.correctionsPerMinute === null ? '–' : pace.correctionsPerMinute.toFixed(1)}</strong>{' '}
        corrections/min
      </span>
      <span title={`${formatCount(wrong)} of ${formatCount(decided)} that were decided in this queue`}>
        <strong>{decided === 0 ? '–' : formatShare(wrong / decided)}</strong> wrong so far
      </span>
      <Waiting outbox={outbox} />
    </div>
  );
}

/** Decisions that the host has not confirmed: a word while they wait, an explanation once something is amiss. */
export function Waiting({ outbox }: { outbox: Outbox }): ReactElement {
  const { waiting, problem } = useSyncExternalStore(outbox.subscribe, outbox.state);
  if (problem === null) {
    return (
      <span className="muted saved">
        <Icon name="check" size={12} />
        {waiting === 0 ? 'saved' : 'saving'}
      </span>
    );
  }
  return (
    <span className="saved saved-waiting" role="status" title="They are kept in this browser until the studio answers.">
      {formatCount(waiting)} not sent yet
      <Button kind="quiet" onPress={() => void outbox.flush()}>
        Send now
      </Button>
    </span>
  );
}
