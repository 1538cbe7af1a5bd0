import { expect, test } from 'vitest';
import type { Evaluation, NetworkName } from '#shared/training.ts';
import { bestOf, candidatesOf } from '#main/training/model-selection.ts';
import { smallConfig } from './small-run.ts';

function evaluation(network: NetworkName, accuracy: number, step = 100): Evaluation {
  return { network, accuracy, meanClassAccuracy: accuracy / 2, step } as Evaluation;
}

const SCORES = [evaluation('base', 0.6), evaluation('adaptation', 0.4), evaluation('ema', 0.5)];

test('the highest of the candidates is the best, the others do not count', () => {
  expect(bestOf(SCORES, ['base', 'adaptation', 'ema'], null)).toMatchObject({ network: 'base', accuracy: 0.6 });
  expect(bestOf(SCORES, ['adaptation', 'ema'], null)).toEqual({
    network: 'ema',
    accuracy: 0.5,
    meanClassAccuracy: 0.25,
    step: 100,
  });
  expect(bestOf(SCORES, ['finetuned'], null)).toBeNull();
});

test('an equal one comes too late', () => {
  const best = { network: 'base', accuracy: 0.6, meanClassAccuracy: 0.3, step: 50 } as const;
  expect(bestOf(SCORES, ['base', 'adaptation', 'ema'], best)).toBeNull();
  expect(bestOf([evaluation('ema', 0.7), evaluation('base', 0.7)], ['base', 'ema'], best)).toMatchObject({
    network: 'base',
    accuracy: 0.7,
  });
});

test('every network is a candidate, but as released the adaptation network alone, or its average where there is one', () => {
  expect(candidatesOf(smallConfig({ ema: 0.9 }))).toEqual(['base', 'adaptation', 'ema']);
  expect(candidatesOf(smallConfig({ released: true, ema: 0.9 }))).toEqual(['ema']);
  expect(candidatesOf(smallConfig({ released: true, ema: 0 }))).toEqual(['adaptation']);
});
