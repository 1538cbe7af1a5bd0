import { expect, test } from 'vitest';
import { RandomStream } from '#shared/random.ts';
import { type Labeled, classEstimate, drawSample, stopRule, wholeEstimate } from '#main/audit/blind-sample.ts';

/** True precision of each class of the simulated round, and how many labels it has: as unequal as pseudo labels are. */
const CLASSES = [
  { precision: 0.83, population: 4200 },
  { precision: 0.96, population: 6100 },
  { precision: 0.78, population: 2300 },
  { precision: 0.88, population: 1900 },
  { precision: 0.62, population: 700 },
  { precision: 0.55, population: 240 },
  { precision: 0.7, population: 1600 },
];
const PER_CLASS = 60;
const REPEATS = 100;

interface Simulated extends Labeled {
  readonly isRight: boolean;
}

/** A round whose truth is known: in each class the share of right labels is that of the class up to chance. */
function simulatedRound(seed: number): Simulated[] {
  const stream = new RandomStream(seed, 'demo');
  let image = 0;
  return CLASSES.flatMap(({ precision, population }, label) =>
    Array.from({ length: population }, () => ({ image: ++image, label, isRight: stream.chance(precision) })),
  );
}

const shareRight = (labels: readonly Simulated[]): number =>
  labels.filter(({ isRight }) => isRight).length / labels.length;

function judge(round: readonly Simulated[], seed: number) {
  const right = new Set(round.filter(({ isRight }) => isRight).map(({ image }) => image));
  const sample = drawSample(round, PER_CLASS, seed);
  return CLASSES.map(({ population }, label) => {
    const judged = sample.filter((drawn) => drawn.label === label);
    return { population, judged: judged.length, right: judged.filter(({ image }) => right.has(image)).length };
  });
}

test('the 95 % intervals cover the true precision of each class, and of the whole, in 93 of 100 repeats or more', () => {
  const covered = CLASSES.map(() => 0);
  let whole = 0;
  for (let seed = 0; seed < REPEATS; seed++) {
    const round = simulatedRound(seed);
    const strata = judge(round, seed);
    strata.forEach((stratum, label) => {
      const [lower, upper] = classEstimate(stratum)!.interval;
      const truth = shareRight(round.filter((image) => image.label === label));
      if (truth >= lower && truth <= upper) covered[label]!++;
    });
    const [lower, upper] = wholeEstimate(strata)!.interval;
    const truth = shareRight(round);
    if (truth >= lower && truth <= upper) whole++;
  }
  expect(Math.min(...covered), `covered: ${covered.join(', ')}`).toBeGreaterThanOrEqual(93);
  expect(whole).toBeGreaterThanOrEqual(93);
});

test('over more repeats the coverage is that of the interval, and not far wider', () => {
  let covered = 0;
  let width = 0;
  for (let seed = 1000; seed < 1200; seed++) {
    const round = simulatedRound(seed);
    const { interval } = wholeEstimate(judge(round, seed))!;
    if (shareRight(round) >= interval[0] && shareRight(round) <= interval[1]) covered++;
    width += (interval[1] - interval[0]) / 200;
  }
  expect(covered / 200).toBeGreaterThan(0.93);
  expect(covered / 200).toBeLessThan(0.99);
  // Sum over the classes of (share² · p (1 - p) / 60), its root times 1.96 to both sides: 0.0703.
  expect(width).toBeGreaterThan(0.065);
  expect(width).toBeLessThan(0.077);
});

test('a sample is the same for a seed, another for another, without repeats, and mixes the classes', () => {
  const round = simulatedRound(1);
  const sample = drawSample(round, PER_CLASS, 5);
  expect(drawSample(round, PER_CLASS, 5)).toEqual(sample);
  expect(drawSample(round, PER_CLASS, 6)).not.toEqual(sample);
  expect(sample).toHaveLength(CLASSES.length * PER_CLASS);
  expect(new Set(sample.map(({ image }) => image)).size).toBe(sample.length);
  // A third of the sample has about a third of each class: whoever stops early has judged every class.
  const third = sample.slice(0, 140);
  for (let label = 0; label < 7; label++) {
    const count = third.filter((drawn) => drawn.label === label).length;
    expect(count).toBeGreaterThanOrEqual(18);
    expect(count).toBeLessThanOrEqual(22);
  }
});

test('a class is drawn whole when it is small, and known exactly once it is judged', () => {
  const few = [1, 2, 3].map((image) => ({ image, label: 5 }));
  expect(
    drawSample(few, PER_CLASS, 0)
      .map(({ image }) => image)
      .sort(),
  ).toEqual([1, 2, 3]);
  expect(classEstimate({ population: 3, right: 2, judged: 3 })).toEqual({ precision: 2 / 3, interval: [2 / 3, 2 / 3] });
  expect(classEstimate({ population: 3, right: 0, judged: 0 })).toBeNull();
  // Wilson's of 8 of 10, from the goldens.
  expect(classEstimate({ population: 500, right: 8, judged: 10 })!.interval[0]).toBeCloseTo(0.49016247, 8);
});

test('the whole is the mean weighted by the classes’ sizes, and unknown while a class is', () => {
  const strata = [
    { population: 900, right: 45, judged: 50 },
    { population: 100, right: 25, judged: 50 },
  ];
  // 0.9 × 0.9 + 0.1 × 0.5
  expect(wholeEstimate(strata)!.precision).toBeCloseTo(0.86, 12);
  expect(wholeEstimate([...strata, { population: 10, right: 0, judged: 0 }])).toBeNull();
  expect(wholeEstimate([...strata, { population: 0, right: 0, judged: 0 }])!.precision).toBeCloseTo(0.86, 12);
});

test('the stopping rule says what is missing, and when it is enough', () => {
  const targets = { target: 0.1, classTarget: 0.2 };
  const happy = { name: 'happy', population: 900, right: 45, judged: 50, remaining: 10 };
  const fear = { name: 'fear', population: 100, right: 0, judged: 0, remaining: 20 };
  expect(stopRule([happy, fear], targets)).toEqual({ isEnough: false, sentence: 'Nothing was judged yet of fear.' });
  const some = { ...fear, right: 5, judged: 8, remaining: 12 };
  expect(stopRule([happy, some], targets)).toMatchObject({ isEnough: false });
  expect(stopRule([happy, some], targets).sentence).toMatch(/^Go on: fear to more than ±20.0 %\.$/);
  expect(stopRule([happy, { ...some, right: 25, judged: 40 }], targets)).toMatchObject({ isEnough: true });
  const done = stopRule(
    [
      { ...happy, remaining: 0 },
      { ...some, remaining: 0 },
    ],
    targets,
  );
  expect(done.isEnough).toBe(true);
  expect(done.sentence).toMatch(/^All that was drawn is judged; fear would need more/);
});
