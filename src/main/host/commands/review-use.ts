import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import { StudioError, toStudioError } from '#shared/errors.ts';
import { REVIEW_ACTIONS, type ReviewAction } from '#shared/review.ts';
import { REVIEW_WEIGHTS, type ReviewWeight } from '#shared/review-use.ts';
import type { RoundResult } from '#shared/rounds.ts';
import { followJob } from './context.ts';
import { collect } from './filter-options.ts';
import { formatCount } from './output.ts';
import type { Action } from './register.ts';
import { roundText } from './round-text.ts';
import { naturalNumber, positiveInteger } from './values.ts';

interface SubsetOptions {
  readonly base?: string;
  readonly unlabeled: boolean;
  readonly round?: string;
  readonly dropUnsure: boolean;
  readonly excludeRejected: boolean;
  readonly weight?: readonly (readonly [ReviewWeight, number])[];
}

interface CrossfitOptions {
  readonly labeled: string;
  readonly validation: string;
  readonly folds: number;
  readonly seed: number;
  readonly name?: string;
  readonly config?: string;
  readonly set?: readonly (readonly [string, unknown])[];
}

/** subset, crossfit, keys. */
export function addUseCommands(review: Command, action: Action): void {
  review
    .command('subset')
    .description('a frozen subset of what was decided, to train on: corrected labels in, rejected ones out')
    .argument('<name>')
    .option('--base <name>', 'begin from a subset or a source’s training images, as they were reviewed')
    .option('--no-unlabeled', 'do not add unlabeled images that were given a label')
    .option('--round <round>', 'add only what was decided about this round')
    .option('--drop-unsure', 'leave out what reviewers were unsure of', false)
    .option(
      '--weight <known=number>',
      `what images count for in training, by what is known of their labels: ${REVIEW_WEIGHTS.join(', ')} (may be repeated)`,
      collect(parseWeight),
    )
    .option('--exclude-rejected', 'also exclude the rejected images from the catalog', false)
    .action(
      action(async (context, options: SubsetOptions, name: string) => {
        const { base, unlabeled, round, dropUnsure, excludeRejected, weight = [] } = options;
        const { review: client } = (await context.connect()).client;
        const made = await client.subset.mutate({
          ...{ name, base, round, dropUnsure, excludeRejected },
          addUnlabeled: unlabeled,
          weights: Object.fromEntries(weight),
        });
        const { subset, kept, relabeled, leftOut, added, excluded } = made;
        context.result(
          made,
          [
            `${subset.name}@${subset.version}: ${formatCount(subset.total)} images (${subset.rule}).`,
            `${formatCount(kept)} as they were, ${formatCount(relabeled)} relabeled, ${formatCount(leftOut)} left out, ${formatCount(added)} added${excluded === 0 ? '' : `; ${formatCount(excluded)} excluded from the catalog`}.`,
          ].join('\n'),
        );
      }),
    );

  review
    .command('crossfit')
    .description(
      'out-of-sample labels of a labeled set: each fold labeled by a network trained on the others; a rerun continues',
    )
    .requiredOption('--labeled <name>', 'a subset, or a source whose training images are meant')
    .option('--validation <split>', 'validation, or SOURCE:validation', 'validation')
    .option('--folds <count>', 'networks that are trained', positiveInteger, 5)
    .option('--seed <number>', 'how the images are dealt out', naturalNumber, 0)
    .option('--name <name>', 'of the round')
    .option('--config <file>', 'JSON with the settings of each training, as in a run’s config.json')
    .option('--set <setting=value>', 'one of them, such as totalSteps=2000 (may be repeated)', collect(settingOf))
    .action(
      action(async (context, options: CrossfitOptions) => {
        const { labeled, validation, folds, seed, name, config: file, set = [] } = options;
        const config = { ...(file === undefined ? {} : readConfig(file)), ...Object.fromEntries(set) };
        const connection = await context.connect({ serves: true });
        const request = { labeled, validation, folds, seed, config, ...(name !== undefined && { name }) };
        const job = await connection.client.review.crossfit.mutate(request);
        await followJob(context, connection, job);
        const result = (await connection.client.jobs.result.query({ id: job.id })) as RoundResult;
        context.result(result, `${roundText(result)}\nNext: \`review queue --round ${result.id}\`.`);
      }),
    );

  review
    .command('keys')
    .description('the keys of the reviewing screen; given ones are kept')
    .option('--set <action=key>', 'such as anger=a', collect(keyOf))
    .option('--reset', 'the keys a studio comes with', false)
    .action(
      action(async (context, options: { set?: readonly (readonly [ReviewAction, string])[]; reset: boolean }) => {
        const { review: client } = (await context.connect()).client;
        if (options.reset && options.set !== undefined)
          throw new StudioError('usage', 'Ask for one of --set and --reset.');
        const keys = options.reset
          ? await client.resetKeys.mutate()
          : options.set === undefined
            ? await client.keys.query()
            : await client.setKeys.mutate(Object.fromEntries(options.set));
        context.result(keys, REVIEW_ACTIONS.map((name) => `${name} ${keys[name]}`).join('\n'));
      }),
    );
}

function readConfig(file: string): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw toStudioError(error);
    throw new StudioError('bad-input', `${file} is no JSON: ${error.message}`, { cause: error });
  }
}

/** A number, true, false or null is read as such; anything else is a text. */
function settingOf(text: string): readonly [string, unknown] {
  const [name = '', ...rest] = text.split('=');
  const value = rest.join('=');
  if (name === '' || value === '') throw new InvalidArgumentError('It takes a setting, = and its value.');
  return [name, /^(-?\d+(\.\d+)?(e-?\d+)?|true|false|null)$/.test(value) ? (JSON.parse(value) as unknown) : value];
}

function keyOf(text: string): readonly [ReviewAction, string] {
  const [name, ...rest] = text.split('=');
  const action = REVIEW_ACTIONS.find((known) => known === name);
  if (action === undefined)
    throw new InvalidArgumentError(`It takes one of ${REVIEW_ACTIONS.join(', ')}, = and a key.`);
  return [action, rest.join('=')];
}

function parseWeight(text: string): readonly [ReviewWeight, number] {
  const [, known, value] = /^([a-z]+)=(\d+(?:\.\d+)?)$/.exec(text) ?? [];
  const found = REVIEW_WEIGHTS.find((name) => name === known);
  if (found === undefined || !(Number(value) > 0)) {
    throw new InvalidArgumentError(
      `Write one of ${REVIEW_WEIGHTS.join(', ')} with a number above 0, such as reviewed=2.`,
    );
  }
  return [found, Number(value)];
}
