import { type Command, InvalidArgumentError, Option } from 'commander';
import { StudioError } from '#shared/errors.ts';
import { EXPRESSIONS, expressionIndex } from '#shared/expressions.ts';
import {
  QUEUES,
  type Queue,
  RANK_METHODS,
  type RankMethod,
  SUSPICIONS,
  type Suspicion,
  VERDICTS,
  type Verdict,
  type Weights,
} from '#shared/review.ts';
import { type FilterOptions, addFilterOptions, collect, filterBesideRound } from './filter-options.ts';
import type { Action, Register } from './register.ts';
import { addAuditCommand } from './review-audit.ts';
import { addFileCommands } from './review-files.ts';
import { actText, historyText, logText, queuesText, rankText, statsText } from './review-text.ts';
import { addUseCommands } from './review-use.ts';
import { naturalNumber, nonNegativeNumber, positiveInteger } from './values.ts';

/** Rows of one question to the host. */
const LARGEST_PAGE = 10_000;

/** review queue, rank, decide, undo, redo, log, stats, export, import, agreement, audit, crossfit, subset, weights, keys. */
export const registerReviewCommands: Register = (program, action) => {
  const review = program.command('review').description('look labels through: what to look at, decisions, blind audits');
  addRankCommands(review, action);
  addDecisionCommands(review, action);
  addFileCommands(review, action);
  addAuditCommand(review, action);
  addUseCommands(review, action);
};

interface RankOptions {
  readonly round: string;
  readonly against?: string;
  readonly weight?: readonly (readonly [Suspicion, number])[];
  readonly method: RankMethod;
  readonly queue: Queue;
  readonly class?: number;
  readonly all: boolean;
  readonly from: number;
  readonly limit: number;
}

function addRankOptions(command: Command): Command {
  return command
    .requiredOption('--round <round>', 'whose labels: a round’s number or name')
    .option('--against <round>', 'another network’s round (default: the newest of the same run)')
    .option('--weight <name=number>', `what a suspicion counts for: ${SUSPICIONS.join(', ')}`, collect(weightOf))
    .addOption(
      new Option('--method <method>', 'order of confident learning')
        .choices([...RANK_METHODS])
        .default(RANK_METHODS[0]),
    );
}

function addRankCommands(review: Command, action: Action): void {
  addRankOptions(review.command('queue').description('the queues of a round, and how many images are in each')).action(
    action(async (context, options: RankOptions) => {
      const connection = await context.connect({ serves: true });
      const list = await connection.client.review.queues.query(rankRequestOf(options));
      context.result(list, queuesText(list));
    }),
  );

  addRankOptions(
    review
      .command('rank')
      .description('images of a queue, the most suspicious first, each with the reasons')
      .addOption(new Option('--queue <queue>', 'which').choices([...QUEUES]).default('mixed')),
  )
    .option('--class <class>', 'only labels of this class', classOf)
    .option('--all', 'also images that were decided', false)
    .option('--from <rank>', 'go on from here: next of the page before', naturalNumber, 0)
    .option('--limit <count>', 'images at most', positiveInteger, 100)
    .action(
      action(async (context, options: RankOptions) => {
        const { queue, class: label, all, from, limit } = options;
        if (limit > LARGEST_PAGE) throw new StudioError('usage', `--limit takes at most ${LARGEST_PAGE}.`);
        const connection = await context.connect({ serves: true });
        const page = await connection.client.review.queue.query({
          ...rankRequestOf(options),
          ...{ queue, undecidedOnly: !all, from, limit },
          ...(label !== undefined && { label }),
        });
        context.result(page, rankText(page));
      }),
    );

  addRankOptions(
    review.command('confident').description('what confident learning says of a labeled set as a whole'),
  ).action(
    action(async (context, options: RankOptions) => {
      const connection = await context.connect({ serves: true });
      const report = await connection.client.review.confident.query(rankRequestOf(options));
      const share = (report.estimatedShare * 100).toFixed(1);
      context.result(
        report,
        `${report.issues} of ${report.images} labels are taken for wrong; by the joint, about ${share} % of all are.`,
      );
    }),
  );

  review
    .command('weights')
    .description('what each suspicion counts for in the mixed queue; given ones are kept')
    .option('--weight <name=number>', `of ${SUSPICIONS.join(', ')}`, collect(weightOf))
    .action(
      action(async (context, { weight }: Pick<RankOptions, 'weight'>) => {
        const { review: client } = (await context.connect()).client;
        const weights =
          weight === undefined ? await client.weights.query() : await client.setWeights.mutate(weightsFrom(weight));
        context.result(weights, SUSPICIONS.map((name) => `${name} ${weights[name]}`).join('\n'));
      }),
    );
}

function rankRequestOf({ round, against, weight, method }: RankOptions) {
  return { round, method, weights: weightsFrom(weight ?? []), ...(against !== undefined && { against }) };
}

const weightsFrom = (weights: readonly (readonly [Suspicion, number])[]): Weights => Object.fromEntries(weights);

interface DecideOptions extends Omit<FilterOptions, 'class'> {
  readonly image?: number[];
  readonly ofClass?: (number | null)[];
  readonly verdict: Verdict;
  readonly label?: number;
  readonly seen?: number;
  readonly round?: string;
  readonly queue?: string;
  readonly reviewer?: string;
  readonly reason?: string;
  readonly seconds: number;
  readonly key?: string;
}

function addDecisionCommands(review: Command, action: Action): void {
  addFilterOptions(
    review
      .command('decide')
      .description('accept, relabel or reject images, or say that it cannot be told; one act, which undo takes back')
      .option('--image <id>', 'an image (may be repeated); or give a filter', collect(positiveInteger))
      .addOption(new Option('--verdict <verdict>', 'what is so').choices([...VERDICTS]).makeOptionMandatory())
      .option('--label <class>', 'the right class, for relabel', classOf)
      .option('--seen <class>', 'the label that was seen: refused when it is another by now', classOf)
      .option('--round <round>', 'the round whose labels are judged')
      .option('--queue <name>', 'where it came from, for measuring')
      .option('--reviewer <name>', 'who decides (default: the account’s name)')
      .option('--reason <text>', 'why, for the log')
      .option('--seconds <seconds>', 'time it took', nonNegativeNumber, 0)
      .option('--key <key>', 'the same key again is done once'),
  ).action(
    action(async (context, options: DecideOptions) => {
      const { image, verdict, label, seen, round, queue, reviewer, reason, seconds, key } = options;
      const filter = filterBesideRound(options as FilterOptions);
      const isFiltered = Object.keys(filter).length > 0;
      if (isFiltered === (image !== undefined)) {
        throw new StudioError('usage', 'Say which images: either --image, or a filter such as --source.');
      }
      if ((verdict === 'relabel') === (label === undefined)) {
        throw new StudioError('usage', '--label is for --verdict relabel, which needs it.');
      }
      const { review: client } = (await context.connect()).client;
      const act = await client.decide.mutate({
        ...(image === undefined ? { filter } : { images: image }),
        ...{ verdict, label, seen, round, queue, reviewer, reason, seconds, key },
      });
      context.result(act, actText(act));
    }),
  );

  for (const kind of ['undo', 'redo'] as const) {
    review
      .command(kind)
      .description(
        kind === 'undo' ? 'take the newest act of a reviewer that stands back' : 'do again what was undone last',
      )
      .option('--reviewer <name>', 'whose (default: the account’s name)')
      .option('--count <acts>', 'so many, one after the other', positiveInteger, 1)
      .option('--key <key>', 'the same key again is done once')
      .action(
        action(async (context, { reviewer, count, key }: { reviewer?: string; count: number; key?: string }) => {
          if (key !== undefined && count > 1)
            throw new StudioError('usage', '--key is for one act: leave out --count.');
          const { review: client } = (await context.connect()).client;
          const acts = [];
          for (let turn = 0; turn < count; turn++) acts.push(await client[kind].mutate({ reviewer, key }));
          context.result(acts, acts.map(actText).join('\n'));
        }),
      );
  }

  review
    .command('log')
    .description('what was decided, undone and redone, by whom, when and why, the newest first')
    .option('--image <id>', 'the history of one image, the oldest first', positiveInteger)
    .option('--before <number>', 'go on before this act', positiveInteger)
    .option('--limit <count>', 'acts at most', positiveInteger, 100)
    .action(
      action(async (context, options: { image?: number; before?: number; limit: number }) => {
        const { review: client } = (await context.connect()).client;
        if (options.image !== undefined) {
          const history = await client.history.query({ image: options.image });
          return context.result(history, historyText(history));
        }
        const log = await client.log.query({ limit: options.limit, beforeId: options.before });
        context.result(log, logText(log));
      }),
    );

  review
    .command('stats')
    .description('how much was decided, corrections per minute, and the precision of each queue so far')
    .option('--reviewer <name>', 'whose undo and redo are meant')
    .action(
      action(async (context, { reviewer }: { reviewer?: string }) => {
        const stats = await (await context.connect()).client.review.stats.query({ reviewer });
        context.result(stats, statsText(stats));
      }),
    );
}

/** Reads a class by its name. */
export function classOf(text: string): number {
  const label = expressionIndex(text);
  if (label !== undefined) return label;
  throw new InvalidArgumentError(`It takes one of ${EXPRESSIONS.map(({ name }) => name).join(', ')}.`);
}

function weightOf(text: string): readonly [Suspicion, number] {
  const [name, value = ''] = text.split('=');
  const suspicion = SUSPICIONS.find((known) => known === name);
  if (suspicion === undefined)
    throw new InvalidArgumentError(`It takes one of ${SUSPICIONS.join(', ')}, = and a number.`);
  return [suspicion, nonNegativeNumber(value)];
}
