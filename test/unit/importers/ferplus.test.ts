import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { ImportRequest } from '#shared/catalog.ts';
import { majorityOf } from '#shared/label-votes.ts';
import { type Catalog, openCatalog } from '#main/catalog/catalog.ts';
import { importSource } from '#main/host/services/import-service.ts';
import { chooseImporter } from '#main/importers/index.ts';
import { picture, temporaryFolder, writeTree } from './image-tree.ts';
import { writeList, writeText } from './lists.ts';

const HEADER = 'Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF';
const FER_HEADER = 'emotion,pixels,Usage';
const ferRow = (emotion: number, usage: string): string =>
  `${emotion},${Array<number>(2304).fill(7).join(' ')},${usage}`;
/** FER2013's 3 is happy, 4 sad, 6 neutral, 0 anger. */
const FER_ROWS = [
  [3, 'Training'],
  [4, 'Training'],
  [6, 'Training'],
  [0, 'Training'],
  [3, 'PublicTest'],
  [4, 'PrivateTest'],
] as const;
const VOTES = [
  'Training,fer0000000.png,0,9,1,0,0,0,0,0,0,0',
  'Training,fer0000001.png,0,0,5,5,0,0,0,0,0,0',
  'Training,fer0000002.png,1,0,0,0,0,0,0,0,9,0',
  'Training,,0,0,0,0,0,0,0,0,0,10',
  'PublicTest,fer0000004.png,8,2,0,0,0,0,0,0,0,0',
  'PrivateTest,fer0000005.png,0,0,0,1,0,0,0,0,0,9',
];

function newCatalog(): Catalog {
  const catalog = openCatalog(join(temporaryFolder(), 'catalog.sqlite'));
  onTestFinished(() => catalog.close());
  return catalog;
}

const request = (path: string, more: Partial<ImportRequest> = {}): ImportRequest => ({
  path,
  format: 'auto',
  role: 'labeled',
  ...more,
});

const writeCsv = (root: string): string =>
  writeList(root, 'fer2013.csv', [FER_HEADER, ...FER_ROWS.map(([emotion, usage]) => ferRow(emotion, usage))]);

test('the choice with the most votes', () => {
  expect(majorityOf([0, 9, 0, 1, 0, 0, 0, 0, 0, 0])).toBe(1);
  expect(majorityOf([0, 0, 5, 5, 0, 0, 0, 0, 0, 0])).toBeNull();
  expect(majorityOf([0, 0, 0, 0, 0, 0, 0, 0, 6, 4])).toBe('unknown');
  expect(majorityOf([0, 0, 0, 0, 0, 0, 0, 0, 4, 6])).toBe('non-face');
  expect(majorityOf(Array<number>(10).fill(0))).toBeNull();
});

test('votes are joined to the rows of FER2013’s csv, and change nothing when joined again', async () => {
  const [catalog, root] = [newCatalog(), temporaryFolder()];
  await importSource(catalog, request(writeCsv(root)));
  const list = writeList(root, 'fer2013new.csv', [HEADER, ...VOTES], '\r\n');
  expect((await chooseImporter(list, 'auto')).reason).toBe('Taken as ferplus: The csv has FER+’s columns of votes.');
  const summary = { joined: 5, unmatched: 0, agreeing: 1, tied: 1, unknown: 1, nonFace: 1 };
  const first = await importSource(catalog, request(list));
  expect(first).toMatchObject({
    source: 'fer2013.csv',
    format: 'ferplus',
    added: 5,
    skipped: 0,
    failed: 0,
    votes: summary,
  });
  expect(first.leftOut).toEqual([{ what: 'without a name in FER+', count: 1 }]);
  expect(await importSource(catalog, request(list))).toMatchObject({ added: 0, skipped: 5, votes: summary });
  expect(catalog.labelVotes.of(1)).toEqual([
    { origin: 'ferplus', counts: [0, 9, 0, 1, 0, 0, 0, 0, 0, 0], majority: 1 },
  ]);
  expect(catalog.labelVotes.of(2)[0]?.majority).toBeNull();
  expect(catalog.labelVotes.of(3)[0]?.majority).toBe('unknown');
  expect(catalog.labelVotes.of(4)).toEqual([]);
  expect(catalog.labelVotes.of(6)[0]?.majority).toBe('non-face');
  expect(catalog.images.reference(5).label).toBe(1);
  expect(catalog.integrityCheck()).toEqual([]);
  // A tie goes to what stands first in the list: surprise before sadness.
  const sadFirst = HEADER.replace('surprise,sadness', 'sadness,surprise');
  const other = writeList(root, 'other.csv', [sadFirst, ...VOTES]);
  expect(await importSource(catalog, request(other))).toMatchObject({ votes: { agreeing: 2 } });
});

test('votes are joined to files named after rows, and only where the split agrees', async () => {
  const [catalog, root] = [newCatalog(), temporaryFolder()];
  const many = 300;
  const names = Array.from({ length: many }, (_, row) => `train/happy/${String(row).padStart(5, '0')}.png`);
  await writeTree(
    root,
    [...names, 'test/sad/fer0000300.png', 'train/sad/u_1.png', 'train/happy/301.png'],
    await picture(48, 48),
  );
  await importSource(catalog, request(root, { source: 'fer', format: 'fer2013' }));
  const votes = (usage: string, row: number): string => `${usage},fer${row}.png,0,10,0,0,0,0,0,0,0,0`;
  const list = writeList(root, 'fer2013new.csv', [
    HEADER,
    ...names.map((_, row) => votes('Training', row)),
    votes('PrivateTest', 300),
    votes('PublicTest', 301),
  ]);
  expect(await importSource(catalog, request(list, { source: 'fer' }))).toMatchObject({
    ...{ added: 301, votes: { joined: 301, unmatched: 1, agreeing: 300 } },
  });
  const shifted = writeList(root, 'shifted.csv', [HEADER, ...names.map((_, row) => votes('PublicTest', row))]);
  await expect(importSource(catalog, request(shifted, { source: 'fer' }))).rejects.toThrow(
    'The names of fer are no row numbers of FER2013: 300 of 300 images are in another split than FER+ says.',
  );
});

test('a folder with images and votes is a source whose labels are the majorities', async () => {
  const [catalog, root] = [newCatalog(), temporaryFolder()];
  writeCsv(root);
  writeList(root, 'ferplus/fer2013new.csv', [HEADER, ...VOTES]);
  const result = await importSource(catalog, request(root, { source: 'plus', format: 'ferplus' }));
  expect(result).toMatchObject({ added: 2, votes: { joined: 2, agreeing: 2 } });
  expect(result.leftOut).toEqual([
    { what: 'without a majority', count: 1 },
    { what: 'voted unknown', count: 1 },
    { what: 'without a name in FER+', count: 1 },
    { what: 'voted no face', count: 1 },
  ]);
  expect(catalog.stats({ source: 'plus' }).splits).toMatchObject({
    train: { counts: [0, 1, 0, 0, 0, 0, 0] },
    validation: { counts: [1, 0, 0, 0, 0, 0, 0] },
  });
  expect(await importSource(catalog, request(root, { source: 'plus', format: 'ferplus' }))).toMatchObject({
    added: 0,
    skipped: 2,
  });
});

test('bad rows of votes are told, and the others joined', async () => {
  const [catalog, root] = [newCatalog(), temporaryFolder()];
  await importSource(catalog, request(writeCsv(root), { source: 'fer' }));
  const list = writeText(
    root,
    'fer2013new.csv',
    Buffer.concat([
      Buffer.from(
        `\uFEFF${HEADER}\r\n${VOTES[0]!}\r\nTraining,fer1.png,0,0,five,5,0,0,0,0,0,0\r\nSometimes,fer2.png,1,0,0,0,0,0,0,0,9,0\r\n`,
      ),
      Buffer.from(`Training,${'x'.repeat(10_000_000)},0,0,0,0,0,0,0,0,0,10\r\n`),
      Buffer.from('PublicTest,\xe9,8,2,0,0,0,0,0,0,0,0\r\n', 'latin1'),
      Buffer.from('PrivateTest,fer5.png,0,0,0,-1,0,0,0,0,0,9\r\n"PrivateTest'),
    ]),
  );
  const result = await importSource(catalog, request(list));
  expect(result).toMatchObject({ added: 1, failed: 6, votes: { joined: 1 } });
  expect(result.errors).toEqual([
    { path: 'fer2013new.csv line 3', reason: 'The votes are not all whole numbers.' },
    { path: 'fer2013new.csv line 4', reason: '“Sometimes” is no split of FER2013.' },
    { path: 'fer2013new.csv line 5', reason: 'The row is longer than 1,048,576 characters.' },
    { path: 'fer2013new.csv line 6', reason: 'The row is not UTF-8 text; save the file as UTF-8.' },
    { path: 'fer2013new.csv line 7', reason: 'The votes are not all whole numbers.' },
    { path: 'fer2013new.csv line 8', reason: 'A quote that opens in this row is never closed.' },
  ]);
  expect(catalog.importErrors.list('fer')).toHaveLength(6);
});

test('votes without images say what to do', async () => {
  const [catalog, root] = [newCatalog(), temporaryFolder()];
  const list = writeList(root, 'fer2013new.csv', [HEADER, ...VOTES]);
  await expect(importSource(catalog, request(list))).rejects.toMatchObject({
    code: 'not-found',
    hint: expect.stringMatching(/Import FER2013 first/),
  });
  await writeTree(root, ['people/happy/a.png']);
  await importSource(catalog, request(join(root, 'people'), { source: 'people' }));
  await expect(importSource(catalog, request(list, { source: 'people' }))).rejects.toThrow(
    'None of the 1 images of people is named after a row of FER2013.',
  );
  await importSource(catalog, request(writeCsv(root), { source: 'one' }));
  await importSource(catalog, request(join(root, 'fer2013.csv'), { source: 'two' }));
  await expect(importSource(catalog, request(list))).rejects.toThrow('Several sources are of FER2013: one, two.');
  const other = writeList(root, 'other.csv', ['a,b', '1,2']);
  await expect(importSource(catalog, request(other, { format: 'ferplus' }))).rejects.toMatchObject({
    code: 'bad-input',
  });
});
