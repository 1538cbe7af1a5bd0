import { expect, test } from 'vitest';
import { imageFolder } from '#main/importers/image-folder.ts';
import { chooseImporter } from '#main/importers/index.ts';
import { eventsOf, imagesOf, rejectedOf, temporaryFolder, totalOf, writeTree } from './image-tree.ts';
import { writeList, writeText } from './lists.ts';

test('a metadata list in each split’s folder', async () => {
  const root = temporaryFolder();
  await writeTree(root, ['data/train/0001.png', 'data/train/more/0002.png', 'data/test/0003.png']);
  writeList(root, 'data/train/metadata.csv', ['file_name,label', '0001.png,happy', 'more/0002.png,sadness'], '\r\n');
  writeList(root, 'data/test/metadata.jsonl', ['{"file_name":"0003.png","label":6}']);
  const chosen = await chooseImporter(root, 'auto');
  expect(chosen.importer).toBe(imageFolder);
  expect(chosen.reason).toMatch(/There is a data\/test\/metadata.jsonl, and “file_name” holds paths/);
  const events = await eventsOf(imageFolder, root, 'labeled');
  expect(totalOf(events)).toBe(3);
  expect(imagesOf(events)).toEqual([
    ['data/test/0003.png', 'test', 6],
    ['data/train/0001.png', 'train', 1],
    ['data/train/more/0002.png', 'train', 2],
  ]);
});

test('bad rows of metadata say in which list they are', async () => {
  const root = temporaryFolder();
  await writeTree(root, ['train/a.png', 'test/b.png']);
  writeText(
    root,
    'train/metadata.csv',
    Buffer.concat([
      Buffer.from('\uFEFFfile_name,label\na.png,happy\na.png,sad\nnone.png,sad\n"x\n../../y.png,sad\n'),
      Buffer.from('\xe9.png,sad\n', 'latin1'),
      Buffer.from(`${'x'.repeat(10_000_000)},sad\n`),
    ]),
  );
  writeList(root, 'test/metadata.csv', ['file_name,label', 'b.png,happy']);
  const events = await eventsOf(imageFolder, root, 'labeled');
  expect(imagesOf(events)).toEqual([
    ['test/b.png', 'test', 1],
    ['train/a.png', 'train', 1],
  ]);
  expect(rejectedOf(events)).toEqual([
    ['train/metadata.csv line 3', 'train/a.png is in train/metadata.csv line 2 already.'],
    ['train/none.png', 'There is no image there.'],
    ['train/metadata.csv line 5', 'A quote that opens in this row is never closed.'],
    ['train/metadata.csv line 6', '“train/../../y.png” leads out of the images’ folder.'],
    ['train/metadata.csv line 7', 'The row is not UTF-8 text; save the file as UTF-8.'],
    ['train/metadata.csv line 8', 'The row is longer than 1,048,576 characters.'],
  ]);
});

test('a list without classes can only be unlabeled', async () => {
  const root = temporaryFolder();
  await writeTree(root, ['a.png']);
  writeList(root, 'metadata.csv', ['file_name,text', 'a.png,a face']);
  await expect(eventsOf(imageFolder, root, 'labeled')).rejects.toMatchObject({
    ...{ code: 'bad-input', commandLine: expect.stringMatching(/--map COLUMN=label/) },
  });
  expect(imagesOf(await eventsOf(imageFolder, root, 'unlabeled'))).toEqual([['a.png', 'unlabeled', null]]);
  await expect(eventsOf(imageFolder, temporaryFolder(), 'labeled')).rejects.toThrow(/no metadata.csv/);
});
