import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Agreement, DecisionImport } from '#shared/review-use.ts';
import { formatCount, formatTable } from './output.ts';
import type { Action } from './register.ts';
import { className } from './review-text.ts';

/** Conflicts and disagreements shown of a result. */
const SHOWN = 20;

/** export, import, agreement. */
export function addFileCommands(review: Command, action: Action): void {
  review
    .command('export')
    .description('what every reviewer said last of each image, as csv')
    .argument('<file>')
    .action(
      action(async (context, _options, file: string) => {
        const written = await (await context.connect()).client.review.export.mutate({ file: resolve(file) });
        context.result(written, `${formatCount(written.decisions)} decisions are in ${written.file}.`);
      }),
    );

  review
    .command('import')
    .description('take decisions from a csv; conflicts with decisions here are shown, nothing is overwritten unasked')
    .argument('<file>')
    .option('--overwrite', 'let the file win where it differs', false)
    .option('--dry-run', 'look, tell, and change nothing', false)
    .option('--reviewer <name>', 'for rows that name none (default: the account’s name)')
    .action(
      action(async (context, options: { overwrite: boolean; dryRun: boolean; reviewer?: string }, file: string) => {
        const { overwrite, dryRun, reviewer } = options;
        const request = { file: resolve(file), overwrite, dryRun, reviewer };
        const taken = await (await context.connect()).client.review.import.mutate(request);
        context.result(taken, importText(taken, dryRun));
      }),
    );

  review
    .command('agreement')
    .description('how far two reviewers agree beyond chance: Cohen’s kappa')
    .argument('<one>', 'a reviewer')
    .argument('<other>', 'another')
    .option('--file <file>', 'the other one’s decisions are in this csv, which was not imported')
    .action(
      action(async (context, { file }: { file?: string }, one: string, other: string) => {
        const request = { one, other, ...(file !== undefined && { file: resolve(file) }) };
        const agreement = await (await context.connect()).client.review.agreement.query(request);
        context.result(agreement, agreementText(agreement));
      }),
    );
}

function importText(result: DecisionImport, dryRun: boolean): string {
  const { added, same, overwritten, conflicts, conflictCount, problems, problemCount } = result;
  return [
    `${formatCount(added)} ${dryRun ? 'would be added' : 'added'}, ${formatCount(same)} the same, ${formatCount(overwritten)} overwritten, ${formatCount(conflictCount)} conflicts, ${formatCount(problemCount)} problems.`,
    ...(conflicts.length === 0
      ? []
      : [
          formatTable(
            ['line', 'image', 'path', 'here', 'in the file'],
            conflicts
              .slice(0, SHOWN)
              .map(({ line, image, path, here, file }) => [
                ...[String(line), String(image), path],
                ...[here, file].map(({ reviewer, verdict, label }) => `${reviewer}: ${verdict} ${className(label)}`),
              ]),
          ),
        ]),
    ...problems.slice(0, SHOWN).map(({ line, reason }) => `  line ${line}: ${reason}`),
  ].join('\n');
}

function agreementText({ one, other, images, unsure, observed, kappa, interval, disagreements }: Agreement): string {
  if (images === 0) return `${one} and ${other} decided no image both.`;
  const bounds = interval === null ? '' : ` [${interval.map((bound) => bound.toFixed(3)).join(' – ')}]`;
  return [
    `${one} and ${other} agree on ${((observed ?? 0) * 100).toFixed(1)} % of ${formatCount(images)} images${unsure === 0 ? '' : ` (${formatCount(unsure)} unsure ones left out)`}; kappa ${kappa === null ? 'is not defined: there is one outcome only' : `${kappa.toFixed(3)}${bounds}`}.`,
    ...disagreements
      .slice(0, SHOWN)
      .map((differing) => `  image ${differing.image}: ${differing.one}, ${differing.other}`),
  ].join('\n');
}
