import { useMutation, useQuery } from '@tanstack/react-query';
import { type ReactElement, useEffect, useState } from 'react';
import { DEFAULT_REVIEW_KEYS, REVIEW_ACTIONS, type ReviewAction, type ReviewKeys } from '#shared/review.ts';
import { api, queryClient } from '../../api/client.ts';
import { Button } from '../../components/button.tsx';
import { SearchInput } from '../../components/search-input.tsx';
import { ErrorNote, Loaded, Skeleton } from '../../components/states.tsx';
import { WINDOW_KEYS } from '../../frame/keys.ts';
import { PLACES } from '../../frame/places.ts';
import { keyName, shownKey } from '../labels/review/keys.ts';
import { conflictOf, matchesText, reviewActionText } from './key-words.ts';

/** Every key and what it does; those of looking through labels can be changed. */
export function KeysSection(): ReactElement {
  const [text, setText] = useState('');
  const keys = useQuery(api.review.keys.queryOptions());
  return (
    <div className="stack">
      <div className="keys-search">
        <SearchInput label="Search keys" placeholder="Search keys" value={text} onChange={setText} />
      </div>
      <Loaded query={keys} skeleton={<Skeleton height={320} />}>
        {(bound) => <ReviewKeysTable keys={bound} text={text} />}
      </Loaded>
      <WindowKeysTable text={text} />
    </div>
  );
}

/** A key that was pressed for an act and belongs to another. */
interface Conflict {
  readonly action: ReviewAction;
  readonly key: string;
  readonly owner: ReviewAction;
}

function ReviewKeysTable({ keys, text }: { keys: ReviewKeys; text: string }): ReactElement {
  const [recording, setRecording] = useState<ReviewAction | null>(null);
  const [conflict, setConflict] = useState<Conflict | null>(null);
  const keep = (kept: ReviewKeys): void => {
    queryClient.setQueryData(api.review.keys.queryKey(), kept);
  };
  const setting = useMutation(api.review.setKeys.mutationOptions({ onSuccess: keep }));
  const resetting = useMutation(api.review.resetKeys.mutationOptions({ onSuccess: keep }));
  useRecording(recording, {
    onCancel: () => setRecording(null),
    onKey: (key) => {
      if (recording === null) return;
      setRecording(null);
      const owner = conflictOf(keys, recording, key);
      if (owner !== null) setConflict({ action: recording, key, owner });
      else if (key !== keys[recording]) setting.mutate({ [recording]: key });
    },
  });
  const rows = REVIEW_ACTIONS.filter((action) => matchesText(text, reviewActionText(action), shownKey(keys[action])));
  const areUsual = REVIEW_ACTIONS.every((action) => keys[action] === DEFAULT_REVIEW_KEYS[action]);
  return (
    <section className="stack" aria-labelledby="review-keys">
      <div className="row">
        <h3 id="review-keys">Looking through labels</h3>
        <span className="spacer" />
        <Button
          kind="quiet"
          icon="undo"
          isDisabled={areUsual}
          isPending={resetting.isPending}
          onPress={() => resetting.mutate()}
        >
          Reset all
        </Button>
      </div>
      {(setting.error ?? resetting.error) !== null && <ErrorNote error={setting.error ?? resetting.error} />}
      {rows.length === 0 && <p className="muted">No key of these is like that.</p>}
      <ul className="keys-table">
        {rows.map((action) => (
          <li key={action}>
            <span className="keys-does">{reviewActionText(action)}</span>
            <span className="keys-caps">
              {recording === action ? (
                <span role="status">Press a key, Esc cancels</span>
              ) : (
                <kbd>{shownKey(keys[action])}</kbd>
              )}
            </span>
            <Button
              kind="quiet"
              aria-label={`Change the key: ${reviewActionText(action)}`}
              isDisabled={recording !== null && recording !== action}
              onPress={() => {
                setConflict(null);
                setRecording(recording === action ? null : action);
              }}
            >
              {recording === action ? 'Cancel' : 'Change'}
            </Button>
            {conflict?.action === action && (
              <ConflictNote
                conflict={conflict}
                onSwap={() => {
                  setting.mutate({ [conflict.action]: conflict.key, [conflict.owner]: keys[conflict.action] });
                  setConflict(null);
                }}
                onLeave={() => setConflict(null)}
              />
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function ConflictNote(props: { conflict: Conflict; onSwap: () => void; onLeave: () => void }): ReactElement {
  const { conflict, onSwap, onLeave } = props;
  return (
    <div className="note note-warning keys-conflict" role="alert">
      <p className="note-text">
        <kbd>{shownKey(conflict.key)}</kbd> is the key of “{reviewActionText(conflict.owner)}” already.
      </p>
      <Button onPress={onSwap}>Swap the two</Button>
      <Button kind="quiet" onPress={onLeave}>
        Leave as it is
      </Button>
    </div>
  );
}

/** Modifiers alone are no key: one waits for what is pressed with them. */
const MODIFIERS = new Set(['Shift', 'Control', 'Alt', 'Meta', 'AltGraph', 'CapsLock', 'Dead']);

/** The next key is told instead of doing what it does. */
function useRecording(
  recording: ReviewAction | null,
  { onKey, onCancel }: { onKey: (key: string) => void; onCancel: () => void },
): void {
  useEffect(() => {
    if (recording === null) return;
    const hear = (event: KeyboardEvent): void => {
      if (MODIFIERS.has(event.key)) return;
      event.preventDefault();
      event.stopPropagation();
      if (event.key === 'Escape') onCancel();
      else onKey(keyName(event));
    };
    window.addEventListener('keydown', hear, true);
    return () => window.removeEventListener('keydown', hear, true);
  });
}

function WindowKeysTable({ text }: { text: string }): ReactElement | null {
  const places = PLACES.map(({ label, key }) => ({ keys: ['G', key.toUpperCase()], does: `Go to ${label}` }));
  const rows = [...WINDOW_KEYS, ...places].filter(({ keys, does }) => matchesText(text, does, ...keys));
  if (rows.length === 0) return null;
  return (
    <section className="stack" aria-labelledby="window-keys">
      <h3 id="window-keys">Everywhere</h3>
      <ul className="keys-table">
        {rows.map(({ keys, does }) => (
          <li key={does}>
            <span className="keys-does">{does}</span>
            <span className="keys-caps">
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
