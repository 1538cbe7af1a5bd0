import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { AnalysisResult, DataMismatch, Exclusion } from '#shared/analysis.ts';
import type { Subset } from '#shared/catalog.ts';
import type { Facets } from '#shared/query.ts';
import { runJson } from '../contract/command.ts';

/** Duplicates of FER2013 (class folders with the official splits, in fer2013/) and its mismatch with LFW (in lfw-deepfunneled/). */

const data = process.env['FACE2EXP_REAL_DATA'] ?? '';
const folder = mkdtempSync(join(tmpdir(), 'face2exp-duplicates-'));
const workspace = ['--workspace', join(folder, 'workspace')];
const LIMIT = { timeout: 900_000 };
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const validation = async () => runJson<Facets>('facets', '--split', 'validation', '--source', 'fer2013', ...workspace);

test(
  'FER2013 has 1,516 images more than once, 557 of them in several splits and 57 with several labels',
  LIMIT,
  async () => {
    await runJson('import', join(data, 'fer2013'), '--format', 'fer2013', '--source', 'fer2013', ...workspace);
    const { analyzed, failed, summary } = await runJson<AnalysisResult>('analyze', ...workspace);
    expect({ analyzed, failed }).toEqual({ analyzed: 35_887, failed: 0 });
    // Counted from the bytes of the published csv by others too: 34,034 distinct images.
    expect(summary.exact).toMatchObject({
      groups: 1516,
      images: 35_887 - 34_034 + 1516,
      leaks: 557,
      contradictions: 57,
    });
    // An exact duplicate is a near one, but for the thirteen nearly uniform images.
    expect(summary.near!.groups).toBeGreaterThan(1516);
  },
);

test('a validation split without leaks is made in one step, and taken back', LIMIT, async () => {
  const exclude = (...options: string[]) => runJson<Exclusion>('exclude', ...options, ...workspace);
  const leaks = () =>
    runJson<{ counts: { leaks: number } }>('duplicates', '--leaks', ...workspace).then(({ counts }) => counts.leaks);
  const before = (await validation()).total;
  expect(before).toBe(3589);
  const { images } = await exclude('--leaks', '--reason', 'seen in training');
  const after = (await validation()).total;
  expect(after).toBeLessThan(before);
  expect(await leaks()).toBe(0);
  expect((await runJson<Facets>('facets', '--split', 'train', ...workspace)).total).toBe(28_709);
  const held = await runJson<Subset>('subset', 'clean', '--fraction', '1', '--split', 'validation', ...workspace);
  expect(held.total).toBe(after);
  expect(await exclude('--undo')).toMatchObject({ images, excluded: false });
  expect((await validation()).total).toBe(before);
  expect(await leaks()).toBe(557);
});

test('FER2013 and LFW differ in size, colour and brightness', LIMIT, async () => {
  await runJson('import', join(data, 'lfw-deepfunneled'), '--role', 'unlabeled', '--source', 'lfw', ...workspace);
  await runJson('analyze', '--source', 'lfw', ...workspace);
  const { measures } = await runJson<{ measures: DataMismatch }>('stats', ...workspace);
  expect(measures).toMatchObject({ labeled: 28_709, unlabeled: 13_233 });
  const distances = new Map(measures.measures.map(({ measure, totalVariation }) => [measure, totalVariation]));
  expect(distances.get('size')).toBe(1);
  expect(distances.get('colourfulness')).toBeGreaterThan(0.9);
  expect(distances.get('contrast')).toBeLessThan(0.25);
});
