import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { IMPORT_FORMATS, type ImportFormat, type ImportPreview, type ImportResult } from '#shared/catalog.ts';
import { csvRecord } from '#shared/csv.ts';
import { commandLineHint, toStudioError } from '#shared/errors.ts';
import { EXPRESSIONS } from '#shared/expressions.ts';
import { ROLES, type Role } from '#shared/images.ts';
import type { Connection } from '../connection.ts';
import { readClassFile } from './class-file.ts';
import { followJob } from './context.ts';
import { formatCount, formatShare, formatTable } from './output.ts';
import type { Register } from './register.ts';

/** Rejected files that are printed; --json has more of them. */
const FAILURES_SHOWN = 20;

interface ImportOptions {
  readonly format: ImportFormat;
  readonly role: Role;
  readonly source?: string;
  readonly map?: Readonly<Record<string, string>>;
  readonly classes?: string;
  readonly images?: string;
  readonly copy?: boolean;
  readonly relink?: boolean;
  readonly report?: string;
  readonly explain?: boolean;
}

/** import. */
export const registerImportCommand: Register = (program, action) => {
  program
    .command('import')
    .description('add images; source files are read and never changed; a rerun continues and adds nothing twice')
    .argument('<path>', 'folder or list')
    .addOption(new Option('--format <format>', 'what is there').choices([...IMPORT_FORMATS]).default('auto'))
    .addOption(new Option('--role <role>', 'what it is for').choices([...ROLES]).default('labeled'))
    .option('--source <name>', 'name of the source (default: the folder’s)')
    .option(
      '--map <column=field>',
      'what a column of a manifest holds, such as emotion=label; may be repeated',
      mapping,
    )
    .option('--classes <file>', 'classes by other names: lines of NAME,CLASS; the class “-” leaves images out')
    .option('--images <folder>', 'what the paths of a list are below (default: looked for)')
    .option('--copy', 'keep copies of the images in the workspace')
    .option('--relink', 'the source was moved to this path: check that, and go on there')
    .option('--report <file.csv>', 'write every rejected file with its reason')
    .option('--explain', 'only look: what is there, why, and what its first images would be')
    .action(
      action(async (context, { map, classes, report, explain, ...options }: ImportOptions, path: string) => {
        const request = {
          ...options,
          path: resolve(path),
          ...(options.images !== undefined && { images: resolve(options.images) }),
          ...(map !== undefined && { columns: { ...map } }),
          ...(classes !== undefined && { classes: await readClassFile(resolve(classes)) }),
        };
        const connection = await context.connect({ serves: explain !== true });
        if (explain === true) {
          const preview = await connection.client.catalog.importPreview.query(request);
          context.result(preview, previewText(preview));
          return;
        }
        const job = await connection.client.catalog.import.mutate(request);
        await followJob(context, connection, job);
        const result = (await connection.client.jobs.result.query({ id: job.id })) as ImportResult;
        if (report !== undefined) await writeReport(connection, result.source, resolve(report));
        context.result(result, resultText(result));
      }),
    );
};

/** All files of a source that were rejected, as csv. */
async function writeReport({ client }: Connection, source: string, file: string): Promise<void> {
  await using target = await open(file, 'w').catch((error: unknown) => {
    throw toStudioError(error);
  });
  await target.write(csvRecord(['path', 'reason']));
  for (let afterPath = ''; ;) {
    const page = await client.catalog.importErrors.query({ source, afterPath });
    await target.write(page.map(({ path, reason }) => csvRecord([path, reason])).join(''));
    const last = page.at(-1);
    if (last === undefined) return;
    afterPath = last.path;
  }
}

function mapping(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const equals = text.lastIndexOf('=');
  if (equals < 1 || equals === text.length - 1) throw new InvalidArgumentError('It takes COLUMN=FIELD.');
  return { ...before, [text.slice(0, equals)]: text.slice(equals + 1) };
}

function resultText(result: ImportResult): string {
  const { errors, failed, leftOut, votes, relinkedFrom } = result;
  const more = failed - Math.min(FAILURES_SHOWN, errors.length);
  return [
    ...(relinkedFrom === undefined ? [] : [`${result.source} was linked again; it was at ${relinkedFrom}.`]),
    result.explanation.reason,
    `${result.source} (${result.format}): ${formatCount(result.added)} added, ${formatCount(result.skipped)} there already, ` +
      `${formatCount(failed)} failed, in ${result.seconds.toFixed(1)} s.`,
    ...leftOut.map(({ what, count }) => `  ${formatCount(count)} left out: ${what}`),
    ...(votes === undefined ? [] : [votesText(votes)]),
    ...errors.slice(0, FAILURES_SHOWN).map(({ path: file, reason }) => `  ${file}: ${reason}`),
    ...(more > 0 ? [`  … and ${formatCount(more)} more.`] : []),
  ].join('\n');
}

function votesText(votes: NonNullable<ImportResult['votes']>): string {
  const { joined, unmatched, agreeing, tied, unknown, nonFace } = votes;
  return (
    `${formatCount(joined)} images have votes; the most voted choice is the label of ${formatShare(agreeing / joined)}. ` +
    `${formatCount(tied)} are tied, ${formatCount(unknown)} unknown, ${formatCount(nonFace)} no face; ` +
    `${formatCount(unmatched)} rows of votes have no image here.`
  );
}

function previewText({ reason, others, table, samples, unknownClasses, problem }: ImportPreview): string {
  const rows = samples.map((sample) => [
    sample.kind === 'image' ? sample.path || 'in place' : sample.path,
    sample.kind === 'image' ? (sample.label === null ? '' : EXPRESSIONS[sample.label]!.name) : sample.reason,
    sample.kind === 'image' ? sample.split : '',
    sample.kind === 'image' ? (sample.identity ?? '') : '',
  ]);
  return [
    reason,
    ...others.map((other) => `It may also be ${other.format}: ${other.reason}`),
    ...(table === null ? [] : [`Columns: ${table.columns.join(', ')}.`]),
    ...unknownClasses.map(({ name, count }) => `“${name}” is no class (${formatCount(count)} images).`),
    ...(problem === null ? [] : [problem.message, commandLineHint(problem) ?? '']),
    ...(rows.length === 0 ? [] : [formatTable(['image', 'class', 'split', 'person'], rows)]),
  ].join('\n');
}
