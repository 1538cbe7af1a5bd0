import { Option } from 'commander';
import type { ImageRow } from '#shared/catalog.ts';
import { EXPRESSIONS } from '#shared/expressions.ts';
import type { SimilarFaces } from '#shared/faces.ts';
import { type Facets, SHARE_BINS, SORTS, type Sort } from '#shared/query.ts';
import type { Connection } from '../connection.ts';
import { type FilterOptions, addFilterOptions, filterFrom } from './filter-options.ts';
import { formatCount, formatTable } from './output.ts';
import type { Register } from './register.ts';
import { positiveInteger } from './values.ts';

/** Rows of one question to the host. */
const LARGEST_PAGE = 500;

interface QueryOptions extends FilterOptions {
  readonly sort?: Sort;
  readonly descending: boolean;
  readonly limit: number;
  readonly cursor?: string;
}

/** query, facets. */
export const registerQueryCommands: Register = (program, action) => {
  addFilterOptions(program.command('query').description('images of a filter, in any order'))
    .addOption(new Option('--sort <key>', 'order').choices([...SORTS]).default(undefined, 'id, or similarity'))
    .option('--descending', 'the other way round', false)
    .option('--limit <count>', 'rows at most', positiveInteger, 100)
    .option('--cursor <cursor>', 'go on behind a page: its nextCursor')
    .action(
      action(async (context, options: QueryOptions) => {
        const connection = await context.connect();
        const filter = filterFrom(options);
        const similar =
          filter.similarTo === undefined ? null : await connection.client.catalog.similar.query({ filter });
        const page = await pageOf(connection, options, options.cursor ?? null);
        const more = page.nextCursor === null ? [] : [`More: --cursor '${page.nextCursor}'`];
        const told = similar === null ? [] : [similarText(similar)];
        context.result({ ...page, ...(similar && { similar }) }, [...told, rowsText(page.rows), ...more].join('\n'));
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
  { sort: wanted, descending, limit, ...options }: QueryOptions,
  cursor: string | null,
): Promise<{ rows: ImageRow[]; nextCursor: string | null }> {
  const filter = filterFrom(options);
  const sort = wanted ?? (filter.similarTo === undefined ? 'id' : 'similarity');
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
  const isOfRound = rows.some(({ pseudo }) => pseudo !== undefined);
  const isSimilar = rows.some(({ distance }) => distance !== undefined);
  return formatTable(
    [
      ...['id', 'source', 'split', 'class'],
      ...(isOfRound ? ['pseudo label', 'confidence', 'margin'] : []),
      ...(isSimilar ? ['distance'] : []),
      ...['identity', 'size', 'path'],
    ],
    rows.map(({ id, source, split, label, pseudo, distance, identity, width, height, path }) => [
      String(id),
      source,
      split,
      className(label),
      ...(isOfRound ? pseudoText(pseudo) : []),
      ...(isSimilar ? [distance === undefined ? '–' : String(Number(distance.toPrecision(3)))] : []),
      identity ?? '–',
      width === null || height === null ? '–' : `${width} × ${height}`,
      path,
    ]),
  );
}

function pseudoText(pseudo: ImageRow['pseudo']): string[] {
  if (pseudo === undefined) return ['–', '–', '–'];
  return [className(pseudo.label), pseudo.confidence.toFixed(3), pseudo.margin.toFixed(3)];
}

/** By what the faces are alike, in a sentence. */
function similarText({ image, measure, round, compared }: SimilarFaces): string {
  const by =
    measure === 'hash'
      ? 'perceptual hashes, distance in bits of 64'
      : `what the network of round ${round!.name} saw, cosine distance`;
  return `The faces most like ${image} of ${formatCount(compared)}, by ${by}.`;
}

const className = (label: number | null): string => (label === null ? 'none' : EXPRESSIONS[label]!.name);

type FacetList = readonly [string, readonly { readonly value: string; readonly count: number }[]];

/** What the filter's round says; bins without images are left out. */
function roundLists({ round }: Facets): FacetList[] {
  if (round === null) return [];
  const binsOf = (counts: readonly number[]) =>
    counts.flatMap((count, bin) => {
      const [from, to] = [bin, bin + 1].map((bound) => (bound / SHARE_BINS).toFixed(2));
      return count === 0 ? [] : [{ value: `${from}..${to}`, count }];
    });
  return [
    ['pseudo label', round.pseudoLabels.map(({ value, count }) => ({ value: className(value), count }))],
    ['confidence', binsOf(round.confidence)],
    ['margin', binsOf(round.margin)],
  ];
}

function facetsText(facets: Facets): string {
  const { total, complete } = facets;
  const lists: readonly FacetList[] = [
    ['source', facets.sources],
    ['split', facets.splits],
    ['class', facets.labels.map(({ value, count }) => ({ value: className(value), count }))],
    ['size', facets.sizes],
    ['quality', facets.qualities],
    ['reviewed', facets.reviewed],
    ...roundLists(facets),
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
