import { expect, test } from 'vitest';
import { runRequestSchema } from '#shared/training.ts';
import type { Subset } from '#shared/catalog.ts';
import {
  configOf,
  dataOptions,
  devicesOf,
  differsFromPreset,
  draftOf,
  imagesOf,
  newDraft,
  requestOf,
  withPreset,
  withSetting,
  withSettings,
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

test('a preset is told as changed once a setting differs from it, and not for one that says the same', () => {
  const draft = newDraft(dataOptions(stats, []), stats); // the quick preset: 3,000 steps
  expect(differsFromPreset(draft)).toBe(false);
  expect(differsFromPreset(withSetting(draft, 'totalSteps', 3_000))).toBe(false);
  const changed = withSettings(draft, { totalSteps: 10, momentum: 0.5 });
  expect(differsFromPreset(changed)).toBe(true);
  expect(configOf(changed)).toMatchObject({ totalSteps: 10, momentum: 0.5, threshold: 0.95 });
});

test('the images of a draft are those of its subset, also by its pinned version, and of its sources', () => {
  const draft = newDraft(dataOptions(stats, [subset]), stats);
  expect(imagesOf(draft, stats, [subset])).toEqual({ labeled: 14, unlabeled: 40, validation: 7 });
  const pinned = { ...draft, labeled: 'balanced@1', validation: 'labels:validation' };
  expect(imagesOf(pinned, stats, [subset])).toEqual({ labeled: 14, unlabeled: 40, validation: 7 });
  const whole = { ...draft, labeled: 'labels', unlabeled: null };
  expect(imagesOf(whole, stats, [subset])).toEqual({ labeled: 21, unlabeled: 0, validation: 7 });
});

test('a request read through its schema has the defaults filled in, and its copy still sets only what differs', () => {
  const request = runRequestSchema.parse({ config: { name: 'first', width: 8, momentum: 0.9 }, labeled: 'labels' });
  expect(draftOf(request).config).toEqual({ width: 8 });
});

test('a run on workers asks for them, for none of them it does not start, and each takes a batch', () => {
  const draft = newDraft(dataOptions(stats, []), stats);
  expect(requestOf(draft)).not.toHaveProperty('cluster');
  expect(devicesOf(draft)).toBe(1);
  const nobody = { ...draft, cluster: { workers: [], elastic: true, timeoutSeconds: 4 } };
  expect(requestOf(nobody)).toBeNull();
  const both = { ...nobody, cluster: { ...nobody.cluster, workers: ['gpu-1:7070', 'gpu-2:7070'] } };
  expect(requestOf(both)).toMatchObject({
    cluster: { workers: ['gpu-1:7070', 'gpu-2:7070'], elastic: true, timeoutSeconds: 4 },
  });
  expect(requestOf(draftOf(requestOf(both)!))).toEqual(requestOf(both));
  expect(devicesOf(both)).toBe(2);
  expect(devicesOf(withSetting(both, 'worldSize', 5))).toBe(4); // two each, one is left over
});
