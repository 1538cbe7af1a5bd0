import type { Connection } from './database.ts';
import {
  IDENTITY_KEY,
  type Key,
  type KeyValue,
  ORDERED_COLUMNS,
  ORDERS,
  type OrderedImage,
  SIZE_KEY,
} from './image-orders.ts';

/** Walks all images by the index of a key that many of them may share. */
export class KeyWalk {
  readonly #byKey;
  readonly #byPath;

  constructor(connection: Connection) {
    const prepare = (where: string, order: string) =>
      connection.prepare<KeyValue[], OrderedImage>(
        `SELECT ${ORDERED_COLUMNS} FROM image WHERE ${where} ORDER BY ${order}`,
      );
    const both = (column: string) => ({
      ascending: {
        same: prepare(`${column} = ? AND id > ?`, 'id'),
        beyond: prepare(`${column} > ?`, `${column}, id`),
      },
      descending: {
        same: prepare(`${column} = ? AND id < ?`, 'id DESC'),
        beyond: prepare(`${column} < ?`, `${column} DESC, id DESC`),
      },
    });
    this.#byKey = { identity: both(IDENTITY_KEY), size: both(SIZE_KEY) };
    this.#byPath = {
      ascending: prepare('source_id = ? AND (path, byte_offset) > (?, ?)', 'path, byte_offset'),
      descending: prepare('source_id = ? AND (path, byte_offset) < (?, ?)', 'path DESC, byte_offset DESC'),
    };
  }

  /** In two stretches, since one comparison of both would look at all images that share the key from their first. */
  *byKey(sort: 'identity' | 'size', [key, id]: Key, descending: boolean): Generator<OrderedImage> {
    const { same, beyond } = this.#byKey[sort][descending ? 'descending' : 'ascending'];
    yield* same.iterate(key!, id!);
    yield* beyond.iterate(key!);
  }

  /** @param sources ids in ascending order. */
  *byPath(sources: readonly number[], from: Key, descending: boolean): Generator<OrderedImage> {
    const statement = this.#byPath[descending ? 'descending' : 'ascending'];
    const [fromSource] = from as readonly [number, string, number];
    for (const source of descending ? sources.toReversed() : sources) {
      if (descending ? source > fromSource : source < fromSource) continue;
      const [, path, offset] = source === fromSource ? from : descending ? ORDERS.path.last : ORDERS.path.first;
      yield* statement.iterate(source, path!, offset!);
    }
  }
}
