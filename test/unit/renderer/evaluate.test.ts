import { expect, test } from 'vitest';
import type { McNemar } from '#shared/evaluation.ts';
import { labeledSplits } from '../../../src/renderer/views/evaluate/labeled-splits.ts';
import { evaluateSearchSchema } from '../../../src/renderer/views/evaluate/search.ts';
import { pathThrough } from '../../../src/renderer/views/evaluate/unit-plot.tsx';
import {
  modelOfRecord,
  nameOfRecord,
  percentInterval,
  pointsInterval,
  reportName,
  verdictOf,
} from '../../../src/renderer/views/evaluate/words.ts';
import { catalogStats, classCounts, sourceStats } from './stats.ts';

test('intervals are written in brackets, differences with their signs', () => {
  expect(percentInterval([0.6804, 0.7461])).toBe('[68.0–74.6]');
  expect(pointsInterval([-0.006, 0.0312])).toBe('[−0.6 to +3.1]');
});

const ofRun = { run: 'plain', checkpoint: 'runs/plain/best', network: 'base' } as const;

test('an evaluation is named by its run, or by the last part of its checkpoint', () => {
  expect(nameOfRecord(ofRun)).toBe('plain');
  expect(nameOfRecord({ run: null, checkpoint: '/nets/affectnet.pth' })).toBe('affectnet');
  expect(nameOfRecord({ run: null, checkpoint: 'C:\\nets\\best\\' })).toBe('best');
});

test('what was evaluated can be asked again: runs and imported networks by name, files of the workspace by their whole path', () => {
  const other = (checkpoint: string) => modelOfRecord({ run: null, checkpoint, network: 'ema' }, '/work space/');
  expect(modelOfRecord(ofRun, '/w')).toEqual({ run: 'plain', network: 'base' });
  expect(other('networks/from torch.safetensors')).toEqual({ checkpoint: 'from torch', network: 'ema' });
  expect(other('runs/a/best')).toEqual({ checkpoint: '/work space/runs/a/best', network: 'ema' });
  expect(other('/nets/a.pth')).toEqual({ checkpoint: '/nets/a.pth', network: 'ema' });
  expect(other('D:\\nets\\a.pth')).toEqual({ checkpoint: 'D:\\nets\\a.pth', network: 'ema' });
});

test('McNemar’s verdict names the better one, and says when it may be chance', () => {
  const pair = (onlyFirst: number, onlySecond: number, pValue: number): McNemar => ({
    onlyFirst,
    onlySecond,
    method: 'exact',
    statistic: null,
    pValue,
  });
  expect(verdictOf(pair(30, 5, 0.00001), 'one', 'two')).toMatch(/^one is better: right on 30 .*p\s<\s0\.001/);
  expect(verdictOf(pair(5, 30, 0.01), 'one', 'two')).toMatch(/^two is better: .*p\s=\s0\.010/);
  expect(verdictOf(pair(5, 7, 0.77), 'one', 'two')).toMatch(/^The difference may be chance: two is right on 7 /);
  expect(verdictOf(pair(4, 4, 1), 'one', 'two')).toMatch(/^Neither is better: each is right on 4 images /);
});

test('a report’s file is named by model, network and split, without what a file name may not hold', () => {
  const record = {
    ...ofRun,
    id: 'runs/plain/evaluations/1',
    step: 1,
    split: 'fer2013:test',
    networkClasses: [],
    map: {},
  };
  const rest = { imagesPerSecond: 1, failed: 0, createdAt: '2026-01-01T00:00:00Z' };
  expect(reportName({ ...record, ...rest })).toBe('plain-base-fer2013-test.html');
});

test('only splits with labels can be scored on, of all sources or of one', () => {
  const labeled = classCounts([10, 0, 0, 0, 0, 0, 0]);
  const bare = classCounts([0, 0, 0, 0, 0, 0, 0], 50);
  const stats = catalogStats([sourceStats('one', { test: labeled, validation: bare })], {
    test: labeled,
    train: labeled,
    validation: bare,
  });
  expect(labeledSplits(stats, undefined).map(({ value }) => value)).toEqual(['test', 'train']);
  expect(labeledSplits(stats, 'one').map(({ value }) => value)).toEqual(['test']);
  expect(labeledSplits(undefined, undefined)).toEqual([]);
});

test('a curve goes from the lower left to the upper right of its square', () => {
  // 44 units for the numbers at the left, 10 above; a side of 260.
  expect(
    pathThrough([
      [0, 0],
      [1, 1],
    ]),
  ).toBe('M44.0 270.0L304.0 10.0');
});

test('an address that names no evaluation shows the newest one', () => {
  expect(evaluateSearchSchema.parse({ id: '../../etc/passwd', split: 'unlabeled', label: 'happy' })).toEqual({
    label: 'happy',
  });
});
