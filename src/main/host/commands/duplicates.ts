import type { DuplicateChoice, DuplicateGroup, DuplicateKind } from '#shared/analysis.ts';
import { StudioError } from '#shared/errors.ts';
import { EXPRESSIONS } from '#shared/expressions.ts';
import type { Connection } from '../connection.ts';
import { searchText } from './analyze.ts';
import { type CommandContext, followJob } from './context.ts';
import { formatCount, formatTable } from './output.ts';
import type { Register } from './register.ts';
import { naturalNumber, positiveInteger } from './values.ts';

interface DuplicatesOptions {
  readonly near: boolean;
  readonly distance?: number;
  readonly leaks: boolean;
  readonly contradictions: boolean;
  readonly limit: number;
  readonly cursor?: string;
}

/** Groups of one question to the host. */
const LARGEST_PAGE = 200;

/** duplicates. */
export const registerDuplicatesCommand: Register = (program, action) => {
  program
    .command('duplicates')
    .description('groups of images that are copies of each other, by the last `analyze`; the largest first')
    .option('--near', 'alike to the eye, instead of the same pixels', false)
    .option('--distance <bits>', 'search anew: bits of 64 in which near duplicates may differ', naturalNumber)
    .option('--leaks', 'only groups with images in several splits', false)
    .option('--contradictions', 'only groups with several labels', false)
    .option('--limit <count>', 'groups at most', positiveInteger, 50)
    .option('--cursor <cursor>', 'go on behind a page: its nextCursor')
    .action(
      action(async (context, options: DuplicatesOptions) => {
        if (options.leaks && options.contradictions) {
          throw new StudioError('usage', '--leaks and --contradictions are two lists: ask for one at a time.');
        }
        const kind: DuplicateKind = options.near || options.distance !== undefined ? 'near' : 'exact';
        const choice = options.leaks ? 'leaks' : options.contradictions ? 'contradictions' : 'all';
        const connection = await context.connect({ serves: options.distance !== undefined });
        const summary = await searched(context, connection, kind, options.distance);
        const { groups, images, leaks, contradictions, ...rest } = summary;
        const notAnalyzed = await notAnalyzedCount(connection);
        const page = await pageOf(connection, { kind, choice, ...options });
        const nextCursor = page.nextCursor && `${page.nextCursor.size}:${page.nextCursor.id}`;
        context.result(
          { ...rest, counts: { groups, images, leaks, contradictions }, notAnalyzed, groups: page.groups, nextCursor },
          [
            searchText(summary),
            ...notAnalyzedText(notAnalyzed),
            ...(page.groups.length === 0 ? [] : [groupsText(page.groups)]),
            ...(nextCursor === null ? [] : [`More: --cursor ${nextCursor}`]),
          ].join('\n'),
        );
      }),
    );
};

type Summary = NonNullable<Awaited<ReturnType<Connection['client']['catalog']['analysisSummary']['query']>>['exact']>;

/** Images that nobody looked at: duplicates among them are not known. */
export async function notAnalyzedCount(connection: Connection): Promise<number> {
  const { images, analyzed, failed } = await connection.client.catalog.analysisSummary.query();
  return images - analyzed - failed;
}

export const notAnalyzedText = (count: number): string[] =>
  count === 0 ? [] : [`${formatCount(count)} images are not analyzed yet, and not among these: run \`analyze\`.`];

/** What was searched for; with another distance than before, it is searched for anew. */
async function searched(
  context: CommandContext,
  connection: Connection,
  kind: DuplicateKind,
  distance: number | undefined,
): Promise<Summary> {
  const { catalog } = connection.client;
  const before = (await catalog.analysisSummary.query())[kind];
  if (before === null) {
    throw new StudioError('unavailable', 'No image was analyzed yet.', { hint: 'Run `analyze` first.' });
  }
  if (distance === undefined || (before.distance === distance && before.isCurrent)) return before;
  await followJob(context, connection, await catalog.searchNear.mutate({ distance }));
  return (await catalog.analysisSummary.query())[kind]!;
}

async function pageOf(
  connection: Connection,
  { kind, choice, limit, cursor }: { kind: DuplicateKind; choice: DuplicateChoice } & DuplicatesOptions,
): Promise<{ groups: DuplicateGroup[]; nextCursor: { size: number; id: number } | null }> {
  const groups: DuplicateGroup[] = [];
  let next = cursor === undefined ? null : readCursor(cursor);
  do {
    const size = Math.min(LARGEST_PAGE, limit - groups.length);
    const page = await connection.client.catalog.duplicates.query({ kind, choice, cursor: next, limit: size });
    groups.push(...page.groups);
    next = page.nextCursor;
  } while (next !== null && groups.length < limit);
  return { groups, nextCursor: next };
}

function readCursor(text: string): { size: number; id: number } {
  const [, size, id] = /^(\d{1,15}):(\d{1,15})$/.exec(text) ?? [];
  if (size !== undefined && id !== undefined) return { size: Number(size), id: Number(id) };
  throw new StudioError('usage', `“${text}” is no cursor.`, { hint: 'Give the nextCursor of a page.' });
}

function groupsText(groups: readonly DuplicateGroup[]): string {
  return formatTable(
    ['group', 'images', 'of it', 'id', 'source', 'split', 'class', 'path'],
    groups.flatMap(({ id, size, isCrossing, isContradicting, members }) =>
      members.map((row, index) => [
        index === 0 ? String(id) : '',
        index === 0 ? formatCount(size) : '',
        index === 0
          ? [isCrossing ? 'leak' : '', isContradicting ? 'contradiction' : ''].filter(Boolean).join(', ')
          : '',
        String(row.id),
        row.source,
        row.split,
        row.label === null ? 'none' : EXPRESSIONS[row.label]!.name,
        row.path,
      ]),
    ),
  );
}
