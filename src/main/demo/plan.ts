import { permutation, RandomStream } from '#shared/random.ts';
import type { DemoExpression, FaceMovement } from './action-units.ts';
import { DEMO_EXPRESSIONS, sampleMovement } from './action-units.ts';
import type { Domain } from './domains.ts';
import { EXPRESSION_DOMAIN, RECOGNITION_DOMAIN } from './domains.ts';
import type { FaceDescription } from './draw-face.ts';
import { sampleIdentity } from './identity.ts';
import { sampleScene } from './scene.ts';

/** Images in each set of the demo, and people in the unlabeled one. */
export interface DemoSizes {
  readonly train: number;
  readonly validation: number;
  readonly test: number;
  readonly unlabeled: number;
  readonly unlabeledPeople: number;
}

export const DEFAULT_DEMO_SIZES: DemoSizes = {
  train: 1200,
  validation: 350,
  test: 700,
  unlabeled: 4000,
  unlabeledPeople: 800,
};

export const DEMO_SETS = ['train', 'validation', 'test', 'unlabeled'] as const;
export type DemoSet = (typeof DEMO_SETS)[number];

/** One image to draw. */
export interface PlannedImage {
  readonly set: DemoSet;
  readonly label: DemoExpression;
  /** Number of the person, unique over all sets. */
  readonly person: number;
  /** Number of the image, unique over all sets: with the seed it decides the expression's form and the circumstances. */
  readonly number: number;
  /** Below the demo's folder, with forward slashes. */
  readonly path: string;
}

interface SetRecipe {
  readonly domain: Domain;
  /** Share of each class in the studio's order: neutral, happy, sad, surprise, fear, disgust, anger. */
  readonly shares: readonly number[];
}

const EVEN = [1, 1, 1, 1, 1, 1, 1];
const RECIPES: Readonly<Record<DemoSet, SetRecipe>> = {
  // Unbalanced like AffectNet, though less steeply, so that a small set still holds some of every class.
  train: { domain: EXPRESSION_DOMAIN, shares: [0.24, 0.32, 0.12, 0.1, 0.065, 0.06, 0.095] },
  validation: { domain: EXPRESSION_DOMAIN, shares: EVEN },
  test: { domain: EXPRESSION_DOMAIN, shares: EVEN },
  // People who know that they are photographed look neutral or smile.
  unlabeled: { domain: RECOGNITION_DOMAIN, shares: [0.36, 0.3, 0.08, 0.09, 0.05, 0.05, 0.07] },
};
const IMAGES_PER_LABELED_PERSON = 3;

/** What a stream of the demo is for: its `epoch`, so that no two uses share numbers. */
const STREAM = { person: 1, movement: 2, scene: 3, labels: 10, people: 20 } as const;

/** Every image of the demo, in the order it is drawn. The same arguments give the same plan. */
export function planDemo(seed: number, sizes: DemoSizes): PlannedImage[] {
  const images: PlannedImage[] = [];
  let people = 0;
  DEMO_SETS.forEach((set, setNumber) => {
    const count = sizes[set];
    const setPeople = Math.min(
      count,
      set === 'unlabeled' ? sizes.unlabeledPeople : Math.ceil(count / IMAGES_PER_LABELED_PERSON),
    );
    const labels = DEMO_EXPRESSIONS.flatMap((label, index) =>
      new Array<DemoExpression>(apportion(count, RECIPES[set].shares)[index]!).fill(label),
    );
    const order = permutation(count, seed, 'demo', STREAM.labels + setNumber);
    const stream = new RandomStream(seed, 'demo', STREAM.people + setNumber);
    const taken = new Uint32Array(setPeople);
    for (let index = 0; index < count; index++) {
      // Everyone once, then again whoever chance picks: some people have many pictures, most have few.
      const member = index < setPeople ? index : stream.integer(setPeople);
      const label = labels[order[index]!]!;
      const person = people + member;
      images.push({ set, label, person, number: images.length, path: imagePath(set, label, person, taken[member]!++) });
    }
    people += setPeople;
  });
  return images;
}

function imagePath(set: DemoSet, label: DemoExpression, person: number, sequence: number): string {
  const who = `person-${String(person).padStart(4, '0')}`;
  const which = `${String(sequence).padStart(2, '0')}.png`;
  return set === 'unlabeled' ? `unlabeled/${who}/${which}` : `labeled/${set}/${label}/${who}-${which}`;
}

/** What is on one planned image. */
export function describeFace(seed: number, { set, label, person, number }: PlannedImage): FaceDescription {
  const { domain } = RECIPES[set];
  const movement: FaceMovement = sampleMovement(
    label,
    domain.expression,
    new RandomStream(seed, 'demo', STREAM.movement, number),
  );
  return {
    identity: sampleIdentity(domain.identity, new RandomStream(seed, 'demo', STREAM.person, person)),
    movement,
    scene: sampleScene(domain.scene, new RandomStream(seed, 'demo', STREAM.scene, number)),
  };
}

/** Whole numbers that sum to `total` and are as near to the shares as can be (largest remainder). */
export function apportion(total: number, shares: readonly number[]): number[] {
  const sum = shares.reduce((whole, share) => whole + share, 0);
  const exact = shares.map((share) => (total * share) / sum);
  const counts = exact.map(Math.floor);
  const missing = total - counts.reduce((whole, count) => whole + count, 0);
  const byRemainder = exact.map((_, index) => index).sort((a, b) => (exact[b]! % 1) - (exact[a]! % 1) || a - b);
  for (const index of byRemainder.slice(0, missing)) counts[index]!++;
  return counts;
}
