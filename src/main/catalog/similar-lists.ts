import { StudioError } from '#shared/errors.ts';
import type { SimilarFaces } from '#shared/faces.ts';
import type { ImageFilter } from '#shared/filter.ts';
import type { Connection } from './database.ts';

/** Images nearest to one, the nearest first, by a measure that the catalog does not know. */
export interface SimilarList extends Omit<SimilarFaces, 'count'> {
  readonly ids: readonly number[];
  /** At the same positions, ascending. */
  readonly distances: readonly number[];
}

/** Lists kept: each is some kilobytes. */
const KEPT = 32;

/** What `similarTo` of a filter means, as it was found by whoever can look at faces. */
export class SimilarLists {
  readonly #cells;
  /** The one used last is the last. */
  readonly #lists: Map<string, SimilarList>;

  constructor(connection: Connection, lists = new Map<string, SimilarList>()) {
    this.#lists = lists;
    this.#cells = connection.prepare<[string], { id: number; cell: number }>(
      `SELECT image.id, image.cell FROM json_each(?) AS wanted CROSS JOIN image ON image.id = wanted.value ORDER BY wanted.key`,
    );
  }

  /** The same lists for a snapshot. */
  over(connection: Connection): SimilarLists {
    return new SimilarLists(connection, this.#lists);
  }

  /** Keeps the list that a filter means from now on. */
  keep(filter: ImageFilter, list: SimilarList): void {
    const key = keyOf(filter);
    this.#lists.delete(key);
    this.#lists.set(key, list);
    const [oldest] = this.#lists.keys();
    if (this.#lists.size > KEPT) this.#lists.delete(oldest!);
  }

  /** Undefined when none was kept. */
  find(filter: ImageFilter): SimilarList | undefined {
    return this.#lists.get(keyOf(filter));
  }

  /** @throws StudioError 'unavailable' when nobody has looked for the nearest. */
  get(filter: ImageFilter): SimilarList {
    const list = this.find(filter);
    if (list !== undefined) return list;
    throw new StudioError('unavailable', `The faces most like ${filter.similarTo} were not looked for yet.`, {
      hint: 'Ask for them first.',
      commandLine: '`query --similar-to`',
    });
  }

  /** Those that are still there, the nearest first, with their cells. @throws as {@link get}. */
  images(filter: ImageFilter): { id: number; cell: number }[] {
    return this.#cells.all(JSON.stringify(this.get(filter).ids));
  }

  /** How far each is. @throws as {@link get}. */
  distances(filter: ImageFilter): ReadonlyMap<number, number> {
    const { ids, distances } = this.get(filter);
    return new Map(ids.map((id, rank) => [id, distances[rank]!]));
  }

  /** The place of each, the nearest 0. @throws as {@link get}. */
  ranks(filter: ImageFilter): ReadonlyMap<number, number> {
    return new Map(this.get(filter).ids.map((id, rank) => [id, rank]));
  }
}

const keyOf = ({ similarTo, round }: ImageFilter): string => JSON.stringify([similarTo, round]);
