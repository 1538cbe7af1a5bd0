import type { ImageFilter } from '#shared/filter.ts';
import type { Round } from '#shared/rounds.ts';
import type { Cell, CellTable } from './cells.ts';
import type { Connection } from './database.ts';
import type { DuplicateTable } from './duplicates.ts';
import { ORDERED_COLUMNS, type OrderedImage } from './image-orders.ts';
import type { ListedImages } from './listed-images.ts';
import { RoundChoice } from './round-choice.ts';
import type { RoundIndex } from './round-index.ts';
import type { RoundIndexes } from './round-indexes.ts';
import type { RoundTable } from './rounds.ts';
import type { SimilarLists } from './similar-lists.ts';
import type { SourceTable } from './sources.ts';
import { type TextIndex, textTest } from './text-index.ts';

export interface FilterTables {
  readonly sources: SourceTable;
  readonly cells: CellTable;
  readonly text: TextIndex;
  readonly duplicates: DuplicateTable;
  readonly similar: SimilarLists;
  readonly rounds: RoundTable;
  readonly roundIndexes: RoundIndexes;
}

export interface PlacedImage {
  readonly id: number;
  readonly cell: number;
}

/**
 * What the parts of a filter are looked up by: cells decide the facets; a text, duplicates and similar faces are lists of images; and a round is
 * held in memory.
 */
export class FilterParts {
  readonly #tables: FilterTables;
  readonly #ordered;
  /** The pages and facets of one screen ask for the same. */
  #last: { readonly key: string; readonly index: RoundIndex; readonly choice: RoundChoice } | undefined;

  constructor(connection: Connection, tables: FilterTables) {
    this.#tables = tables;
    this.#ordered = connection.prepare<[number], OrderedImage>(`SELECT ${ORDERED_COLUMNS} FROM image WHERE id = ?`);
  }

  /** What decides an image's place in any order. */
  ordered(id: number): OrderedImage {
    return this.#ordered.get(id)!;
  }

  /** Reads what the filter's round lacks in memory, by slices between which others may get their turn. @throws StudioError 'not-found'. */
  *prepare({ round }: ImageFilter): Generator<undefined, void, void> {
    if (round !== undefined) yield* this.#tables.roundIndexes.read(this.#tables.rounds.named(round).id);
  }

  /** Cells that meet the filter. @throws StudioError 'not-found' for an unknown source. */
  cells(filter: ImageFilter): Cell[] {
    return this.#tables.cells.matching(filter);
  }

  /** Null without one. @throws StudioError 'not-found'. */
  round({ round }: ImageFilter): Round | null {
    return round === undefined ? null : this.#tables.rounds.named(round);
  }

  /** The round of a filter in memory. @throws StudioError 'not-found'. */
  roundIndex(round: string): RoundIndex {
    return this.#tables.roundIndexes.get(this.#tables.rounds.named(round).id);
  }

  /**
   * What of its round meets a filter; null without a round. @param listed images that alone count; null for all.
   * @throws StudioError 'not-found' for an unknown source or round.
   */
  choice(filter: ImageFilter, listed: readonly PlacedImage[] | null): RoundChoice | null {
    if (filter.round === undefined) return null;
    const index = this.roundIndex(filter.round);
    const tests = this.#tables.cells.tests(filter);
    const key = JSON.stringify([filter, index.version]);
    if (listed === null && this.#last?.key === key && this.#last.index === index) return this.#last.choice;
    const among = listed?.map(({ id }) => id).sort((one, other) => one - other) ?? null;
    const choice = new RoundChoice(index, filter, tests, among);
    if (listed === null) this.#last = { key, index, choice };
    return choice;
  }

  /**
   * The first images that meet the text, the duplicates and the similar faces of a filter; null when it has none of these. Similar faces come in
   * their order, the nearest first.
   * @throws StudioError 'unavailable' for similar faces that nobody looked for.
   */
  listed(filter: ImageFilter): ListedImages | null {
    const { text, duplicates, similarTo } = filter;
    if (similarTo !== undefined) return { images: this.#similar(filter), complete: true };
    const lists = [
      ...(text === undefined ? [] : [this.#tables.text.find(text)]),
      ...(duplicates === undefined ? [] : [this.#tables.duplicates.find(duplicates)]),
    ];
    if (lists.length === 0) return null;
    return { images: inAll(lists.map((list) => list.images)), complete: lists.every(({ complete }) => complete) };
  }

  /** All of them: seconds for a text that many hold. @throws as {@link listed}. */
  allListed(filter: ImageFilter): readonly PlacedImage[] | null {
    const { text, duplicates, similarTo } = filter;
    if (similarTo !== undefined) return this.#similar(filter);
    const lists = [
      ...(text === undefined ? [] : [this.#tables.text.all(text)]),
      ...(duplicates === undefined ? [] : [this.#tables.duplicates.all(duplicates)]),
    ];
    return lists.length === 0 ? null : inAll(lists);
  }

  /** Whether an image has the text and is one of the duplicates of a filter. */
  listTest({ text, duplicates }: ImageFilter): (image: OrderedImage) => boolean {
    const hasText = text === undefined ? () => true : textTest(text);
    const isDuplicate = duplicates === undefined ? () => true : this.#tables.duplicates.test(duplicates);
    return (image) => hasText(image.path, image.identity) && isDuplicate(image.id);
  }

  /** Places of the similar faces, the nearest 0. @throws StudioError 'unavailable' as {@link listed}. */
  ranks(filter: ImageFilter): ReadonlyMap<number, number> {
    return this.#tables.similar.ranks(filter);
  }

  distances(filter: ImageFilter): ReadonlyMap<number, number> {
    return this.#tables.similar.distances(filter);
  }

  #similar(filter: ImageFilter): PlacedImage[] {
    const images = this.#tables.similar.images(filter);
    if (filter.text === undefined && filter.duplicates === undefined) return images;
    // They are few: each is looked at, which is less than to find all that hold a text.
    const isListed = this.listTest(filter);
    return images.filter(({ id }) => isListed(this.ordered(id)));
  }
}

/** Images that are in each of some lists, one at least, in the order of the first. */
function inAll(lists: readonly (readonly PlacedImage[])[]): readonly PlacedImage[] {
  const [first, ...others] = lists;
  const sets = others.map((list) => new Set(list.map(({ id }) => id)));
  return first!.filter(({ id }) => sets.every((ids) => ids.has(id)));
}

/** Those whose cell is one of some. */
export function inCells(images: readonly PlacedImage[], cells: readonly Cell[]): PlacedImage[] {
  const wanted = new Set(cells.map(({ id }) => id));
  return images.filter(({ cell }) => wanted.has(cell));
}
