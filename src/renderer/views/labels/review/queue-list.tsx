import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { type ReactElement, useId } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import type { QueueList as Queues } from '#shared/review.ts';
import type { Round } from '#shared/rounds.ts';
import { api } from '../../../api/client.ts';
import { ClassLetter } from '../../../components/class-mark.tsx';
import { CompactChoice } from '../../../components/fields.tsx';
import { formatCount } from '../../../text/format.ts';
import { expressionAt } from '../../../text/words.ts';
import { roundOriginText } from '../rounds/round-text.ts';
import type { RoundSearch } from '../search.ts';
import { QUEUE_LABELS, type ShownQueue } from './queue-labels.ts';

const route = getRouteApi('/labels/$round');
const AUTOMATIC = 'automatic';

interface QueueListProps {
  readonly list: Queues;
  readonly round: Round;
  readonly shown: ShownQueue;
  /** The choice of faces that is looked through in place of a queue. */
  readonly picked: string | undefined;
  readonly label: number | undefined;
  readonly against: number | undefined;
}

/** Reasons to look at a label, each with how many faces wait there, and what would give those that have no data. */
export function QueueList({ list, round, shown, picked, label, against }: QueueListProps): ReactElement {
  const navigate = route.useNavigate();
  const heading = useId();
  const open = (part: Partial<RoundSearch>): void => {
    void navigate({ search: (before) => ({ ...before, ...part, at: undefined }) });
    focusFace();
  };
  const current = list.queues.find(({ queue }) => queue === shown);
  return (
    <>
      <ul className="queues" aria-label="Queues">
        {picked !== undefined && <PickedQueue round={round} picked={picked} />}
        {list.queues.map(({ queue, sentence, count, undecided }) => (
          <li key={queue}>
            <AriaButton
              className={queue === shown ? 'queue queue-shown' : 'queue'}
              aria-current={queue === shown}
              aria-label={`${QUEUE_LABELS[queue]}, ${formatCount(undecided)} of ${formatCount(count)} to look at. ${sentence}`}
              isDisabled={count === 0 && queue !== shown}
              onPress={() => open({ queue: queue === 'mixed' ? undefined : queue, picked: undefined })}
            >
              <span className="truncate">{QUEUE_LABELS[queue]}</span>
              <span className="queue-count">{formatCount(undecided)}</span>
            </AriaButton>
          </li>
        ))}
      </ul>
      {current !== undefined && <p className="queue-sentence">{current.sentence}</p>}
      <section aria-labelledby={heading}>
        <h2 id={heading}>Only the label</h2>
        <div className="class-filter" role="group" aria-labelledby={heading}>
          {round.classes.map((name, index) => (
            <AriaButton
              key={name}
              className={index === label ? 'class-choice class-choice-shown' : 'class-choice'}
              aria-label={expressionAt(index).label}
              aria-pressed={index === label}
              onPress={() => open({ label: index === label ? undefined : index })}
            >
              <ClassLetter index={index} />
            </AriaButton>
          ))}
        </div>
      </section>
      <Against round={round} list={list} against={against} onChoose={(id) => open({ against: id })} />
      {list.missing.length > 0 && (
        <details className="missing">
          <summary>Without data: {list.missing.length}</summary>
          <ul>
            {list.missing.map(({ suspicion, sentence }) => (
              <li key={suspicion}>
                <strong>{QUEUE_LABELS[suspicion]}</strong> {sentence}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

/** The faces that were chosen on the map, as the queue that is looked through. */
function PickedQueue({ round, picked }: { round: Round; picked: string }): ReactElement {
  const choice = useQuery(api.map.picked.queryOptions({ round: round.id, id: picked }));
  const count = choice.data === undefined ? '' : formatCount(choice.data.count);
  return (
    <li>
      <AriaButton
        className="queue queue-shown"
        aria-current
        aria-label={`${QUEUE_LABELS.map}, ${count} faces. All that were chosen there, the most suspicious first.`}
        onPress={focusFace}
      >
        <span className="truncate">{QUEUE_LABELS.map}</span>
        <span className="queue-count">{count}</span>
      </AriaButton>
    </li>
  );
}

interface AgainstProps {
  readonly round: Round;
  readonly list: Queues;
  readonly against: number | undefined;
  readonly onChoose: (round: number | undefined) => void;
}

/** The other network that labels are compared with. */
function Against({ round, list, against, onChoose }: AgainstProps): ReactElement | null {
  const rounds = useQuery(api.rounds.list.queryOptions({ source: round.source }));
  const others = (rounds.data ?? []).filter(({ id, status }) => id !== round.id && status === 'finished');
  if (others.length === 0) return null;
  const chosen = others.find(({ id }) => id === list.against);
  const automatic = against === undefined && chosen !== undefined ? `Automatic: ${chosen.name}` : 'Automatic';
  return (
    <section>
      <h2>Compared with</h2>
      <CompactChoice
        label="Compared with the round"
        value={against === undefined ? AUTOMATIC : String(against)}
        options={[
          { value: AUTOMATIC, label: list.against === null && against === undefined ? 'None' : automatic },
          ...others.map((other) => ({ value: String(other.id), label: other.name, note: roundOriginText(other) })),
        ]}
        onChange={(value) => onChoose(value === AUTOMATIC ? undefined : Number(value))}
      />
    </section>
  );
}

/** Keys belong to the face again once a button was pressed. */
export function focusFace(): void {
  requestAnimationFrame(() => document.querySelector<HTMLElement>('.review-card')?.focus({ preventScroll: true }));
}
