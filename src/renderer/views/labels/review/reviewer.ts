import { useSyncExternalStore } from 'react';

const STORAGE_KEY = 'face2exp.reviewer';
const listeners = new Set<() => void>();

/** The name under which this browser decides; null: the host's own user. */
export function useReviewer(): string | null {
  return useSyncExternalStore(subscribe, () => window.localStorage.getItem(STORAGE_KEY));
}

/** @param name an empty one stands for the host's own user. */
export function setReviewer(name: string): void {
  if (name.trim() === '') window.localStorage.removeItem(STORAGE_KEY);
  else window.localStorage.setItem(STORAGE_KEY, name.trim());
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
