import { NO_CLASS } from '#shared/map.ts';
import { SPLITS } from '#shared/images.ts';
import { SPLIT_LABELS, expressionAt } from '../../../text/words.ts';
import type { Columns } from './columns.ts';

export const COLOURINGS = ['predicted', 'known', 'confidence', 'flipped', 'decided', 'split', 'placement'] as const;
export type Colouring = (typeof COLOURINGS)[number];

export const COLOURING_LABELS: Readonly<Record<Colouring, string>> = {
  predicted: 'Predicted class',
  known: 'Known class',
  confidence: 'Confidence',
  flipped: 'Flipped since',
  decided: 'Reviewed',
  split: 'Split',
  placement: 'How it was placed',
};

/** What points of one colour have in common. */
export interface LegendEntry {
  /** As in the codes of the points. */
  readonly code: number;
  readonly label: string;
  /** `#RRGGBB`. */
  readonly color: string;
  /** Recedes behind the others. */
  readonly isFaint: boolean;
  /** Class index, where it is one. */
  readonly classIndex: number | null;
}

const GREY = '#8C8C8C';
/** From unsure to sure; told apart by those who see no red and green too. */
const CONFIDENCE_STEPS = [
  { from: 0, label: 'Below 0.5', color: '#B35806' },
  { from: 0.5, label: '0.5 to 0.7', color: '#E08F2D' },
  { from: 0.7, label: '0.7 to 0.9', color: '#A19DB3' },
  { from: 0.9, label: '0.9 to 0.97', color: '#877DC2' },
  { from: 0.97, label: 'From 0.97', color: '#6653BE' },
] as const;
const SPLIT_COLORS = ['#0077BB', '#EE9B00', '#AA3377', GREY] as const;
/** The code of points that were, and were not, in the other round. */
const UNCHANGED = NO_CLASS;
const ABSENT = NO_CLASS + 1;

/** [N] what each point has in common with others of its colour. @param before of the round that flips are counted from; null: not known yet. */
export function codesOf(colouring: Colouring, columns: Columns, before: Uint8Array | null): Uint8Array {
  const { predicted, known, confidences, decided, splits, isLandmark } = columns;
  switch (colouring) {
    case 'predicted':
      return predicted;
    case 'known':
      return known;
    case 'confidence':
      return Uint8Array.from(confidences, stepOf);
    case 'flipped':
      return predicted.map((label, point) => {
        const earlier = before?.[point] ?? NO_CLASS;
        if (earlier === NO_CLASS) return ABSENT;
        return earlier === label ? UNCHANGED : label;
      });
    case 'decided':
      return decided;
    case 'split':
      return splits;
    case 'placement':
      return isLandmark;
  }
}

/** What the colours mean, in the order that they are listed. */
export function legendOf(colouring: Colouring, classCount: number): LegendEntry[] {
  const plain = { isFaint: false, classIndex: null };
  const classes = Array.from({ length: classCount }, (_, code): LegendEntry => {
    const { label, color } = expressionAt(code);
    return { code, label, color, isFaint: false, classIndex: code };
  });
  const faint = (code: number, label: string): LegendEntry => ({
    code,
    label,
    color: GREY,
    isFaint: true,
    classIndex: null,
  });
  switch (colouring) {
    case 'predicted':
      return classes;
    case 'known':
      return [...classes, faint(NO_CLASS, 'Nobody says')];
    case 'confidence':
      return CONFIDENCE_STEPS.map(({ label, color }, code) => ({ code, label, color, ...plain }));
    case 'flipped':
      return [
        ...classes.map((entry) => ({ ...entry, label: `Now ${entry.label}` })),
        faint(UNCHANGED, 'As before'),
        faint(ABSENT, 'Not in that round'),
      ];
    case 'decided':
      return [{ code: 1, label: 'Reviewed', color: '#009988', ...plain }, faint(0, 'Not yet')];
    case 'split':
      return SPLITS.map((split, code) => ({ code, label: SPLIT_LABELS[split], color: SPLIT_COLORS[code]!, ...plain }));
    case 'placement':
      return [{ code: 1, label: 'Laid out', color: '#0077BB', ...plain }, faint(0, 'Placed between')];
  }
}

/** [256] points of each code. */
export function countsOf(codes: Uint8Array): Uint32Array {
  const counts = new Uint32Array(256);
  for (const code of codes) counts[code]!++;
  return counts;
}

/** Points that are too few to be a class's own place get no letter. */
const FEWEST_OF_A_PLACE = 5;
const PLACES_A_SIDE = 24;

/** Where most points of a code lie together: there its letter is written, so that colour is never alone. Null for few points. */
export function densestPlace({ positions }: Columns, codes: Uint8Array, code: number): { x: number; y: number } | null {
  const counts = new Uint32Array(PLACES_A_SIDE ** 2);
  const cellOf = (value: number): number => Math.min(PLACES_A_SIDE - 1, Math.floor(((value + 1) / 2) * PLACES_A_SIDE));
  const placeOf = (point: number): number =>
    cellOf(positions[2 * point + 1]!) * PLACES_A_SIDE + cellOf(positions[2 * point]!);
  for (let point = 0; point < codes.length; point++) if (codes[point] === code) counts[placeOf(point)]!++;
  const most = counts.reduce((largest, count) => Math.max(largest, count), 0);
  if (most < FEWEST_OF_A_PLACE) return null;
  const densest = counts.indexOf(most);
  let [x, y] = [0, 0];
  for (let point = 0; point < codes.length; point++) {
    if (codes[point] !== code || placeOf(point) !== densest) continue;
    x += positions[2 * point]! / most;
    y += positions[2 * point + 1]! / most;
  }
  return { x, y };
}

function stepOf(confidence: number): number {
  return CONFIDENCE_STEPS.findLastIndex(({ from }) => confidence >= from);
}
