import { Option } from 'commander';
import type { ImageRow } from '#shared/catalog.ts';
import { EXPRESSIONS } from '#shared/expressions.ts';
import { type Facets, SORTS, type Sort } from '#shared/query.ts';
import type { Connection } from '../connection.ts';
import { type FilterOptions, addFilterOptions, filterFrom } from './filter-options.ts';
import { formatCount, formatTable } from './output.ts';
import type { Register } from './register.ts';
import { positiveInteger } from './values.ts';

/** Rows of one question to the host. */
const LARGEST_PAGE = 500;

interface QueryOptions extends FilterOptions {
  readonly sort: Sort;
  readonly descending: boolean;
  readonly limit: number;
  readonly cursor?: string;
}

/** query, facets. */
export const registerQueryCommands: Register = (program, action) => {
  addFilterOptions(program.command('query').description('images of a filter, in any order'))
    .addOption(new Option('--sort <key>', 'order').choices([...SORTS]).default('id'))
    .option('--descending', 'the other way round', false)
    .option('--limit <count>', 'rows at most', positiveInteger, 100)
    .option('--cursor <cursor>', 'go on behind a page: its nextCursor')
    .action(
      action(async (context, options: QueryOptions) => {
        const connection = await context.connect();
        const page = await pageOf(connection, options, options.cursor ?? null);
        const more = page.nextCursor === null ? [] : [`More: --cursor '${page.nextCursor}'`];
        context.result(page, [rowsText(page.rows), ...more].join('\n'));
      }),
    );

  addFilterOptions(
    program.command('facets').description('counts of every facet of a filter, each under the other parts of it'),
  ).action(
    action(async (context, options: FilterOptions) => {
      const connection = await context.connect();
      const facets = await connection.client.catalog.facets.query({ filter: filterFrom(options) });
      context.result(facets, facetsText(facets));
    }),
  );
};

/** Asks until there are as many rows as were asked for, since a page may come short. */
async function pageOf(
  connection: Connection,
  { sort, descending, limit, ...options }: QueryOptions,
  cursor: string | null,
): Promise<{ rows: ImageRow[]; nextCursor: string | null }> {
  const filter = filterFrom(options);
  const rows: ImageRow[] = [];
  let next = cursor;
  do {
    const size = Math.min(LARGEST_PAGE, limit - rows.length);
    const page = await connection.client.catalog.query.query({ filter, sort, descending, cursor: next, limit: size });
    rows.push(...page.rows);
    next = page.nextCursor;
  } while (next !== null && rows.length < limit);
  return { rows, nextCursor: next };
}

function rowsText(rows: readonly ImageRow[]): string {
  if (rows.length === 0) return 'No image meets this filter.';
  return formatTable(
    ['id', 'source', 'split', 'class', 'identity', 'size', 'path'],
    rows.map(({ id, source, split, label, identity, width, height, path }) => [
      String(id),
      source,
      split,
      className(label),
      identity ?? '–',
      width === null || height === null ? '–' : `${width} × ${height}`,
      path,
    ]),
  );
}

const className = (label: number | null): string => (label === null ? 'none' : EXPRESSIONS[label]!.name);

function facetsText(facets: Facets): string {
  const { total, complete } = facets;
  const lists: readonly (readonly [string, readonly { readonly value: string; readonly count: number }[]])[] = [
    ['source', facets.sources],
    ['split', facets.splits],
    ['class', facets.labels.map(({ value, count }) => ({ value: className(value), count }))],
    ['size', facets.sizes],
    ['quality', facets.qualities],
    ['excluded', facets.excluded.map(({ value, count }) => ({ value: value ? 'yes' : 'no', count }))],
  ];
  return [
    complete
      ? `${formatCount(total)} images.`
      : `More than ${formatCount(total)} images; the counts are of the first that hold the text.`,
    formatTable(
      ['facet', 'value', 'images'],
      lists.flatMap(([name, values]) => values.map(({ value, count }) => [name, value, count])),
    ),
  ].join('\n');
}
