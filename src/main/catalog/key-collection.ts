import type { Connection } from './database.ts';
import { type Key, type KeyValue, type KeyedSort, ORDERED_COLUMNS, ORDERS, type OrderedImage } from './image-orders.ts';

/** Puts a few given images in order. */
export class KeyCollection {
  readonly #statements;

  constructor(connection: Connection) {
    const prepare = (sort: KeyedSort, comparison: string, direction: string) => {
      const { columns } = ORDERS[sort];
      return connection.prepare<KeyValue[], OrderedImage>(
        `SELECT ${ORDERED_COLUMNS} FROM json_each(?) AS wanted CROSS JOIN image ON image.id = wanted.value
         WHERE (${columns.join(', ')}) ${comparison} (${columns.map(() => '?').join(', ')})
         ORDER BY ${columns.map((column) => `${column} ${direction}`).join(', ')} LIMIT ?`,
      );
    };
    const both = (sort: KeyedSort) => ({
      ascending: prepare(sort, '>', 'ASC'),
      descending: prepare(sort, '<', 'DESC'),
    });
    this.#statements = { path: both('path'), identity: both('identity'), size: both('size') };
  }

  /** The first `limit` of the images beyond a key. */
  page(sort: KeyedSort, ids: readonly number[], from: Key, descending: boolean, limit: number): OrderedImage[] {
    const statement = this.#statements[sort][descending ? 'descending' : 'ascending'];
    return statement.all(JSON.stringify(ids), ...from, limit);
  }
}
