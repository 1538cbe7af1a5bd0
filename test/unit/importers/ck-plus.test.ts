import { expect, test } from 'vitest';
import { ckPlus } from '#main/importers/ck-plus.ts';
import { chooseImporter } from '#main/importers/index.ts';
import { eventsOf, leftOutOf, rejectedOf, temporaryFolder, totalOf, writeTree } from './image-tree.ts';
import { describedOf, writeText } from './lists.ts';

const frames = (subject: string, sequence: string, count: number): string[] =>
  Array.from(
    { length: count },
    (_, number) =>
      `cohn-kanade-images/${subject}/${sequence}/${subject}_${sequence}_${String(number + 1).padStart(8, '0')}.png`,
  );
const label = (root: string, subject: string, sequence: string, text: string): string =>
  writeText(root, `Emotion/${subject}/${sequence}/${subject}_${sequence}_00000006_emotion.txt`, text);

test('CK+: the last three frames have the sequence’s expression, the first is neutral, people are known', async () => {
  const root = temporaryFolder();
  await writeTree(root, [...frames('S005', '001', 6), ...frames('S010', '002', 4), ...frames('S010', '004', 3)]);
  label(root, 'S005', '001', '   3.0000000e+00\n');
  label(root, 'S010', '004', '   7.0000000e+00\n');
  const chosen = await chooseImporter(root, 'auto');
  expect(chosen.importer).toBe(ckPlus);
  const events = await eventsOf(ckPlus, root, 'labeled');
  expect(totalOf(events)).toBe(13);
  const image = (path: string, label: number, identity: string): unknown => ({
    ...{ path, label, identity, split: 'train', truth: null },
  });
  const [first, , , ...peak] = frames('S005', '001', 6);
  expect(describedOf(events)).toEqual([
    image(first!, 0, 'S005'),
    ...peak.map((path) => image(path, 5, 'S005')),
    ...frames('S010', '004', 3).map((path) => image(path, 3, 'S010')),
  ]);
  expect(leftOutOf(events)).toEqual([
    ...Array<string>(2).fill('frames between the neutral first and the last three'),
    ...Array<string>(4).fill('frames of sequences without an expression'),
  ]);
  const unlabeled = describedOf(await eventsOf(ckPlus, root, 'unlabeled')) as { truth: number | null }[];
  expect(unlabeled.map(({ truth }) => truth)).toEqual([0, null, null, 5, 5, 5, null, null, null, null, 3, 3, 3]);
});

test('CK+ as class folders keeps the people', async () => {
  const root = temporaryFolder();
  await writeTree(root, ['anger/S010_004_00000017.png', 'contempt/S138_008_00000009.png']);
  const chosen = await chooseImporter(root, 'auto');
  expect(chosen.importer).toBe(ckPlus);
  expect(describedOf(await eventsOf(ckPlus, root, 'labeled'))).toEqual([
    { path: 'anger/S010_004_00000017.png', split: 'train', label: 6, truth: null, identity: 'S010' },
    { path: 'contempt/S138_008_00000009.png', split: 'train', label: 7, truth: null, identity: 'S138' },
  ]);
});

test('CK+’s bad labels, names and pictures', async () => {
  const root = temporaryFolder();
  await writeTree(root, [...frames('S001', '001', 1), ...frames('S002', '001', 1), ...frames('S003', '001', 1)]);
  await writeTree(root, ['cohn-kanade-images/S004/001/face.png', 'overview.png']);
  await writeTree(root, frames('S006', '001', 1), 'text');
  label(root, 'S001', '001', '8.0');
  label(root, 'S002', '001', '');
  label(root, 'S003', '001', '\uFEFF5');
  label(root, 'S004', '001', '5');
  label(root, 'S006', '001', '5');
  const events = await eventsOf(ckPlus, root, 'labeled');
  expect(describedOf(events)).toEqual([]);
  expect(rejectedOf(events)).toEqual([
    [frames('S001', '001', 1)[0], '“8.0” in S001_001_00000006_emotion.txt is no expression of CK+ (0–7).'],
    [frames('S002', '001', 1)[0], '“” in S002_001_00000006_emotion.txt is no expression of CK+ (0–7).'],
    [frames('S003', '001', 1)[0], expect.stringMatching(/in S003_001_00000006_emotion.txt is no expression/)],
    ['cohn-kanade-images/S004/001/face.png', 'The name is not of the form S005_001_00000011.png.'],
    [frames('S006', '001', 1)[0], 'Not an image.'],
  ]);
  expect(leftOutOf(events)).toEqual(['pictures beside the sequences']);
});

test('labels without images', async () => {
  const root = temporaryFolder();
  label(root, 'S001', '001', '1.0');
  await expect(eventsOf(ckPlus, root, 'labeled')).rejects.toThrow(/no folder cohn-kanade-images/);
});
