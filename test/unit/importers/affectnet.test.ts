import { join } from 'node:path';
import { expect, test } from 'vitest';
import { affectnet } from '#main/importers/affectnet.ts';
import { chooseImporter } from '#main/importers/index.ts';
import { releasedList } from '#main/importers/released-list.ts';
import {
  eventsOf,
  imagesOf,
  leftOutOf,
  picture,
  rejectedOf,
  temporaryFolder,
  totalOf,
  writeTree,
} from './image-tree.ts';
import { describedOf, writeList } from './lists.ts';

const HEADER = 'subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal';
const row = (path: string, expression: number | string, box = '1,2,20,18'): string =>
  `${path},${box},"1.5;2.5;3,5",${expression},0.1,-0.2`;

/** A folder as AffectNet is unpacked. */
async function affectNetFolder(): Promise<string> {
  const root = temporaryFolder();
  const images = Array.from({ length: 11 }, (_, number) => `Manually_Annotated_Images/${number}/face.png`);
  await writeTree(root, [...images, 'Manually_Annotated_Images/99/val.png'], await picture(30, 24));
  writeList(root, 'training.csv', [HEADER, ...images.map((_, number) => row(`${number}/face.png`, number))], '\r\n');
  writeList(root, 'validation.csv', [HEADER, row('99/val.png', 6)]);
  return root;
}

test('AffectNet: 0 to 7 are kept with their boxes, 8 to 10 are counted and left out, lists have their splits', async () => {
  const root = await affectNetFolder();
  const chosen = await chooseImporter(root, 'auto');
  expect(chosen.importer).toBe(affectnet);
  expect(chosen.reason).toBe('Taken as affectnet: training.csv and validation.csv have AffectNet’s columns.');
  const events = await eventsOf(affectnet, root, 'labeled');
  expect(totalOf(events)).toBe(12);
  expect(imagesOf(events)).toEqual([
    ...Array.from({ length: 8 }, (_, label) => [`${label}/face.png`, 'train', label]),
    ['99/val.png', 'validation', 6],
  ]);
  expect(describedOf(events)[0]).toMatchObject({ box: [1, 2, 20, 18], identity: null });
  expect(leftOutOf(events)).toEqual(['none of the expressions (8)', 'uncertain (9)', 'no face (10)']);
  expect(imagesOf(await eventsOf(affectnet, join(root, 'validation.csv'), 'labeled'))).toEqual([
    ['99/val.png', 'validation', 6],
  ]);
});

test('AffectNet’s bad rows', async () => {
  const root = temporaryFolder();
  await writeTree(root, ['Images/1/a.png', 'Images/1/b.png'], await picture(30, 24));
  const file = writeList(root, 'training.csv', [
    HEADER,
    row('1/a.png', 1),
    row('1/b.png', 1, '30,2,20,18'),
    row('1/c.png', 1),
    row('1/a.png', 2),
    row('1/d.png', 1, '1,2,NaN,18'),
    row('1/e.png', ''),
    `1/f.png,1,2,3,4,${'5;'.repeat(5_000_000)},3,0,0`,
    '1/g.png,1,2',
  ]);
  const events = await eventsOf(affectnet, file, 'labeled');
  expect(imagesOf(events)).toEqual([['1/a.png', 'train', 1]]);
  expect(rejectedOf(events)).toEqual([
    ['1/b.png', 'The crop box at 30, 2 lies outside the picture of 30 × 24 pixels.'],
    ['1/c.png', 'There is no image there.'],
    ['line 5', '1/a.png is in line 2 already.'],
    ['line 6', 'The crop box “1, 2, NaN, 18” is not four numbers.'],
    ['line 7', 'The row has no class.'],
    ['line 8', 'The row is longer than 1,048,576 characters.'],
    ['line 9', 'The row has 3 fields and the first line 9.'],
  ]);
  const other = writeList(root, 'other.csv', [HEADER, row('1/a.png', 11), row('1/b.png', 'happy')]);
  await expect(eventsOf(affectnet, other, 'labeled')).rejects.toThrow(/does not know: 11 \(1\), happy \(1\)/);
});

test('the authors’ list has whole paths and need not have boxes', async () => {
  const root = temporaryFolder();
  await writeTree(root, ['faces/a.png', 'faces/b.png'], await picture(30, 24));
  const path = (name: string): string => join(root, 'faces', name);
  const full = writeList(root, 'labeled_10_balance.csv', [HEADER, row(path('a.png'), 3), row(path('b.png'), 0, ',,,')]);
  const chosen = await chooseImporter(full, 'auto');
  expect(chosen.importer).toBe(releasedList);
  expect(chosen.reason).toMatch(/whole paths and classes in the columns the released program reads/);
  expect(describedOf(await eventsOf(releasedList, full, 'labeled'))).toEqual([
    { path: 'a.png', split: 'train', label: 3, truth: null, identity: null, box: [1, 2, 20, 18] },
    { path: 'b.png', split: 'train', label: 0, truth: null, identity: null },
  ]);
  const short = writeList(root, 'short.csv', [
    'subDirectory_filePath,expression',
    'faces/a.png,3',
    'faces/none.png,3',
    'faces/b.png,10',
  ]);
  const events = await eventsOf(releasedList, short, 'labeled');
  expect(imagesOf(events)).toEqual([['faces/a.png', 'train', 3]]);
  expect(rejectedOf(events)).toEqual([['faces/none.png', 'There is no image there.']]);
  expect(leftOutOf(events)).toEqual(['no face (10)']);
  const none = writeList(root, 'none.csv', ['path,label', 'a.png,1']);
  await expect(eventsOf(releasedList, none, 'labeled')).rejects.toMatchObject({ code: 'bad-input' });
  await expect(eventsOf(affectnet, temporaryFolder(), 'labeled')).rejects.toThrow(/no csv with AffectNet’s columns/);
});
