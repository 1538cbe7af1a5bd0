import type { IconName } from '../components/icon.tsx';

export interface Place {
  readonly label: string;
  readonly to: '/' | '/data' | '/runs' | '/labels' | '/predict' | '/evaluate' | '/settings';
  readonly icon: IconName;
  /** Pressed after G. */
  readonly key: string;
}

/** The places of the rail, in its order. */
export const PLACES: readonly Place[] = [
  { label: 'Overview', to: '/', icon: 'overview', key: 'o' },
  { label: 'Data', to: '/data', icon: 'data', key: 'd' },
  { label: 'Runs', to: '/runs', icon: 'runs', key: 'r' },
  { label: 'Labels', to: '/labels', icon: 'labels', key: 'l' },
  { label: 'Predict', to: '/predict', icon: 'predict', key: 'p' },
  { label: 'Evaluate', to: '/evaluate', icon: 'evaluate', key: 'e' },
  { label: 'Settings', to: '/settings', icon: 'settings', key: 's' },
];

/** The place an address belongs to; addresses outside every place count as the overview's. */
export function placeOf(pathname: string): Place {
  return PLACES.find(({ to }) => to !== '/' && (pathname === to || pathname.startsWith(`${to}/`))) ?? PLACES[0]!;
}
