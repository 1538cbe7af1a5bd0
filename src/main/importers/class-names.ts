import { StudioError } from '#shared/errors.ts';
import { EXPRESSIONS, expressionIndex } from '#shared/expressions.ts';

/** Names listed in a message; more would bury the sentence. */
const NAMES_SHOWN = 8;

/** Classes by name: the studio's own in their usual spellings, and before them those that the person gave. */
export class ClassNames {
  readonly #own: ReadonlyMap<string, number | null>;

  /**
   * @param aliases class by the name it has in the data; null: its images are left out.
   * @throws StudioError 'bad-input' for an alias of a class the studio does not have.
   */
  constructor(aliases: Readonly<Record<string, string | null>> = {}) {
    this.#own = new Map(
      Object.entries(aliases).map(([alias, name]) => [wordOf(alias), name === null ? null : classIndex(alias, name)]),
    );
  }

  /** Class index; null for a class the person leaves out, undefined for a name that is no class. */
  find(name: string): number | null | undefined {
    const own = this.#own.get(wordOf(name));
    return own === undefined ? expressionIndex(name) : own;
  }

  /** The same, of a name or a number in the studio's order, which is AffectNet's. */
  findInTable(value: string): number | null | undefined {
    const found = this.find(value);
    if (found !== undefined || !/^\d+$/.test(value.trim())) return found;
    const number = Number(value);
    return number < EXPRESSIONS.length ? number : undefined;
  }
}

const wordOf = (name: string): string => name.normalize('NFKC').trim().toLowerCase();

function classIndex(alias: string, name: string): number {
  const index = expressionIndex(name);
  if (index !== undefined) return index;
  throw new StudioError('bad-input', `“${name}”, which “${alias}” is to mean, is no class.`, {
    hint: `Classes are ${EXPRESSIONS.map(({ name: known }) => known).join(', ')}.`,
  });
}

/** What to do about names that are no classes. */
export const CLASSES_HINT =
  `Known are ${EXPRESSIONS.map(({ name }) => name).join(', ')} and their usual spellings. ` +
  'Say which classes the others are, or that they are left out; or import the images as unlabeled.';
export const CLASSES_FLAGS =
  '--classes FILE, lines of NAME,CLASS where the class “-” leaves the images out; --role unlabeled';

/** Names that are no classes with how many images have them, the most frequent first. */
export function namesWithCounts(counts: ReadonlyMap<string, number>): string {
  const sorted = [...counts].toSorted(([, one], [, other]) => other - one);
  const shown = sorted.slice(0, NAMES_SHOWN).map(([name, count]) => `${name} (${count.toLocaleString('en')})`);
  const rest = sorted.length > NAMES_SHOWN ? [`… (${sorted.length.toLocaleString('en')} names in all)`] : [];
  return [...shown, ...rest].join(', ');
}
