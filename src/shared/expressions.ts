/**
 * The facial expressions, in the order of AffectNet and of the studio: a class index means the same thing everywhere. Colours follow
 * the design's colour-blind-safe table; the letter goes with the colour, so that colour is never alone.
 */
export interface Expression {
  readonly name: string;
  readonly label: string;
  readonly letter: string;
  readonly color: string;
  readonly aliases: readonly string[];
}

export const EXPRESSIONS = [
  { name: 'neutral', label: 'Neutral', letter: 'N', color: '#8C8C8C', aliases: ['neutrality', 'normal', 'ne'] },
  {
    name: 'happy',
    label: 'Happy',
    letter: 'H',
    color: '#EE9B00',
    aliases: ['happiness', 'joy', 'joyful', 'smile', 'smiling', 'ha'],
  },
  { name: 'sad', label: 'Sad', letter: 'S', color: '#0077BB', aliases: ['sadness', 'sa', 'unhappy', 'sorrow'] },
  {
    name: 'surprise',
    label: 'Surprise',
    letter: 'U',
    color: '#AA3377',
    aliases: ['surprised', 'suprise', 'su', 'astonished', 'amazed'],
  },
  { name: 'fear', label: 'Fear', letter: 'F', color: '#009988', aliases: ['fearful', 'afraid', 'scared', 'fe', 'af'] },
  { name: 'disgust', label: 'Disgust', letter: 'D', color: '#6A8A22', aliases: ['disgusted', 'di'] },
  { name: 'anger', label: 'Anger', letter: 'A', color: '#CC3311', aliases: ['angry', 'an', 'mad', 'rage'] },
  { name: 'contempt', label: 'Contempt', letter: 'C', color: '#775533', aliases: ['contemptuous', 'co'] },
] as const satisfies readonly Expression[];

export type ExpressionName = (typeof EXPRESSIONS)[number]['name'];

/** The seven basic expressions are the studio's default classes; eight adds contempt. */
export const DEFAULT_CLASS_COUNT = 7;

/** FER2013 writes 0–6 as Anger, Disgust, Fear, Happy, Sad, Surprise, Neutral. FER2013 number → studio index. */
export const FER2013_TO_STUDIO: readonly number[] = [6, 5, 4, 1, 2, 3, 0];

const INDEX_BY_ALIAS: ReadonlyMap<string, number> = new Map(
  EXPRESSIONS.flatMap((expression, index) =>
    [expression.name, ...expression.aliases].map((alias): [string, number] => [alias, index]),
  ),
);

/** Class index of a class name in any usual spelling ("Happiness", "ANGRY", "03_disgust"), or undefined if it is none we know. */
export function expressionIndex(name: string): number | undefined {
  const word = name
    .normalize('NFKC')
    .trim()
    .toLowerCase()
    .replace(/^\d+[\s._-]*/, '')
    .replace(/[\s._-]+$/, '');
  return INDEX_BY_ALIAS.get(word);
}

export function classNames(count: number = DEFAULT_CLASS_COUNT): string[] {
  return EXPRESSIONS.slice(0, count).map((expression) => expression.name);
}
