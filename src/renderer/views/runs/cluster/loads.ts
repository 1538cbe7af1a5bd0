import type { WorkerLoad } from '#shared/cluster.ts';
import { csvRecord } from '#shared/csv.ts';

/** What a worker's step is made of, in the order it happens; in the colours of the charts. */
export const STEP_PARTS = [
  { key: 'dataMilliseconds', label: 'Waiting for images', heading: 'Images ms', color: '#d9822b' },
  { key: 'computeMilliseconds', label: 'Computing', heading: 'Computing ms', color: '#3d7dca' },
  {
    key: 'exchangeMilliseconds',
    label: 'Exchanging, and waiting for the others',
    heading: 'Exchange ms',
    color: '#7a86a0',
  },
] as const;

/** The longest step of all: what bars of the same length stand for, milliseconds. */
export function longestStep(loads: readonly WorkerLoad[]): number {
  return Math.max(0, ...loads.map(stepMilliseconds));
}

export function stepMilliseconds(load: WorkerLoad): number {
  return STEP_PARTS.reduce((sum, { key }) => sum + load[key], 0);
}

/** The loads as a table, a row a worker. */
export function csvOfLoads(loads: readonly WorkerLoad[]): string {
  const header = [
    'rank',
    'worker',
    'step',
    'images/s',
    ...STEP_PARTS.map(({ heading }) => heading),
    'others wait for it',
  ];
  const rows = loads.map((load) => [
    ...[load.rank, load.address, load.step, load.imagesPerSecond],
    ...STEP_PARTS.map(({ key }) => load[key]),
    load.isStraggling ? 'yes' : 'no',
  ]);
  return [header, ...rows].map(csvRecord).join('');
}
