import { resolve } from 'node:path';
import type { CatalogStats } from '#shared/catalog.ts';
import type { Register } from './register.ts';
import { followJob } from './context.ts';
import { formatCount, formatTable } from './output.ts';
import { fraction, naturalNumber, positiveInteger } from './values.ts';

/** demo, stats, subset. */
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
    .action(
      action(async (context, options: { source?: string }) => {
        const connection = await context.connect();
        const stats = await connection.client.catalog.stats.query(options);
        context.result(stats, statsText(stats));
      }),
    );

  program
    .command('subset')
    .description('make a named, frozen, class-balanced labeled set')
    .argument('<name>')
    .option('--per-class <count>', 'images of each class', positiveInteger)
    .option('--fraction <share>', 'share of the images, above 0 and at most 1', fraction)
    .option('--balanced', 'the same count of each class', false)
    .option('--seed <number>', 'which images are drawn', naturalNumber, 0)
    .option('--source <name>', 'draw from one source only')
    .option('--out <file>', 'also write it as the csv the released program reads')
    .action(
      action(
        async (
          context,
          options: {
            perClass?: number;
            fraction?: number;
            balanced: boolean;
            seed: number;
            source?: string;
            out?: string;
          },
          name: string,
        ) => {
          const { out, ...request } = options;
          const connection = await context.connect();
          // n per class is balanced by its meaning.
          const balanced = request.balanced || request.perClass !== undefined;
          const subset = await connection.client.subsets.create.mutate({ ...request, balanced, name });
          if (out !== undefined) await connection.client.subsets.export.mutate({ name, file: resolve(out) });
          const { classes } = await connection.client.catalog.stats.query({});
          const missing = subset.shortfall.reduce((sum, count) => sum + count, 0);
          context.result(
            subset,
            [
              `${subset.name}: ${formatCount(subset.total)} images.`,
              formatTable(
                ['class', 'images', 'short of'],
                subset.counts.map((count, index) => [classes[index] ?? '', count, subset.shortfall[index]!]),
              ),
              ...(missing > 0 ? [`There are ${formatCount(missing)} images fewer than were asked for.`] : []),
            ].join('\n'),
          );
        },
      ),
    );
};

function statsText(stats: CatalogStats): string {
  const splits = Object.entries(stats.splits);
  const perClass = stats.classes.map((name, index) => [name, ...splits.map(([, split]) => split.counts[index] ?? 0)]);
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
    formatTable(['class', ...splits.map(([name]) => name)], perClass),
    `imbalance: ${splits.map(([name], index) => `${name} ${ratio[index]}`).join(', ')}`,
  ].join('\n');
}
