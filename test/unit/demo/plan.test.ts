import { describe, expect, it } from 'vitest';
import { apportion, DEFAULT_DEMO_SIZES, DEMO_SETS, planDemo } from '#main/demo/plan.ts';
import type { DemoSet, PlannedImage } from '#main/demo/plan.ts';
import { DEMO_EXPRESSIONS } from '#main/demo/action-units.ts';
import { classNames } from '#shared/expressions.ts';

const plan = planDemo(3, DEFAULT_DEMO_SIZES);
const of = (set: DemoSet): PlannedImage[] => plan.filter((image) => image.set === set);
const shares = (images: readonly PlannedImage[]): number[] =>
  DEMO_EXPRESSIONS.map((label) => images.filter((image) => image.label === label).length / images.length);

describe('planDemo', () => {
  it('uses the studio’s classes in the studio’s order', () => {
    expect([...DEMO_EXPRESSIONS]).toEqual(classNames());
  });

  it('has the sizes asked for, and every image a path and number of its own', () => {
    for (const set of DEMO_SETS) expect(of(set)).toHaveLength(DEFAULT_DEMO_SIZES[set]);
    expect(new Set(plan.map(({ path }) => path)).size).toBe(plan.length);
    expect(plan.map(({ number }) => number)).toEqual(plan.map((_, index) => index));
  });

  it('puts labeled images into class folders and unlabeled ones into folders of people', () => {
    for (const { set, label, path } of plan) {
      if (set === 'unlabeled') expect(path).toMatch(/^unlabeled\/person-\d{4}\/\d\d\.png$/);
      else expect(path).toMatch(new RegExp(`^labeled/${set}/${label}/person-\\d{4}-\\d\\d\\.png$`));
    }
  });

  it('shows nobody in two sets', () => {
    const sets = new Map<number, Set<DemoSet>>();
    for (const { person, set } of plan) sets.set(person, (sets.get(person) ?? new Set()).add(set));
    expect([...sets.values()].every((found) => found.size === 1)).toBe(true);
    expect(new Set(of('unlabeled').map(({ person }) => person)).size).toBe(800);
  });

  it('is unbalanced in training, even in validation and test, and mostly neutral and happy where there are no labels', () => {
    const train = shares(of('train'));
    expect(train.indexOf(Math.max(...train))).toBe(DEMO_EXPRESSIONS.indexOf('happy'));
    expect(train.indexOf(Math.min(...train))).toBe(DEMO_EXPRESSIONS.indexOf('disgust'));
    expect(shares(of('test'))).toEqual(new Array(7).fill(1 / 7));
    expect(shares(of('validation'))).toEqual(new Array(7).fill(1 / 7));
    const [neutral, happy] = shares(of('unlabeled'));
    expect(neutral! + happy!).toBeCloseTo(0.66, 2);
    const distance =
      shares(of('unlabeled')).reduce((sum, share, index) => sum + Math.abs(share - train[index]!), 0) / 2;
    expect(distance).toBeGreaterThan(0.1);
  });

  it('holds sixty of every class to train on', () => {
    expect(Math.min(...shares(of('train'))) * 1200).toBeGreaterThanOrEqual(60);
  });

  it('follows from the seed', () => {
    expect(planDemo(3, DEFAULT_DEMO_SIZES)).toEqual(plan);
    expect(planDemo(4, DEFAULT_DEMO_SIZES)).not.toEqual(plan);
  });
});

describe('apportion', () => {
  it('gives what is left over to the largest remainders, the first of equal ones', () => {
    // 10 · 5/11, 3/11, 3/11 = 4.55, 2.73, 2.73: one each over, for the two of .73
    expect(apportion(10, [5, 3, 3])).toEqual([4, 3, 3]);
    expect(apportion(2, [1, 1, 1])).toEqual([1, 1, 0]);
  });
});
