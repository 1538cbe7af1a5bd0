import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { barChart } from '#main/exporters/bar-chart.ts';
import { type DatasheetFacts, datasheet } from '#main/exporters/datasheet.ts';
import { exportTask, exportedImage, filesIn, temporaryFolder } from './support.ts';

const FACTS: DatasheetFacts = {
  title: 'my_faces [1]',
  choice: 'all images of the catalog',
  madeAt: '2026-02-03T04:05:06Z',
  version: '1.2.3',
  sources: [
    { name: 'faces', root: '/d/a|b', format: 'folder', role: 'labeled', importedAt: '2026-01-02T00:00:00Z', failed: 3 },
    { name: 'other', root: '/d/o', format: 'folder', role: 'test', importedAt: '2026-01-02T00:00:00Z', failed: 0 },
  ],
};

test('a datasheet tells what is known, and asks the rest', async () => {
  const target = join(temporaryFolder(), 'sheet');
  const images = [
    exportedImage({ id: 1, label: 0, identity: 'Ann', width: 20, height: 30 }),
    exportedImage({ id: 2, label: 0, identity: 'Ann', width: 48, height: 48 }),
    exportedImage({ id: 3, label: 0, identity: 'Bo', width: 300, height: 200 }),
    exportedImage({ id: 4, label: 1, excluded: true, width: null, height: null }),
    exportedImage({ id: 5, label: null, split: 'unlabeled', width: 100, height: 99 }),
  ];
  expect(await datasheet(FACTS)(exportTask(target, images))).toEqual({ images: 5, notes: [] });
  expect(filesIn(target)).toEqual(['classes-train.svg', 'datasheet.md']);
  const text = readFileSync(join(target, 'datasheet.md'), 'utf8');
  const sections = [...text.matchAll(/^## (.*)$/gm)].map(([, name]) => name);
  expect(sections).toEqual([
    'Motivation',
    'Composition',
    'Collection',
    'Preprocessing, cleaning and labeling',
    'Uses',
    'Distribution',
    'Maintenance',
  ]);
  for (const line of [
    '# Datasheet: my\\_faces \\[1\\]',
    // Shorter sides 20, 48, 99 and 200: the lower median is 48.
    '5 images. 2 identities, the largest with 2 images. The shorter side is 20 to 200 pixels, 48 in the median.',
    '| class | train | unlabeled |',
    '| Neutral | 3 | 0 |',
    '| Happy | 1 | 0 |',
    '| *no label* | 0 | 1 |',
    '| **all** | 4 | 1 |',
    '| largest : smallest class | 3.0 : 1 | – |',
    '![Classes of the train split](classes-train.svg)',
    '| faces | 5 | /d/a\\|b | folder | labeled | 2026-01-02 | 3 |',
  ]) {
    expect(text.split('\n')).toContain(line);
  }
  expect(text).toContain('1 of them are excluded');
  expect(text).not.toContain('/d/o');
  expect(text.match(/^- \*.*\?\*$/gm)!.length).toBeGreaterThan(8);
});

test('a chart draws each bar to its value, and texts are no markup', () => {
  const chart = barChart('a < b & "c"', [
    { name: 'one', value: 50, color: '#112233' },
    { name: '<two>', value: 200, color: '#445566' },
    { name: 'none', value: 0, color: '#778899' },
  ]);
  // The longest bar has 420 units; 50 of 200 are a quarter of them.
  const widths = [...chart.matchAll(/<rect x="110"[^>]*? width="([\d.]+)"/g)].map(([, width]) => Number(width));
  expect(widths).toEqual([105, 420, 0]);
  expect(chart).toContain('<title>a &lt; b &amp; &quot;c&quot;</title>');
  expect(chart).toContain('>&lt;two&gt;</text>');
});
