import type { RandomStream } from '#shared/random.ts';
import type { ExpressionName } from '#shared/expressions.ts';

/** Facial movements the drawing knows; the numbers are those of the Facial Action Coding System (Ekman, Friesen, Hager 2002). */
export const ACTION_UNITS = [
  'innerBrowRaise', // 1
  'outerBrowRaise', // 2
  'browLower', // 4
  'upperLidRaise', // 5
  'cheekRaise', // 6
  'lidTighten', // 7
  'noseWrinkle', // 9
  'upperLipRaise', // 10
  'cornerPull', // 12
  'cornerDepress', // 15
  'chinRaise', // 17
  'lipStretch', // 20
  'lipPress', // 24
  'lipsPart', // 25
  'jawDrop', // 26
  'lidDroop', // 43
] as const;
export type ActionUnit = (typeof ACTION_UNITS)[number];

/** Strength of each movement, 0 none … 1 strongest. */
export type FaceMovement = Readonly<Record<ActionUnit, number>>;
type Pattern = Readonly<Partial<Record<ActionUnit, number>>>;

/** The seven expressions that are drawn, in the studio's class order. */
export const DEMO_EXPRESSIONS = [
  'neutral',
  'happy',
  'sad',
  'surprise',
  'fear',
  'disgust',
  'anger',
] as const satisfies readonly ExpressionName[];
export type DemoExpression = (typeof DEMO_EXPRESSIONS)[number];

/** The ways each expression is shown, after EMFACS's combinations: closed and open mouths, restrained and full forms. */
const PATTERNS: Readonly<Record<DemoExpression, readonly Pattern[]>> = {
  neutral: [{}, { lipsPart: 0.3 }, { lipPress: 0.25 }, { lidDroop: 0.2 }],
  happy: [
    { cheekRaise: 0.6, cornerPull: 0.85 },
    { cheekRaise: 0.8, cornerPull: 1, lipsPart: 0.9 },
    { cheekRaise: 0.9, cornerPull: 1, lipsPart: 1, jawDrop: 0.6, outerBrowRaise: 0.15, innerBrowRaise: 0.15 },
  ],
  sad: [
    { innerBrowRaise: 0.9, browLower: 0.5, cornerDepress: 0.9, chinRaise: 0.4, lidDroop: 0.25 },
    { innerBrowRaise: 0.8, browLower: 0.4, cornerDepress: 0.7, lidDroop: 0.5 },
    { innerBrowRaise: 1, browLower: 0.6, cornerDepress: 0.9, lipsPart: 0.45, lidTighten: 0.3, chinRaise: 0.2 },
  ],
  surprise: [
    { innerBrowRaise: 1, outerBrowRaise: 1, upperLidRaise: 0.8, lipsPart: 0.6, jawDrop: 1 },
    { innerBrowRaise: 0.8, outerBrowRaise: 0.9, upperLidRaise: 0.6, lipsPart: 0.7, jawDrop: 0.55 },
  ],
  fear: [
    {
      innerBrowRaise: 1,
      outerBrowRaise: 0.45,
      browLower: 0.65,
      upperLidRaise: 1,
      lipStretch: 0.9,
      lipsPart: 0.8,
      jawDrop: 0.25,
    },
    {
      innerBrowRaise: 1,
      outerBrowRaise: 0.4,
      browLower: 0.7,
      upperLidRaise: 0.9,
      lipStretch: 1,
      lipsPart: 0.4,
      cornerDepress: 0.2,
    },
  ],
  disgust: [
    { noseWrinkle: 1, upperLipRaise: 0.8, browLower: 0.5, lidTighten: 0.8, chinRaise: 0.5, cornerDepress: 0.35 },
    {
      noseWrinkle: 0.9,
      upperLipRaise: 1,
      browLower: 0.45,
      lidTighten: 0.8,
      cheekRaise: 0.4,
      lipsPart: 0.65,
      cornerDepress: 0.2,
    },
  ],
  anger: [
    { browLower: 1, upperLidRaise: 0.35, lidTighten: 0.6, lipPress: 1, chinRaise: 0.3 },
    {
      browLower: 1,
      upperLidRaise: 0.5,
      lidTighten: 0.5,
      upperLipRaise: 0.3,
      lipsPart: 0.9,
      jawDrop: 0.35,
      lipStretch: 0.25,
    },
  ],
};

/** What real faces are mistaken for; a mixed face lies between its class and one of these. */
const NEIGHBOURS: Readonly<Record<DemoExpression, readonly DemoExpression[]>> = {
  neutral: ['sad', 'happy', 'anger'],
  happy: ['neutral', 'surprise'],
  sad: ['neutral', 'fear', 'disgust'],
  surprise: ['fear', 'happy'],
  fear: ['surprise', 'sad'],
  disgust: ['anger', 'sad'],
  anger: ['disgust', 'neutral'],
};

/** How an expression varies. Shares in [0,1]. */
export interface ExpressionVariety {
  /** Weakest intensity drawn; the strongest is 1. */
  readonly leastIntensity: number;
  /** Share of faces that lie between two expressions. */
  readonly mixedShare: number;
  /** Largest part the other expression has in such a face; below 0.5, so that the label stays the larger part. */
  readonly largestMix: number;
}

/** Draws one showing of an expression. */
export function sampleMovement(
  expression: DemoExpression,
  variety: ExpressionVariety,
  stream: RandomStream,
): FaceMovement {
  const own = samplePattern(expression, variety, stream);
  if (!stream.chance(variety.mixedShare)) return own;
  const neighbours = NEIGHBOURS[expression];
  const other = samplePattern(neighbours[stream.integer(neighbours.length)]!, variety, stream);
  const part = stream.between(0.1, variety.largestMix);
  return movement((unit) => own[unit] * (1 - part) + other[unit] * part);
}

function samplePattern(expression: DemoExpression, variety: ExpressionVariety, stream: RandomStream): FaceMovement {
  const patterns = PATTERNS[expression];
  const pattern: Pattern = patterns[stream.integer(patterns.length)]!;
  const intensity = stream.between(variety.leastIntensity, 1);
  return movement((unit) => {
    const strength = (pattern[unit] ?? 0) * intensity * (1 + 0.2 * stream.normal());
    // A twitch of every movement, so that none is a sure sign of a class by merely being there.
    return Math.min(1.15, Math.max(0, strength + 0.05 * stream.normal()));
  });
}

function movement(strength: (unit: ActionUnit) => number): FaceMovement {
  return Object.fromEntries(ACTION_UNITS.map((unit) => [unit, strength(unit)])) as Record<ActionUnit, number>;
}
