import { Option } from 'commander';
import { DUPLICATE_KINDS, type DuplicateKind, type Exclusion } from '#shared/analysis.ts';
import { StudioError } from '#shared/errors.ts';
import { SPLITS, type Split } from '#shared/images.ts';
import { notAnalyzedCount, notAnalyzedText } from './duplicates.ts';
import { type FilterOptions, addFilterOptions, filterFrom } from './filter-options.ts';
import { formatCount, formatTable } from './output.ts';
import type { Register } from './register.ts';

interface ExcludeOptions extends FilterOptions {
  readonly leaks: boolean;
  readonly contradictions: boolean;
  readonly kind: DuplicateKind;
  readonly keep: Split;
  readonly reason?: string;
  readonly undo: boolean;
  readonly log: boolean;
}

/** exclude. */
export const registerExcludeCommand: Register = (program, action) => {
  addFilterOptions(
    program
      .command('exclude')
      .description('take images out of every count, draw and run, in one step that --undo takes back')
      .option('--leaks', 'images that are in another split too', false)
      .addOption(
        new Option('--keep <split>', 'the split in which leaking images stay').choices(SPLITS).default('train'),
      )
      .option('--contradictions', 'copies of one image that have several labels', false)
      .addOption(
        new Option('--kind <kind>', 'which duplicates: the same pixels, or near ones')
          .choices(DUPLICATE_KINDS)
          .default('exact'),
      )
      .option('--reason <text>', 'why, for the log')
      .option('--undo', 'take back the newest exclusion that stands', false)
      .option('--log', 'list what was excluded and taken back', false),
  ).action(
    action(async (context, options: ExcludeOptions) => {
      const filter = filterFrom(options);
      const connection = await context.connect();
      const { catalog } = connection.client;
      if (options.undo || options.log) {
        if (options.undo && options.log) throw new StudioError('usage', 'Ask for one of --undo and --log.');
        if (options.leaks || options.contradictions || options.reason !== undefined || Object.keys(filter).length > 0) {
          throw new StudioError('usage', `--${options.undo ? 'undo' : 'log'} takes no choice of images and no reason.`);
        }
      }
      if (options.log) {
        const log = await catalog.exclusions.query();
        return context.result(log, log.length === 0 ? 'Nothing was excluded yet.' : logText(log));
      }
      if (options.undo) {
        const undone = await catalog.undoExclusion.mutate();
        return context.result(undone, sentenceOf(undone));
      }
      const { leaks, contradictions, kind, keep, reason } = options;
      if (reason === undefined) {
        throw new StudioError('usage', 'An exclusion needs a --reason: it is kept in the log.');
      }
      const exclusion = await catalog.exclude.mutate({ leaks, contradictions, kind, keep, filter, reason });
      const notes = leaks || contradictions ? notAnalyzedText(await notAnalyzedCount(connection)) : [];
      const sentence = exclusion === null ? 'There was nothing to exclude.' : sentenceOf(exclusion);
      context.result(exclusion ?? { images: 0 }, [sentence, ...notes].join('\n'));
    }),
  );
};

const sentenceOf = ({ images, excluded, rule, id }: Exclusion): string =>
  `${formatCount(images)} images are ${excluded ? 'excluded' : 'back'} (${rule}), as number ${id} of the log.`;

function logText(log: readonly Exclusion[]): string {
  return formatTable(
    ['number', 'made', 'by', 'images', 'what', 'which', 'why'],
    log.map(({ id, madeAt, author, images, excluded, isUndone, rule, reason }) => [
      String(id),
      madeAt,
      author,
      formatCount(images),
      `${excluded ? 'excluded' : 'taken back'}${isUndone ? ', undone' : ''}`,
      rule,
      reason,
    ]),
  );
}
