import { serializeError } from '#shared/errors.ts';
import { benchCatalog } from './catalog.ts';
import type { FromCatalogChild } from './catalog-run.ts';

/** Benchmarks the catalog in a process of its own, because its calls keep a thread busy for seconds, and its memory is to be told apart. */
const [rows, directory] = process.argv.slice(2) as [string, string];

function send(message: FromCatalogChild): void {
  process.send?.(message);
}

benchCatalog({ rows: Number(rows), directory, onProgress: (message) => send({ kind: 'progress', message }) })
  .then(
    (results) => send({ kind: 'results', results }),
    (error: unknown) => send({ kind: 'failed', error: serializeError(error) }),
  )
  .finally(() => process.disconnect());
