import type { Connection } from './database.ts';

/** A table of counts that triggers keep, and the query that counts the same anew. */
interface Counter {
  readonly table: string;
  readonly key: string;
  readonly recount: string;
  /** What else a row of the table holds, and how it is made of the rows it counts. */
  readonly sums?: { readonly columns: string; readonly resum: string };
}

const COUNTERS: readonly Counter[] = [
  {
    table: 'cell_count',
    key: 'cell',
    recount: 'SELECT cell, count(*) AS count FROM image GROUP BY cell',
  },
  {
    table: 'identity_count',
    key: 'source_id, identity',
    recount: `SELECT source_id, identity, count(*) AS count
      FROM image WHERE excluded = 0 AND identity IS NOT NULL GROUP BY source_id, identity`,
  },
  {
    table: 'pseudo_label_class',
    key: 'round_id, label',
    recount: 'SELECT round_id, label, count(*) AS count FROM pseudo_label GROUP BY round_id, label',
    sums: {
      columns: 'confidence_sum',
      resum: 'SELECT round_id, label, count(*), sum(confidence) FROM pseudo_label GROUP BY round_id, label',
    },
  },
];

/** @returns a sentence for each table of counts that is not what counting the images gives. Looks at every image. */
export function checkCounters(connection: Connection): string[] {
  return COUNTERS.flatMap(({ table, key, recount }) => {
    const kept = `SELECT ${key}, count FROM ${table} WHERE count <> 0`;
    const wrong = connection
      .prepare<[], number>(
        `WITH kept AS (${kept}), counted AS (${recount})
         SELECT (SELECT count(*) FROM (SELECT * FROM kept EXCEPT SELECT * FROM counted))
              + (SELECT count(*) FROM (SELECT * FROM counted EXCEPT SELECT * FROM kept))`,
      )
      .pluck()
      .get()!;
    return wrong === 0 ? [] : [`The counts kept in ${table} differ from the images: ${wrong} rows.`];
  });
}

/** Counts all images anew and keeps that. */
export function rebuildCounters(connection: Connection): void {
  connection.transaction(() => {
    for (const { table, key, recount, sums } of COUNTERS) {
      const columns = sums === undefined ? '' : `, ${sums.columns}`;
      connection.exec(
        `DELETE FROM ${table}; INSERT INTO ${table} (${key}, count${columns}) ${sums?.resum ?? recount};`,
      );
    }
    connection.exec(
      'UPDATE run SET bad_images = (SELECT count(*) FROM run_bad_image WHERE run_bad_image.run_number = run.number)',
    );
  })();
}
