import { SPLITS, type Split } from '#shared/images.ts';
import {
  type ExcludedChoice,
  type ImageFilter,
  QUALITY_FLAGS,
  type Quality,
  REVIEW_STATES,
  type ReviewState,
  SIZE_CLASSES,
  type SizeClass,
} from '#shared/filter.ts';
import type { Connection } from './database.ts';
import type { SourceTable } from './sources.ts';

/** A choice of images by their place alone; those that are excluded never belong to one. */
export interface ImagePlace {
  readonly source?: string | undefined;
  readonly split?: Split | undefined;
  readonly label?: number | undefined;
}

/**
 * Images that are alike in everything a facet shows. Each image's cell is a column of its row, counts are kept by cell, and one index holds
 * the images of each in the order of ids; so that any filter of facets is a choice among some dozens or hundreds of cells a source.
 */
export interface Cell {
  /** As in the column `image.cell`. */
  readonly id: number;
  readonly sourceId: number;
  readonly split: Split;
  /** Null: the images without a label. */
  readonly label: number | null;
  readonly excluded: boolean;
  readonly size: SizeClass;
  /** What is wrong, or that nothing is, or that nobody looked. */
  readonly qualities: readonly Quality[];
  /** What people decided. */
  readonly reviewed: ReviewState;
  readonly count: number;
}

/** Where the parts of a cell's number are; the schema's own words are in migration 7. */
const SIZE_BITS = 3;
const EXCLUDED_BIT = 1 << SIZE_BITS;
const LABEL_SHIFT = SIZE_BITS + 1;
const SPLIT_SHIFT = LABEL_SHIFT + 4;
const QUALITY_SHIFT = SPLIT_SHIFT + 2;
const QUALITY_BITS = 1 + QUALITY_FLAGS.length;
const REVIEWED_SHIFT = QUALITY_SHIFT + QUALITY_BITS;
const SOURCE_FACTOR = 2 ** (REVIEWED_SHIFT + 3);
const NO_LABEL = 8;

const QUALITIES_OF_BITS: readonly (readonly Quality[])[] = Array.from(
  { length: 2 << QUALITY_FLAGS.length },
  (_, bits) => {
    if ((bits & 1) === 0) return ['unknown'];
    const flags = QUALITY_FLAGS.filter((_flag, index) => (bits & (2 << index)) !== 0);
    return flags.length === 0 ? ['good'] : flags;
  },
);

/** Tells whether a cell meets one part of a filter. */
type CellTest = (cell: Cell) => boolean;

/** The parts of a filter that cells decide, each with its own test. */
export type CellTests = Readonly<
  Record<'sources' | 'splits' | 'labels' | 'sizes' | 'qualities' | 'reviewed' | 'excluded', CellTest>
>;

export class CellTable {
  readonly #sources: SourceTable;
  readonly #counted;

  constructor(connection: Connection, sources: SourceTable) {
    this.#sources = sources;
    this.#counted = connection.prepare<[], { cell: number; count: number }>(
      'SELECT cell, count FROM cell_count WHERE count > 0 ORDER BY cell',
    );
  }

  /** All cells that hold images, excluded ones included. */
  all(): Cell[] {
    return this.#counted.all().map(({ cell, count }) => ({ ...decode(cell), count }));
  }

  /**
   * Cells that meet a filter; its text, duplicates, round and similar faces are not for them to decide.
   * @throws StudioError 'not-found' for an unknown source.
   */
  matching(filter: ImageFilter): Cell[] {
    const tests = Object.values(this.tests(filter));
    return this.all().filter((cell) => tests.every((test) => test(cell)));
  }

  /** Cells of a place, without excluded images. @throws StudioError 'not-found' for an unknown source. */
  of({ source, split, label }: ImagePlace): Cell[] {
    return this.matching(filterOf({ source, split, label }));
  }

  /** @throws StudioError 'not-found' for an unknown source. */
  tests({ sources, splits, labels, sizes, qualities, reviewed, excluded = 'no' }: ImageFilter): CellTests {
    const sourceIds = sources?.map((name) => this.#sources.get(name).id);
    return {
      sources: oneOf(sourceIds, ({ sourceId }) => sourceId),
      splits: oneOf(splits, ({ split }) => split),
      labels: oneOf(labels, ({ label }) => label),
      sizes: oneOf(sizes, ({ size }) => size),
      qualities: someOf(qualities, (cell) => cell.qualities),
      reviewed: oneOf(reviewed, (cell) => cell.reviewed),
      excluded: excludedTest(excluded),
    };
  }
}

/** The same choice as a filter. */
export function filterOf({ source, split, label }: ImagePlace): ImageFilter {
  return {
    ...(source !== undefined && { sources: [source] }),
    ...(split !== undefined && { splits: [split] }),
    ...(label !== undefined && { labels: [label] }),
  };
}

/** What the bits of `image.quality` say. */
export function qualitiesOf(bits: number): readonly Quality[] {
  return QUALITIES_OF_BITS[bits]!;
}

/** What the number of a cell says. */
export function decode(cell: number): Omit<Cell, 'count'> {
  const facets = cell % SOURCE_FACTOR;
  const label = (facets >> LABEL_SHIFT) & 15;
  return {
    id: cell,
    sourceId: Math.floor(cell / SOURCE_FACTOR),
    split: SPLITS[(facets >> SPLIT_SHIFT) & 3]!,
    label: label === NO_LABEL ? null : label,
    excluded: (facets & EXCLUDED_BIT) !== 0,
    size: SIZE_CLASSES[facets & (EXCLUDED_BIT - 1)]!,
    qualities: QUALITIES_OF_BITS[(facets >> QUALITY_SHIFT) & ((1 << QUALITY_BITS) - 1)]!,
    reviewed: REVIEW_STATES[facets >> REVIEWED_SHIFT]!,
  };
}

function oneOf<Value>(wanted: readonly Value[] | undefined, value: (cell: Cell) => Value): CellTest {
  if (wanted === undefined) return () => true;
  const accepted = new Set(wanted);
  return (cell) => accepted.has(value(cell));
}

function someOf<Value>(wanted: readonly Value[] | undefined, values: (cell: Cell) => readonly Value[]): CellTest {
  if (wanted === undefined) return () => true;
  const accepted = new Set(wanted);
  return (cell) => values(cell).some((value) => accepted.has(value));
}

function excludedTest(choice: ExcludedChoice): CellTest {
  if (choice === 'any') return () => true;
  return ({ excluded }) => excluded === (choice === 'only');
}
