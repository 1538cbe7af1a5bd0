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
  SIZE_CLASSES,
  type SizeClass,
} from '#shared/filter.ts';
import { SPLITS, type Split } from '#shared/images.ts';

/** Options that say which images; each but `--duplicates`, `--excluded` and `--text` may be given several times. */
export interface FilterOptions {
  readonly source?: string[];
  readonly split?: Split[];
  readonly class?: (number | null)[];
  readonly size?: SizeClass[];
  readonly quality?: Quality[];
  readonly duplicates?: DuplicateFilter;
  readonly excluded?: ExcludedChoice;
  readonly text?: string;
}

const NO_CLASS = 'none';

export function addFilterOptions(command: Command): Command {
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
    .addOption(new Option('--duplicates <kind>', 'in a group of duplicates').choices(DUPLICATE_FILTERS))
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
    ...(options.duplicates && { duplicates: options.duplicates }),
    ...(options.excluded && { excluded: options.excluded }),
    ...(options.text !== undefined && { text: options.text }),
  };
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
  const names = EXPRESSIONS.map(({ name }) => name).join(', ');
  throw new InvalidArgumentError(`It takes one of ${names}, or ${NO_CLASS}.`);
}
