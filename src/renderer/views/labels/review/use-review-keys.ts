import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { DEFAULT_REVIEW_KEYS, type ReviewAction, type ReviewKeys } from '#shared/review.ts';
import { api } from '../../../api/client.ts';
import { actionOfKey, keyBelongsTo, keyName } from './keys.ts';

/** The keys of the settings; the usual ones until they are known. */
export function useKeySettings(): ReviewKeys {
  const keys = useQuery(api.review.keys.queryOptions());
  return keys.data ?? DEFAULT_REVIEW_KEYS;
}

/**
 * Hands review keys to a screen while it is shown, before anything else of the window hears them (G would lead to another place).
 * @param act returns whether it used the act. @param other takes keys that stand for no act, by their name.
 */
export function useReviewKeys(
  keys: ReviewKeys,
  act: (action: ReviewAction) => boolean,
  other: (name: string) => boolean = () => false,
): void {
  const latest = useRef({ keys, act, other });
  useEffect(() => {
    latest.current = { keys, act, other };
  });
  useEffect(() => {
    const handle = (event: KeyboardEvent): void => {
      const name = keyName(event);
      if (keyBelongsTo(event.target, name)) return;
      const action = actionOfKey(name, latest.current.keys);
      // A key that is held down decides once.
      const isUsed = event.repeat
        ? action !== null
        : action === null
          ? latest.current.other(name)
          : latest.current.act(action);
      if (!isUsed) return;
      event.preventDefault();
      event.stopPropagation();
    };
    window.addEventListener('keydown', handle, true);
    return () => window.removeEventListener('keydown', handle, true);
  }, []);
}
