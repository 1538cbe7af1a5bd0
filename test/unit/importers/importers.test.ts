import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import sharp from 'sharp';
import type { Role } from '#shared/images.ts';
import { chooseImporter } from '#main/importers/index.ts';
import type { ImportEvent, ImportRow, RejectedRow } from '#main/importers/importer.ts';
import { decodeImage } from '#main/imaging/decode.ts';

let root: string;
let picture: string;
beforeEach(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'face2exp-importers-'));
  root = join(folder, 'set');
  picture = join(folder, 'picture.png');
  mkdirSync(root);
  await sharp({ create: { width: 10, height: 8, channels: 3, background: '#888' } })
    .png()
    .toFile(picture);
});
afterEach(() => rmSync(dirname(root), { recursive: true, force: true }));

function put(...paths: string[]): void {
  for (const path of paths) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    copyFileSync(picture, join(root, path));
  }
}

async function importAll(
  path: string,
  role: Role,
  format: 'auto' | 'folder' | 'identity' | 'fer2013' = 'auto',
): Promise<{ format: string; rows: ImportRow[]; rejected: RejectedRow[] }> {
  const { importer } = await chooseImporter(path, format);
  const events: ImportEvent[] = [];
  for await (const event of importer.rows(path, { role })) events.push(event);
  return {
    format: importer.format,
    rows: events.filter((event) => event.kind === 'image'),
    rejected: events.filter((event) => event.kind === 'rejected'),
  };
}

test('class folders: spellings, splits above or below, other files ignored', async () => {
  put(
    'train/Happiness/1.png',
    'train/03_sad/2.PNG',
    'val/angry/a b ü.png',
    'test/neutral/4.png',
    'fear/test/5.png',
    'disgust/6.png',
  );
  writeFileSync(join(root, 'README.txt'), 'read me');
  const { format, rows } = await importAll(root, 'labeled');
  expect(format).toBe('folder');
  expect(rows.map(({ path, split, label }) => [path, split, label])).toEqual([
    ['disgust/6.png', 'train', 5],
    ['fear/test/5.png', 'test', 4],
    ['test/neutral/4.png', 'test', 0],
    ['train/03_sad/2.PNG', 'train', 2],
    ['train/Happiness/1.png', 'train', 1],
    ['val/angry/a b ü.png', 'validation', 6],
  ]);
  expect(rows[0]).toMatchObject({ width: 10, height: 8, identity: null });
  expect((await importAll(root, 'validation')).rows.every(({ split }) => split === 'validation')).toBe(true);
  expect(
    (await importAll(root, 'unlabeled', 'folder')).rows.every(
      ({ split, label }) => split === 'unlabeled' && label === null,
    ),
  ).toBe(true);
});

test('a folder that is no class is a question, with what is known', async () => {
  put('happy/1.png', 'cats/2.png');
  await expect(importAll(root, 'labeled', 'folder')).rejects.toMatchObject({
    message: expect.stringContaining('cats') as string,
    hint: expect.stringContaining('disgust') as string,
  });
});

test('folders of people', async () => {
  put('Ann_Lee/1.png', 'Ann_Lee/2.png', 'Bo/1.png');
  const { format, rows } = await importAll(root, 'unlabeled');
  expect(format).toBe('identity');
  expect(rows.map(({ identity, split, label }) => [identity, split, label])).toEqual([
    ['Ann_Lee', 'unlabeled', null],
    ['Ann_Lee', 'unlabeled', null],
    ['Bo', 'unlabeled', null],
  ]);
  await expect(importAll(root, 'labeled', 'identity')).rejects.toThrow('carry no expressions');
});

test('bad files are named with their reason and leave the others alone', async () => {
  put('happy/good.png', 'sad/good.png');
  writeFileSync(join(root, 'happy/empty.png'), '');
  writeFileSync(join(root, 'happy/page.jpg'), '<html>not found</html>');
  writeFileSync(join(root, 'happy/cut.png'), readFileSync(picture).subarray(0, 60));
  symlinkSync(join(root, 'nowhere.png'), join(root, 'sad/dangling.png'));
  symlinkSync(root, join(root, 'sad/loop'));
  const { rows, rejected } = await importAll(root, 'labeled', 'folder');
  expect(rows.map(({ path }) => path)).toEqual(['happy/good.png', 'sad/good.png']);
  const reasons = Object.fromEntries(rejected.map(({ path, reason }) => [path, reason]));
  expect(Object.keys(reasons).sort()).toEqual([
    'happy/cut.png',
    'happy/empty.png',
    'happy/page.jpg',
    'sad/dangling.png',
    'sad/loop',
  ]);
  expect(reasons['happy/page.jpg']).toMatch(/not an image/i);
  expect(reasons['sad/loop']).toContain('leads back');
});

test('nothing there, nothing known, no pictures: each its own sentence', async () => {
  await expect(importAll(join(root, 'no'), 'labeled')).rejects.toThrow('nothing at');
  writeFileSync(join(root, 'notes.txt'), 'x');
  await expect(importAll(root, 'labeled')).rejects.toThrow('of no known format');
  await expect(importAll(root, 'labeled', 'folder')).rejects.toThrow('no pictures');
});

const pixels = (value: number): string => new Array(48 * 48).fill(value).join(' ');

test('FER2013’s csv is read in place, row by row', async () => {
  const csv = join(root, 'fer2013.csv');
  writeFileSync(
    csv,
    `emotion,pixels,Usage\n0,${pixels(7)},Training\n3,${pixels(200)},PublicTest\n6,${pixels(9)},PrivateTest\n`,
  );
  const { format, rows, rejected } = await importAll(csv, 'labeled');
  expect({ format, rejected }).toEqual({ format: 'fer2013', rejected: [] });
  expect(rows.map(({ label, split }) => [label, split])).toEqual([
    [6, 'train'],
    [1, 'validation'],
    [0, 'test'],
  ]);
  const { encoding, offset, length } = rows[1]!;
  const image = await decodeImage({ path: csv, encoding, offset, length });
  expect([image.width, image.height, image.data[0], image.data.at(-1)]).toEqual([48, 48, 200, 200]);
});

test('its hostile twin: byte-order mark, CRLF, quotes, short and endless rows, unknown classes', async () => {
  const csv = join(root, 'fer2013.csv');
  const rows = [
    '\uFEFFemotion,pixels,Usage',
    `"4","${pixels(1)}","Training"`,
    `9,${pixels(1)},Training`,
    '0,1 2 3,Training',
    `0,${pixels(1)},Lost`,
    `0,${'1 '.repeat(5_000_000)},Training`,
    '',
    `5,${pixels(3)},PrivateTest`,
  ];
  writeFileSync(csv, rows.join('\r\n'));
  const result = await importAll(csv, 'labeled');
  expect(result.rows.map(({ label, split }) => [label, split])).toEqual([
    [2, 'train'],
    [3, 'test'],
  ]);
  expect(result.rejected.map(({ path, reason }) => [path, reason])).toEqual([
    ['row 3', '“9” is no class of FER2013 (0–6).'],
    ['row 4', 'There are 3 pixels instead of 2,304.'],
    ['row 5', '“Lost” is none of Training, PublicTest, PrivateTest.'],
    ['row 6', 'The row is longer than 16,384 bytes.'],
  ]);
  for (const { encoding, offset, length } of result.rows) await decodeImage({ path: csv, encoding, offset, length });
  writeFileSync(csv, 'a,b\n1,2\n');
  await expect(importAll(csv, 'labeled', 'fer2013')).rejects.toThrow('does not begin with');
});
