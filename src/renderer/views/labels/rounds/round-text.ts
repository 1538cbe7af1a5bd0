import type { Round } from '#shared/rounds.ts';
import { formatCount } from '../../../text/format.ts';
import { NETWORK_LABELS } from '../../../text/words.ts';

const STATUS: Readonly<Record<Round['status'], string>> = {
  labeling: 'Labeling',
  finished: 'Finished',
  interrupted: 'Interrupted',
};

export const roundStatusText = (status: Round['status']): string => STATUS[status];

/** What labeled: "run s5 · adaptation · step 12,000", "checkpoint best.pth", "file labels.csv". */
export function roundOriginText({ run, network, step, file, origin }: Round): string {
  const parts = [
    ...(run === null ? [] : [run]),
    ...(run === null && file !== null ? [`${origin === 'file' ? 'file' : 'checkpoint'} ${baseName(file)}`] : []),
    ...(network === null ? [] : [NETWORK_LABELS[network].toLowerCase()]),
    ...(step === null ? [] : [`step ${formatCount(step)}`]),
  ];
  return parts.length === 0 ? 'unknown' : parts.join(' · ');
}

const baseName = (path: string): string => path.split(/[\\/]/).filter(Boolean).at(-1) ?? path;

/** The usual rounds to compare with: the one before of the same network, else any other of the same source. */
export function roundBefore(round: Round, rounds: readonly Round[]): Round | undefined {
  const others = rounds.filter(({ id, source }) => id !== round.id && source === round.source);
  const alike = others.filter(({ run, network }) => run === round.run && network === round.network);
  return alike.find(({ id }) => id < round.id) ?? alike[0] ?? others.find(({ id }) => id < round.id) ?? others[0];
}
