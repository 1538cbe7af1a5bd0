import type { CatalogStats, ClassMismatch, StatsRequest } from '#shared/catalog.ts';
import { EXPRESSIONS } from '#shared/expressions.ts';
import { mismatchText } from './analyze.ts';
import type { Register } from './register.ts';
import { followJob } from './context.ts';
import { formatCount, formatShare, formatTable } from './output.ts';
import { naturalNumber } from './values.ts';

/** demo, stats. */
export const registerDataCommands: Register = (program, action) => {
  program
    .command('demo')
    .description('draw the demo’s faces and put them into the workspace')
    .option('--seed <number>', 'another set of faces', naturalNumber, 0)
    .action(
      action(async (context, { seed }: { seed: number }) => {
        const connection = await context.connect({ serves: true });
        await followJob(context, connection, await connection.client.catalog.demo.mutate({ seed }));
        const info = await connection.client.system.workspace.query();
        context.result(
          { workspace: info.directory, images: info.images },
          `${formatCount(info.images)} faces are in ${info.directory}.`,
        );
      }),
    );

  program
    .command('stats')
    .description('counts per source, split and class, imbalance, and the mismatch of labeled and unlabeled faces')
    .option('--source <name>', 'one source only')
    .option('--round <round>', 'the round of pseudo labels beside the labels, number or name (default: the newest)')
    .action(
      action(async (context, options: StatsRequest) => {
        const connection = await context.connect();
        const { catalog } = connection.client;
        const stats = await catalog.stats.query(options);
        const measures = await catalog.mismatch.query();
        context.result(
          { ...stats, measures },
          [statsText(stats), ...classText(stats), ...mismatchText(measures)].join('\n'),
        );
      }),
    );
};

/** Classes of labeled and unlabeled faces, or why there is nothing to compare. */
function classText({ mismatch, classes, splits }: CatalogStats): string[] {
  if (mismatch !== null) return ['', mismatchTable(mismatch)];
  const isUnlabeled = (splits.unlabeled?.total ?? 0) > 0;
  const hint =
    'No round of pseudo labels yet: `pseudo-label --run RUN` or `--from FILE` makes one, to compare classes with.';
  return isUnlabeled && classes.length > 0 ? ['', hint] : [];
}

function mismatchTable({ round, ...mismatch }: ClassMismatch): string {
  const { labeledCounts, labeledShare, pseudoCounts, unlabeledShare, differences, totalVariation } = mismatch;
  const total = (counts: readonly number[]): string => formatCount(counts.reduce((sum, count) => sum + count, 0));
  return [
    `Classes of the labeled training faces beside those of ${round.source} by round ${round.name}:`,
    formatTable(
      ['class', `labeled (${total(labeledCounts)})`, `pseudo labels (${total(pseudoCounts)})`, 'difference'],
      differences.map((difference, label) => [
        EXPRESSIONS[label]!.name,
        formatShare(labeledShare[label]!),
        formatShare(unlabeledShare[label]!),
        `${difference < 0 ? '−' : '+'}${(Math.abs(difference) * 100).toFixed(1)} points`,
      ]),
    ),
    `Half the sum of the differences: ${formatShare(totalVariation)}.`,
  ].join('\n');
}

function statsText(stats: CatalogStats): string {
  const splits = Object.entries(stats.splits);
  const perClass = stats.classes.map((name, index) => [
    name,
    ...splits.flatMap(([, { counts, shares }]) => [counts[index] ?? 0, `${((shares[index] ?? 0) * 100).toFixed(1)} %`]),
  ]);
  const ratio = splits.map(([, split]) =>
    split.imbalanceRatio === null ? '–' : `${split.imbalanceRatio.toFixed(1)} : 1`,
  );
  return [
    `${formatCount(stats.images)} images in ${stats.sources.length} sources.`,
    formatTable(
      ['source', 'format', 'role', 'images', 'labeled', 'identities'],
      stats.sources.map((source) => [
        source.name,
        source.format,
        source.role,
        source.total,
        source.labeled,
        source.identities,
      ]),
    ),
    '',
    formatTable(['class', ...splits.flatMap(([name]) => [name, 'share'])], perClass),
    `imbalance: ${splits.map(([name], index) => `${name} ${ratio[index]}`).join(', ')}`,
  ].join('\n');
}
