import { expect, test } from 'vitest';
import type { Evaluation, NetworkName, StepMetrics } from '#shared/training.ts';
import { rankEvaluations } from '../../../src/renderer/views/runs/evaluations.ts';
import { MOST_POINTS, stillTrue } from '../../../src/renderer/views/runs/known-steps.ts';

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

test('each network shows its best and its last evaluation, the best network first, and what was asked for before all', () => {
  const evaluations = [
    scored('base', 10, 0.5),
    scored('adaptation', 10, 0.6),
    scored('base', 20, 0.5),
    scored('adaptation', 20, 0.7),
  ];
  const asked = [scored('adaptation', 20, 0.4)];
  expect(
    rankEvaluations(evaluations, asked).map(({ evaluation, note }) => [evaluation.network, evaluation.step, note]),
  ).toEqual([
    ['adaptation', 20, 'asked for'],
    ['adaptation', 20, 'best'],
    ['base', 10, 'best'], // the earlier of equals
    ['base', 20, 'last'],
  ]);
});
