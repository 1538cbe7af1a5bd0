import { resolve } from 'node:path';
import { Option } from 'commander';
import { GROUPINGS, type Grouping, type Subset, type SubsetRequest, labeledSplitSchema } from '#shared/catalog.ts';
import { StudioError } from '#shared/errors.ts';
import { EXPRESSIONS } from '#shared/expressions.ts';
import type { Connection } from '../connection.ts';
import { type FilterOptions, addFilterOptions, collect, filterFrom, oneOf } from './filter-options.ts';
import { formatCount, formatTable } from './output.ts';
import type { Register } from './register.ts';
import { fraction, naturalNumber, positiveInteger } from './values.ts';

interface SubsetOptions extends FilterOptions {
  readonly perClass?: number;
  readonly fraction?: number;
  readonly balanced: boolean;
  readonly seed: number;
  readonly by?: Grouping[];
  readonly splitOff?: SubsetRequest['splitOff'];
  readonly from?: string;
  readonly rejoin: boolean;
  readonly out?: string;
}

/** subset, subsets. */
export const registerSubsetCommands: Register = (program, action) => {
  addFilterOptions(
    program
      .command('subset')
      .description('make a named, frozen, class-balanced labeled set; a name again makes its next version, NAME@2')
      .argument('<name>')
      .option('--per-class <count>', 'images of each class', positiveInteger)
      .option('--fraction <share>', 'share of the images, above 0 and at most 1', fraction)
      .option('--balanced', 'the same count of each class', false)
      .option('--seed <number>', 'which images are drawn', naturalNumber, 0)
      .option('--by <what>', `draw all images of one or none: ${GROUPINGS.join(', ')}`, collect(oneOf(GROUPINGS)))
      .addOption(
        new Option(
          '--split-off <split>',
          'move what is drawn to this split; nothing that belongs together is torn apart',
        ).choices(labeledSplitSchema.options),
      )
      .option('--from <file>', 'the images that a csv of the released program lists, instead of a draw')
      .option('--rejoin', 'put the images of a subset that was split off back where they came from', false)
      .option('--out <file>', 'also write it as the csv the released program reads'),
  ).action(
    action(async (context, options: SubsetOptions, name: string) => {
      const connection = await context.connect();
      if (options.rejoin) {
        const { moved } = await connection.client.subsets.rejoin.mutate({ name });
        return context.result({ name, moved }, `${formatCount(moved)} images are back in the split they came from.`);
      }
      const subset = await makeSubset(connection, options, name);
      if (options.out !== undefined) {
        await connection.client.subsets.export.mutate({
          name: `${name}@${subset.version}`,
          file: resolve(options.out),
        });
      }
      context.result(subset, subsetText(subset));
    }),
  );

  program
    .command('subsets')
    .description('the newest version of every subset, or all versions of one')
    .argument('[name]')
    .action(
      action(async (context, _options, name?: string) => {
        const { subsets } = (await context.connect()).client;
        const list = name === undefined ? await subsets.list.query() : await subsets.versions.query({ name });
        const rows = list.map(({ name: title, version, total, rule, seed, createdAt }) => [
          `${title}@${version}`,
          total,
          `${rule}, seed ${seed}`,
          createdAt,
        ]);
        const nothing = name === undefined ? 'No subsets yet.' : `There is no subset named “${name}”.`;
        context.result(list, list.length === 0 ? nothing : formatTable(['subset', 'images', 'rule', 'made'], rows));
      }),
    );
};

function makeSubset(connection: Connection, options: SubsetOptions, name: string): Promise<Subset> {
  const { perClass, fraction: share, balanced, seed, by, splitOff, from } = options;
  const filter = filterFrom(options);
  if (from !== undefined) {
    if (perClass !== undefined || share !== undefined || splitOff !== undefined || Object.keys(filter).length > 0) {
      throw new StudioError('usage', 'A list is taken as it is: --from takes no filter, amount or split.');
    }
    return connection.client.subsets.import.mutate({ name, file: resolve(from) });
  }
  return connection.client.subsets.create.mutate({
    name,
    filter: { splits: ['train'], ...filter },
    perClass,
    fraction: share,
    // n per class is balanced by its meaning.
    balanced: balanced || perClass !== undefined,
    seed,
    together: by,
    splitOff,
  });
}

function subsetText(subset: Subset): string {
  const missing = subset.shortfall.reduce((sum, count) => sum + count, 0);
  return [
    `${subset.name}@${subset.version}: ${formatCount(subset.total)} images${subset.splitOff === null ? '' : `, now in the ${subset.splitOff} split`}.`,
    formatTable(
      ['class', 'images', 'short of'],
      subset.counts.map((count, index) => [EXPRESSIONS[index]!.name, count, subset.shortfall[index]!]),
    ),
    ...(missing > 0 ? [`There are ${formatCount(missing)} images fewer than were asked for.`] : []),
  ].join('\n');
}
