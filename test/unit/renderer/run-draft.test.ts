import { expect, test } from 'vitest';
import { runRequestSchema } from '#shared/training.ts';
import type { Subset } from '#shared/catalog.ts';
import {
  dataOptions,
  draftOf,
  newDraft,
  requestOf,
  withPreset,
  withSetting,
} from '../../../src/renderer/views/runs/run-draft.ts';
import { catalogStats, classCounts, sourceStats } from './stats.ts';

const train = classCounts([3, 3, 3, 3, 3, 3, 3]);
const validation = classCounts([1, 1, 1, 1, 1, 1, 1]);
const unlabeled = classCounts([0, 0, 0, 0, 0, 0, 0], 40);
const stats = catalogStats([sourceStats('labels', { train, validation }), sourceStats('people', { unlabeled })], {
  train,
  validation,
  unlabeled,
});
const subset: Subset = {
  name: 'balanced',
  version: 1,
  filter: { splits: ['train'] },
  rule: '2 of each class',
  seed: 0,
  splitOff: null,
  counts: [2, 2, 2, 2, 2, 2, 2],
  total: 14,
  shortfall: [0, 0, 0, 0, 0, 0, 0],
  createdAt: '2026-01-01T00:00:00Z',
};

test('subsets come before whole sources, and each part names how many images it has', () => {
  expect(dataOptions(stats, [subset])).toEqual({
    labeled: [
      { value: 'balanced', label: 'balanced', note: '14' },
      { value: 'labels', label: 'labels, all training images', note: '21' },
    ],
    unlabeled: [{ value: 'people', label: 'people', note: '40' }],
    validation: [
      { value: 'validation', label: 'All validation images', note: '7' },
      { value: 'labels:validation', label: 'labels', note: '7' },
    ],
  });
});

test('a new draft takes the first data and the quick preset, and is a valid request as it is', () => {
  const draft = newDraft(dataOptions(stats, [subset]), stats);
  expect(draft).toMatchObject({ preset: 'quick', labeled: 'balanced', unlabeled: 'people', validation: 'validation' });
  expect(runRequestSchema.safeParse(requestOf(draft)).success).toBe(true);
});

test('a setting put back to its default follows the defaults again', () => {
  const draft = newDraft(dataOptions(stats, []), stats);
  const changed = withSetting(draft, 'momentum', 0.5);
  expect(changed.config.momentum).toBe(0.5);
  expect(withSetting(changed, 'momentum', 0.9).config).not.toHaveProperty('momentum');
});

test('a preset replaces settings and keeps name and data', () => {
  const draft = { ...withSetting(newDraft(dataOptions(stats, []), stats), 'momentum', 0.5), name: 'mine' };
  const released = withPreset(draft, 'released');
  expect(released).toMatchObject({ name: 'mine', labeled: 'labels', preset: 'released' });
  expect(released.config).toMatchObject({ totalSteps: 180_000, worldSize: 2 });
  expect(released.config).not.toHaveProperty('momentum');
});

test('without unlabeled faces only the supervised baseline can start, and it names none', () => {
  const draft = { ...newDraft(dataOptions(stats, []), stats), unlabeled: null };
  expect(requestOf(draft)).toBeNull();
  const supervised = withSetting({ ...draft, unlabeled: 'people' }, 'method', 'supervised');
  expect(requestOf(supervised)).not.toHaveProperty('unlabeled');
});

test('a copy of a run asks for the same again', () => {
  const request = {
    config: { name: 'first', width: 8 },
    labeled: 'labels',
    unlabeled: 'people',
    validation: 'validation',
  };
  expect(requestOf(draftOf(request))).toEqual(request);
});
