import { expect, test } from 'vitest';
import type { Evaluation, NetworkName, StepMetrics } from '#shared/training.ts';
import { rankEvaluations } from '../../../src/renderer/views/runs/evaluations.ts';
import { idsOf, runSearchSchema, textOfIds } from '../../../src/renderer/views/runs/search.ts';
import { MOST_POINTS, stillTrue } from '../../../src/renderer/views/runs/known-steps.ts';
import { tagCounts } from '../../../src/renderer/views/runs/tag-counts.ts';

const at = (step: number): StepMetrics => ({ step }) as StepMetrics;
const scored = (network: NetworkName, step: number, accuracy: number): Evaluation =>
  ({ network, step, accuracy }) as Evaluation;

test('steps that a resumed run repeats are asked for again', () => {
  expect(stillTrue([at(0), at(1), at(2), at(3)], 2)).toEqual([at(0), at(1)]);
  expect(stillTrue([at(0), at(1)], 5)).toEqual([at(0), at(1)]);
});

test('more points than a chart can use are asked for again, thinned', () => {
  const many = Array.from({ length: MOST_POINTS + 1 }, (_, step) => at(step));
  expect(stillTrue(many, Infinity)).toEqual([]);
});

test('the chosen evaluation comes first, then the best and the last of each network, each once', () => {
  const evaluations = [
    scored('base', 10, 0.5),
    scored('adaptation', 10, 0.6),
    scored('base', 20, 0.5),
    scored('adaptation', 20, 0.7),
    scored('adaptation', 30, 0.65),
  ];
  const best = { step: 20, network: 'adaptation', accuracy: 0.7, meanClassAccuracy: 0.7 } as const;
  const rows = (chosen: typeof best | null): unknown[] =>
    rankEvaluations(evaluations, chosen).map(({ evaluation, note }) => [evaluation.network, evaluation.step, note]);
  expect(rows(best)).toEqual([
    ['adaptation', 20, 'chosen'],
    ['adaptation', 30, 'last'],
    ['base', 10, 'best'], // the earlier of equals
    ['base', 20, 'last'],
  ]);
  expect(rows(null)).toEqual([
    ['adaptation', 20, 'best'],
    ['adaptation', 30, 'last'],
    ['base', 10, 'best'],
    ['base', 20, 'last'],
  ]);
});

test('runs in an address are each named once, and none leave the address short', () => {
  expect(idsOf('a,b,,a')).toEqual(['a', 'b']);
  expect(idsOf(undefined)).toEqual([]);
  expect(textOfIds(['a', 'b'])).toBe('a,b');
  expect(textOfIds([])).toBeUndefined();
});

test('a run whose name is a number is still meant by its name, and what is no tab is none', () => {
  expect(runSearchSchema.parse({ tab: 'nonsense', against: 12 })).toEqual({ tab: undefined, against: '12' });
});

test('tags are told with how many runs have them, in the order of the alphabet', () => {
  expect(tagCounts([{ tags: ['paper', 'ablation'] }, { tags: [] }, { tags: ['paper'] }])).toEqual([
    ['ablation', 1],
    ['paper', 2],
  ]);
});
