import { Option } from 'commander';
import { EXPRESSIONS } from '#shared/expressions.ts';
import type { LabelChanges, ReviewedLabelPage } from '#shared/label-changes.ts';
import { REVIEWED_PARTS, type ReviewedPart, type ReviewedUse } from '#shared/reviewed-use.ts';
import { findRun } from './find-run.ts';
import { formatCount, formatShare, formatTable } from './output.ts';
import type { Register } from './register.ts';
import { naturalNumber, positiveInteger } from './values.ts';

interface LabelsOptions {
  readonly part: ReviewedPart;
  readonly after: number;
  readonly limit: number;
}

/** runs labels. */
export const registerLabelsCommand: Register = (runs, action) => {
  runs
    .command('labels')
    .description('which labels a run was given that a person had given or confirmed, image by image')
    .argument('<run>')
    .addOption(new Option('--part <part>', 'of which images').choices([...REVIEWED_PARTS]).default('labeled'))
    .option('--after <image>', 'go on after this image', naturalNumber, 0)
    .option('--limit <count>', 'images at most', positiveInteger, 200)
    .action(
      action(async (context, { part, after, limit }: LabelsOptions, name) => {
        const connection = await context.connect();
        const { id, reviewed } = await findRun(connection, name as string);
        const page = await connection.client.runs.reviewedLabels.query({ id, part, afterImage: after, limit });
        context.result({ run: id, part, reviewed, ...page }, labelsText(page));
      }),
    );
};

/** One line: how many reviewed labels a run was given. */
export function reviewedText(use: ReviewedUse | null): string {
  if (use === null) return 'None of its labels was reviewed when it started.';
  const part = ({ images, relabeled }: ReviewedUse['labeled']): string =>
    `${formatCount(images)} (${formatCount(relabeled)} relabeled)`;
  const validation = use.validation.images === 0 ? '' : `, and ${part(use.validation)} of validation`;
  return `Reviewed labels: ${part(use.labeled)}${validation}, by ${use.reviewers.join(', ')}, up to decision ${use.upTo}.`;
}

function labelsText({ labels, nextAfterImage }: ReviewedLabelPage): string {
  if (labels.length === 0) return 'There are none.';
  const rows = labels.map(({ image, from, label, verdict, batch, reviewer, madeAt, row }) => [
    String(image),
    row?.path ?? 'gone',
    nameOf(from),
    nameOf(label),
    verdict,
    reviewer,
    String(batch),
    madeAt,
  ]);
  const table = formatTable(['image', 'path', 'judged', 'label', 'verdict', 'reviewer', 'decision', 'when'], rows);
  return nextAfterImage === null ? table : `${table}\nMore with --after ${nextAfterImage}.`;
}

const nameOf = (label: number | null): string => (label === null ? '–' : (EXPRESSIONS[label]?.name ?? String(label)));

/** Two runs by the labels they gave and those they were given. */
export function labelChangesText({ first, second, rounds, fixed }: LabelChanges): string {
  const ofRounds = rounds.map(({ source, from, to, flips }) => {
    const share = flips.compared === 0 ? '' : ` (${formatShare(flips.changed / flips.compared)})`;
    return [
      `Labels of ${source}, from “${from.name}” to “${to.name}”: ${formatCount(flips.changed)} of ${formatCount(flips.compared)} changed${share}.`,
      ...(flips.changed === 0 ? [] : [matrixText(flips.classes, flips.matrix)]),
    ].join('\n');
  });
  const { from, to, both, onlyFrom, onlyTo, changed, decided, classes, matrix } = fixed;
  const only =
    onlyFrom + onlyTo === 0
      ? ''
      : `; ${formatCount(onlyFrom)} only ${first}’s, ${formatCount(onlyTo)} only ${second}’s`;
  return [
    ...(ofRounds.length === 0
      ? [`${first} and ${second} have no rounds of pseudo labels over the same source.`]
      : ofRounds),
    [
      `Fixed labels, from ${from.labeled} to ${to.labeled}: ${formatCount(changed)} of ${formatCount(both)} in both differ, ` +
        `${formatCount(decided)} of them by decisions${only}.`,
      ...(changed === 0 ? [] : [matrixText(classes, matrix)]),
    ].join('\n'),
  ].join('\n\n');
}

/** Rows are the labels before, columns those after. */
function matrixText(classes: readonly string[], matrix: readonly (readonly number[])[]): string {
  return formatTable(
    ['was, becomes', ...classes],
    classes.map((name, was) => [
      name,
      ...matrix[was]!.map((count, is) => (was === is || count === 0 ? '·' : formatCount(count))),
    ]),
  );
}
