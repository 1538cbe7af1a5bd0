import { StudioError } from '#shared/errors.ts';
import {
  type FaceListRequest,
  type FaceRangeRequest,
  type FaceWindow,
  type FaceWindowRequest,
  MOST_CHOSEN,
} from '#shared/faces.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { EventBus } from '../events.ts';

/** Lists kept: what a person goes back and forth between. One of a million images takes 4 MB. */
const KEPT = 4;

interface KeptList {
  readonly key: string;
  readonly version: number;
  readonly ids: Promise<Uint32Array>;
}

/** Images in the order a window shows them, by their positions: what scrolling needs to be anywhere at once. */
export class FaceLists {
  readonly #catalog: Catalog;
  readonly #events: EventBus;
  #kept: KeptList[] = [];

  constructor(catalog: Catalog, events: EventBus) {
    this.#catalog = catalog;
    this.#events = events;
  }

  /**
   * Some rows in a row. Those at the beginning are found without the list, which is made when others are asked for.
   * @throws StudioError 'not-found' for an unknown source.
   */
  async window({ offset, limit, ...list }: FaceWindowRequest): Promise<FaceWindow> {
    const { query } = this.#catalog;
    if (offset === 0 && !this.#has(list)) {
      const page = query.page({ ...list, cursor: null, limit });
      if (page.rows.length === limit) return { rows: page.rows, total: null };
      if (page.nextCursor === null) return { rows: page.rows, total: page.rows.length };
    }
    const ids = await this.#idsOf(list);
    return { rows: query.rows([...ids.subarray(offset, offset + limit)], list.filter), total: ids.length };
  }

  /** Where an image is in a list; null when it is not there. */
  async position(list: FaceListRequest, id: number): Promise<number | null> {
    const position = (await this.#idsOf(list)).indexOf(id);
    return position < 0 ? null : position;
  }

  /** @throws StudioError 'usage' for more images than can be chosen one by one. */
  async range({ from, to, ...list }: FaceRangeRequest): Promise<number[]> {
    const [first, last] = from < to ? [from, to] : [to, from];
    if (last - first >= MOST_CHOSEN) {
      throw new StudioError(
        'usage',
        `More than ${MOST_CHOSEN.toLocaleString('en')} images cannot be chosen in a row.`,
        {
          hint: 'Choose them by a filter and select all that match.',
        },
      );
    }
    return [...(await this.#idsOf(list)).subarray(first, last + 1)];
  }

  /** With what a round and a list of similar faces are now: either may change while the catalog's images do not. */
  #keyOf(list: FaceListRequest): string {
    const { round, similarTo } = list.filter;
    const { rounds, similar } = this.#catalog;
    const labels = round === undefined ? null : rounds.named(round);
    const alike = similarTo === undefined ? null : similar.get(list.filter);
    return JSON.stringify([list, labels && [labels.count, labels.updatedAt], alike && [alike.measure, alike.ids]]);
  }

  #has(list: FaceListRequest): boolean {
    const key = this.#keyOf(list);
    return this.#kept.some((kept) => kept.key === key && kept.version === this.#events.catalogVersion);
  }

  #idsOf(list: FaceListRequest): Promise<Uint32Array> {
    const key = this.#keyOf(list);
    const version = this.#events.catalogVersion;
    this.#kept = this.#kept.filter((kept) => kept.version === version);
    const found = this.#kept.find((kept) => kept.key === key);
    const wanted = found ?? { key, version, ids: this.#catalog.lists.make(list) };
    // One that failed is not kept: the next who asks tries again.
    wanted.ids.catch(() => (this.#kept = this.#kept.filter((kept) => kept !== wanted)));
    this.#kept = [wanted, ...this.#kept.filter((kept) => kept !== wanted)].slice(0, KEPT);
    return wanted.ids;
  }
}
