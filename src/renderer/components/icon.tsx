import type { ReactElement } from 'react';

/** The studio's own line icons, on a grid of 20 × 20. */
const PATHS = {
  overview: 'M3.5 9.5 10 4l6.5 5.5M5.5 8.5v7.5h9V8.5',
  data: 'M3.5 3.5h5v5h-5zM11.5 3.5h5v5h-5zM3.5 11.5h5v5h-5zM11.5 11.5h5v5h-5z',
  runs: 'M3 16.5V3.5M3 16.5h14M5.5 12.5l3-4 3 2.5 4.5-6',
  labels: 'M3.5 6l1.8 1.8L8.5 4.5M3.5 13.5l1.8 1.8L8.5 12M11 6.5h6M11 14h6',
  predict:
    'M3.5 7V4.5a1 1 0 0 1 1-1H7M13 3.5h2.5a1 1 0 0 1 1 1V7M16.5 13v2.5a1 1 0 0 1-1 1H13M7 16.5H4.5a1 1 0 0 1-1-1V13M7.5 8.2v.6M12.5 8.2v.6M7.2 11.8c1.4 1.6 4.2 1.6 5.6 0',
  evaluate: 'M3.5 3.5h13v13h-13zM3.5 8h13M3.5 12.2h13M8 3.5v13M12.2 3.5v13',
  camera: 'M3 6.5h3l1.4-2h5.2l1.4 2h3v9H3zM10 8.2a2.6 2.6 0 1 0 0 5.2 2.6 2.6 0 0 0 0-5.2Z',
  settings: 'M3.5 6h8M15.5 6h1M13.5 4v4M3.5 14h1M8.5 14h8M6.5 12v4',
  search: 'M8.8 3.8a5 5 0 1 0 0 10 5 5 0 0 0 0-10ZM12.6 12.6l4 4',
  jobs: 'M10 3.2a6.8 6.8 0 1 0 6.8 6.8M10 6v4.2l2.8 1.8',
  chip: 'M6 6h8v8H6zM8 3.5V6M12 3.5V6M8 14v2.5M12 14v2.5M3.5 8H6M3.5 12H6M14 8h2.5M14 12h2.5',
  pause: 'M7 4.5v11M13 4.5v11',
  play: 'M6.5 4.2v11.6l9-5.8z',
  stop: 'M5.5 5.5h9v9h-9z',
  close: 'm5.5 5.5 9 9M14.5 5.5l-9 9',
  check: 'm4 10.5 4 4 8-9',
  warning: 'M10 3.5 17.5 16h-15zM10 8.2v3.6M10 13.6v.4',
  info: 'M10 3.2a6.8 6.8 0 1 0 0 13.6 6.8 6.8 0 0 0 0-13.6ZM10 9v4.6M10 6.4v.4',
  folder: 'M3 15.5v-10a1 1 0 0 1 1-1h3.5l2 2H16a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1Z',
  image: 'M3.5 4.5h13v11h-13zM3.5 13l3.5-3.5 3 3 2.5-2 4 3.5M12.8 7.6v.4',
  plus: 'M10 4v12M4 10h12',
  minus: 'M4 10h12',
  fit: 'M3.5 7V3.5H7M13 3.5h3.5V7M16.5 13v3.5H13M7 16.5H3.5V13',
  chevron: 'm6 8 4 4 4-4',
  remove: 'M4 5.5h12M8 5.5V4h4v1.5M5.5 5.5l.7 10.5h7.6l.7-10.5',
  refresh: 'M16 10a6 6 0 1 1-1.9-4.4M16.2 3v3.4h-3.4',
  excluded: 'M10 3.2a6.8 6.8 0 1 0 0 13.6 6.8 6.8 0 0 0 0-13.6ZM5.4 5.4l9.2 9.2',
  bars: 'M3.5 5h7M3.5 10h13M3.5 15h4',
  details: 'M3.5 4h13v12h-13zM12 4v12',
  copies: 'M7 3.5h9.5V13H7zM4 7v9.5h9.5',
  export: 'M10 3.5v8.5M6.8 9 10 12.2 13.2 9M4 13.5v3h12v-3',
  undo: 'M4 8.5h8a4.2 4.2 0 0 1 0 8.4H8M7.2 5 3.8 8.5l3.4 3.4',
  bookmark: 'M5.5 3.5h9v13L10 13l-4.5 3.5z',
  sortDown: 'M10 4v12M5.5 11.5 10 16l4.5-4.5',
  sortUp: 'M10 16V4M5.5 8.5 10 4l4.5 4.5',
  keyboard: 'M2.8 5.5h14.4v9H2.8zM5.5 8.2h.5M8.5 8.2H9M11.5 8.2h.5M14.3 8.2h.4M6.5 11.8h7',
} as const;

export type IconName = keyof typeof PATHS;

/** Decoration beside a word or inside a labeled control, so it has no name of its own. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }): ReactElement {
  return (
    <svg
      className="icon"
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.6}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
