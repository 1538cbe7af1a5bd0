import { join } from 'node:path';
import { expect, test } from 'vitest';
import { chooseImporter } from '#main/importers/index.ts';
import { rafDb } from '#main/importers/raf-db.ts';
import { eventsOf, imagesOf, rejectedOf, temporaryFolder, totalOf, writeTree } from './image-tree.ts';
import { writeList, writeText } from './lists.ts';

test('RAF-DB: the list gives class and split, the faces are the aligned ones', async () => {
  const root = temporaryFolder();
  const names = Array.from({ length: 7 }, (_, number) => `train_0000${number + 1}`);
  await writeTree(
    root,
    [...names, 'test_0001'].flatMap((name) => [
      `basic/Image/aligned/${name}_aligned.png`,
      `basic/Image/original/${name}.png`,
    ]),
  );
  writeList(root, 'basic/EmoLabel/list_patition_label.txt', [
    ...names.map((name, number) => `${name}.png ${number + 1}`),
    'test_0001.png 7',
  ]);
  for (const path of ['', 'basic', 'basic/EmoLabel', 'basic/EmoLabel/list_patition_label.txt']) {
    const chosen = await chooseImporter(join(root, path), 'auto');
    expect(chosen.importer, path).toBe(rafDb);
    const events = await eventsOf(rafDb, join(root, path), 'labeled');
    expect(totalOf(events)).toBe(8);
    // Surprise, Fear, Disgust, Happiness, Sadness, Anger, Neutral.
    expect(imagesOf(events)).toEqual([
      ...[3, 4, 5, 1, 2, 6, 0].map((label, number) => [`${names[number]!}_aligned.png`, 'train', label]),
      ['test_0001_aligned.png', 'test', 0],
    ]);
  }
});

test('only the originals, a list spelt rightly, and roles', async () => {
  const root = temporaryFolder();
  await writeTree(root, ['original/train_00001.jpg']);
  writeList(root, 'list_partition_label.txt', ['train_00001.jpg 4']);
  expect(imagesOf(await eventsOf(rafDb, root, 'labeled'))).toEqual([['train_00001.jpg', 'train', 1]]);
  const [image] = (await eventsOf(rafDb, root, 'unlabeled')).filter((event) => event.kind === 'image');
  expect(image).toMatchObject({ split: 'unlabeled', label: null, truth: 1 });
});

test('RAF-DB’s bad lines', async () => {
  const root = temporaryFolder();
  await writeTree(root, ['aligned/train_1_aligned.png', 'aligned/test_2_aligned.png']);
  await writeTree(root, ['aligned/train_9_aligned.png'], 'text');
  writeText(
    root,
    'list_patition_label.txt',
    Buffer.concat([
      Buffer.from(
        '\uFEFFtrain_1.png 1\r\ntrain_2.png 1\r\n\r\ntrain_3.png 8\r\ntrain_4.png\r\nvalue_5.png 2\r\ntrain_1.png 3\r\n',
      ),
      Buffer.from(`../train_6.png 1\r\ntrain_9.png 1\r\n${'x'.repeat(10_000_000)}\r\ntest_2.png\t7`),
    ]),
  );
  const events = await eventsOf(rafDb, root, 'labeled');
  expect(imagesOf(events)).toEqual([
    ['train_1_aligned.png', 'train', 3],
    ['test_2_aligned.png', 'test', 0],
  ]);
  expect(rejectedOf(events)).toEqual([
    ['train_2_aligned.png', 'There is no image there.'],
    ['line 4', '“8” is no class of RAF-DB (1–7).'],
    ['line 5', '“train_4.png” is no name and class, such as “train_00001.jpg 5”.'],
    ['line 6', '“value_5.png” begins with neither train nor test.'],
    ['line 7', 'train_1_aligned.png is in line 1 already.'],
    ['line 8', '“../train_6.png” begins with neither train nor test.'],
    ['train_9_aligned.png', 'Not an image.'],
    ['line 10', 'The line is longer than 4096 bytes.'],
  ]);
});

test('a list without its images, and a folder without a list', async () => {
  const root = temporaryFolder();
  writeList(root, 'list_patition_label.txt', ['train_1.png 1']);
  await expect(eventsOf(rafDb, root, 'labeled')).rejects.toMatchObject({
    ...{ code: 'bad-input', commandLine: expect.stringMatching(/--images/) },
  });
  await expect(eventsOf(rafDb, temporaryFolder(), 'labeled')).rejects.toThrow(/no list_patition_label.txt/);
});
