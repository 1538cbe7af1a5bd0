import { useSyncExternalStore } from 'react';
import { z } from 'zod';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

/** Charts above the grid of faces. */
export const CHARTS = ['classes', 'mismatch', 'looks'] as const;

const preferencesSchema = z.object({
  theme: z.enum(THEMES).catch('system'),
  /** Side of a face in the grid, CSS pixels. */
  faceSize: z.number().min(48).max(256).catch(80),
  /** Charts above the grid of faces are shown. */
  showCharts: z.boolean().catch(true),
  /** The chart that is shown where there is room for one. */
  chart: z.enum(CHARTS).catch('classes'),
  /** The panel of the face that was looked at last is shown. */
  showDetails: z.boolean().catch(true),
});
/** What the person set in this browser. */
export type Preferences = z.infer<typeof preferencesSchema>;

const STORAGE_KEY = 'face2exp.preferences';

function read(): Preferences {
  try {
    return preferencesSchema.parse(JSON.parse(window.localStorage.getItem(STORAGE_KEY) ?? '{}'));
  } catch {
    return preferencesSchema.parse({}); // damaged: the defaults are as good as any
  }
}

let preferences = read();
const listeners = new Set<() => void>();

export function setPreferences(change: Partial<Preferences>): void {
  preferences = { ...preferences, ...change };
  window.localStorage.setItem(STORAGE_KEY, JSON.stringify(preferences));
  applyTheme();
  for (const listener of listeners) listener();
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(subscribe, () => preferences);
}

/** Puts the chosen theme on the page; without a choice the system's holds. */
export function applyTheme(): void {
  const root = document.documentElement;
  if (preferences.theme === 'system') delete root.dataset['theme'];
  else root.dataset['theme'] = preferences.theme;
}

const darkSystem = window.matchMedia('(prefers-color-scheme: dark)');

/** The theme in use, for what is drawn and not styled. */
export function useResolvedTheme(): 'light' | 'dark' {
  return useSyncExternalStore(subscribeToTheme, resolvedTheme);
}

function resolvedTheme(): 'light' | 'dark' {
  if (preferences.theme !== 'system') return preferences.theme;
  return darkSystem.matches ? 'dark' : 'light';
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function subscribeToTheme(listener: () => void): () => void {
  darkSystem.addEventListener('change', listener);
  const unsubscribe = subscribe(listener);
  return () => {
    darkSystem.removeEventListener('change', listener);
    unsubscribe();
  };
}
