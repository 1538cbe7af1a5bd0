import { type Command, InvalidArgumentError, Option } from 'commander';
import { EXPRESSIONS, expressionIndex } from '#shared/expressions.ts';
import {
  DUPLICATE_FILTERS,
  type DuplicateFilter,
  EXCLUDED_CHOICES,
  type ExcludedChoice,
  type ImageFilter,
  QUALITIES,
  type Quality,
  REVIEW_STATES,
  type ReviewState,
  SIMILAR_FACES,
  SIZE_CLASSES,
  type ShareRange,
  type SizeClass,
} from '#shared/filter.ts';
import { SPLITS, type Split } from '#shared/images.ts';
import { positiveInteger } from './values.ts';

/** Options that say which images; those whose value is a list here may be given several times. */
export interface FilterOptions {
  readonly source?: string[];
  readonly split?: Split[];
  readonly class?: (number | null)[];
  readonly size?: SizeClass[];
  readonly quality?: Quality[];
  readonly reviewed?: ReviewState[];
  readonly round?: string;
  readonly pseudoLabel?: number[];
  readonly confidence?: ShareRange;
  readonly margin?: ShareRange;
  readonly duplicates?: DuplicateFilter;
  readonly similarTo?: number;
  readonly excluded?: ExcludedChoice;
  readonly text?: string;
}

const NO_CLASS = 'none';

/** A command that has a `--round` of its own keeps it: see {@link filterBesideRound}. */
export function addFilterOptions(command: Command): Command {
  const hasRound = command.options.some(({ long }) => long === '--round');
  if (!hasRound) command.option('--round <round>', 'labeled by this round of pseudo labels, number or name');
  return command
    .option(
      '--source <name>',
      'of this source (may be repeated, as those that follow)',
      collect((text) => text),
    )
    .option('--split <split>', `of this split: ${SPLITS.join(', ')}`, collect(oneOf(SPLITS)))
    .option('--class <class>', `of this class, or ${NO_CLASS}`, collect(classOf))
    .option('--size <class>', `shorter side in pixels: ${SIZE_CLASSES.join(', ')}`, collect(oneOf(SIZE_CLASSES)))
    .option('--quality <flag>', `what an analysis found: ${QUALITIES.join(', ')}`, collect(oneOf(QUALITIES)))
    .option('--reviewed <state>', `what people decided: ${REVIEW_STATES.join(', ')}`, collect(oneOf(REVIEW_STATES)))
    .option('--pseudo-label <class>', 'of this class, says the --round', collect(knownClassOf))
    .option('--confidence <from..to>', 'confidence of the --round, such as 0.9.. or 0.2..0.5', rangeOf)
    .option('--margin <from..to>', 'margin of the --round, as well', rangeOf)
    .addOption(new Option('--duplicates <kind>', 'in a group of duplicates').choices(DUPLICATE_FILTERS))
    .option('--similar-to <id>', `the ${SIMILAR_FACES} faces most like this image`, positiveInteger)
    .addOption(new Option('--excluded <choice>', 'excluded images').choices([...EXCLUDED_CHOICES]))
    .option('--text <text>', 'part of the path or identity, three characters at least');
}

export function filterFrom(options: FilterOptions): ImageFilter {
  return {
    ...(options.source && { sources: options.source }),
    ...(options.split && { splits: options.split }),
    ...(options.class && { labels: options.class }),
    ...(options.size && { sizes: options.size }),
    ...(options.quality && { qualities: options.quality }),
    ...(options.reviewed && { reviewed: options.reviewed }),
    ...(options.round !== undefined && { round: options.round }),
    ...(options.pseudoLabel && { pseudoLabels: options.pseudoLabel }),
    ...(options.confidence && { confidence: options.confidence }),
    ...(options.margin && { margin: options.margin }),
    ...(options.similarTo !== undefined && { similarTo: options.similarTo }),
    ...(options.duplicates && { duplicates: options.duplicates }),
    ...(options.excluded && { excluded: options.excluded }),
    ...(options.text !== undefined && { text: options.text }),
  };
}

/**
 * The filter of a command whose `--round` says whose labels are judged. It restricts which images are meant only together with what a round says of
 * them.
 */
export function filterBesideRound({ round, ...options }: FilterOptions): ImageFilter {
  const { pseudoLabel, confidence, margin } = options;
  const isOfRound = pseudoLabel !== undefined || confidence !== undefined || margin !== undefined;
  return filterFrom({ ...options, ...(isOfRound && round !== undefined && { round }) });
}

/** Gathers the values of an option that is given several times. */
export function collect<Value>(
  read: (text: string) => Value,
): (text: string, previous: Value[] | undefined) => Value[] {
  return (text, previous = []) => [...previous, read(text)];
}

/** Reads one of some words. */
export function oneOf<Value extends string>(choices: readonly Value[]): (text: string) => Value {
  return (text) => {
    const choice = choices.find((candidate) => candidate === text);
    if (choice === undefined) throw new InvalidArgumentError(`It takes one of ${choices.join(', ')}.`);
    return choice;
  };
}

function classOf(text: string): number | null {
  if (text === NO_CLASS) return null;
  const label = expressionIndex(text);
  if (label !== undefined) return label;
  throw new InvalidArgumentError(`It takes one of ${CLASS_NAMES}, or ${NO_CLASS}.`);
}

function knownClassOf(text: string): number {
  const label = expressionIndex(text);
  if (label !== undefined) return label;
  throw new InvalidArgumentError(`It takes one of ${CLASS_NAMES}.`);
}

const CLASS_NAMES = EXPRESSIONS.map(({ name }) => name).join(', ');

const SHARE = String.raw`(?:0|1|0?\.\d+|1\.0+)`;
const RANGE = new RegExp(`^(${SHARE})?\\.\\.(${SHARE})?$`);

/** Shares between two bounds, either of which may be left out. */
function rangeOf(text: string): ShareRange {
  const match = RANGE.exec(text);
  const [from, to] = [Number(match?.[1] ?? 0), Number(match?.[2] ?? 1)];
  if (match !== null && (match[1] !== undefined || match[2] !== undefined) && from < to) return { from, to };
  throw new InvalidArgumentError('It takes two shares from 0 to 1, such as 0.2..0.5, 0.9.. or ..0.3.');
}
