import { type Command, InvalidArgumentError, Option } from 'commander';
import { StudioError } from '#shared/errors.ts';
import { expressionIndex } from '#shared/expressions.ts';
import { type FilterOptions, addFilterOptions, filterBesideRound } from './filter-options.ts';
import { formatCount, formatTable } from './output.ts';
import type { Action } from './register.ts';
import { auditText } from './review-text.ts';
import { naturalNumber, nonNegativeNumber, positiveInteger, share } from './values.ts';

interface AuditOptions extends FilterOptions {
  readonly round?: string;
  readonly threshold?: number | number[];
  readonly perClass: number;
  readonly seed: number;
  readonly target: number;
  readonly classTarget: number;
}

/** audit: list, start, next, answer, show. */
export function addAuditCommand(review: Command, action: Action): void {
  const audit = review
    .command('audit')
    .description('precision of labels from a random sample that is judged without seeing them');

  audit
    .command('list', { isDefault: true })
    .description('all audits, the newest first')
    .action(
      action(async (context) => {
        const list = await (await context.connect()).client.review.audits.query();
        const rows = list.map(({ name, answered, sampled, sentence }) => [
          name,
          `${formatCount(answered)} of ${formatCount(sampled)}`,
          sentence,
        ]);
        context.result(list, list.length === 0 ? 'No audits yet.' : formatTable(['audit', 'judged', 'state'], rows));
      }),
    );

  addFilterOptions(
    audit
      .command('start')
      .description('draw a sample of a round’s accepted labels, or of the labels the images of a filter have')
      .argument('<name>')
      .option('--round <round>', 'number or name')
      .option('--threshold <shares>', 'confidence from which labels count: one, or one for each class', thresholdsOf)
      .option('--per-class <count>', 'images of each class', positiveInteger, 60)
      .option('--seed <number>', 'which images are drawn', naturalNumber, 0)
      .option('--target <share>', 'half the width of the interval that is wanted of the whole', share, 0.05)
      .option('--class-target <share>', 'and of each class', share, 0.15),
  ).action(
    action(async (context, options: AuditOptions, name: string) => {
      const { round, threshold, perClass, seed, target, classTarget } = options;
      const filter = filterBesideRound(options);
      if (round === undefined && threshold !== undefined) {
        throw new StudioError('usage', '--threshold is for the labels of a --round.');
      }
      if ((round !== undefined) === Object.keys(filter).length > 0) {
        throw new StudioError('usage', 'Say what to audit: either --round, or a filter such as --source.');
      }
      const report = await (
        await context.connect()
      ).client.review.startAudit.mutate({
        ...{ name, round, filter, perClass, seed, target, classTarget },
        ...(threshold !== undefined && { thresholds: threshold }),
      });
      context.result(report, auditText(report));
    }),
  );

  audit
    .command('next')
    .description('the next image to judge; its label is not told')
    .argument('<name>')
    .action(
      action(async (context, _options, name: string) => {
        const next = await (await context.connect()).client.review.auditNext.query({ name });
        context.result(next, next === null ? 'All images are judged.' : `Image ${next.image}.`);
      }),
    );

  audit
    .command('answer')
    .description('what a person sees in an image: a class, reject or unsure')
    .argument('<name>')
    .requiredOption('--image <id>', 'the image', positiveInteger)
    .requiredOption('--answer <class>', 'a class, reject, or unsure', answerOf)
    .option('--reviewer <name>', 'who judges (default: the account’s name)')
    .option('--reason <text>', 'why, for the log')
    .option('--seconds <seconds>', 'time it took', nonNegativeNumber, 0)
    .addOption(new Option('--key <key>', 'the same key again is done once'))
    .action(
      action(
        async (
          context,
          options: {
            image: number;
            answer: number | 'reject' | 'unsure';
            reviewer?: string;
            reason?: string;
            seconds: number;
            key?: string;
          },
          name: string,
        ) => {
          const { image, answer, reviewer, reason, seconds, key } = options;
          const request = { name, image, answer, reviewer, reason, seconds, key };
          const kept = await (await context.connect()).client.review.auditAnswer.mutate(request);
          context.result(
            kept,
            kept.next === null ? 'Kept; all images are judged.' : `Kept. Next: image ${kept.next.image}.`,
          );
        },
      ),
    );

  audit
    .command('show')
    .description('precision of each class and of all, with 95 % intervals, and whether it may stop')
    .argument('<name>')
    .action(
      action(async (context, _options, name: string) => {
        const report = await (await context.connect()).client.review.audit.query({ name });
        context.result(report, auditText(report));
      }),
    );
}

function thresholdsOf(text: string): number | number[] {
  const values = text.split(',').map(share);
  return values.length === 1 ? values[0]! : values;
}

function answerOf(text: string): number | 'reject' | 'unsure' {
  if (text === 'reject' || text === 'unsure') return text;
  const label = expressionIndex(text);
  if (label === undefined) throw new InvalidArgumentError('It takes a class, reject or unsure.');
  return label;
}
