import { expect, test } from 'vitest';
import { identityFolders } from '#main/importers/identity-folders.ts';
import { eventsOf, temporaryFolder, totalOf, writeTree } from './image-tree.ts';

test('a person a folder, without labels, even for one called Joy', async () => {
  const root = temporaryFolder();
  await writeTree(root, ['Ann_Lee/1.png', 'Ann_Lee/2.png', 'Joy/1.png', 'album/Bo/1.png', 'loose.png']);
  const events = await eventsOf(identityFolders, root, 'unlabeled');
  expect(totalOf(events)).toBe(5);
  const images = events.filter((event) => event.kind === 'image');
  expect(images.map(({ path, identity }) => [path, identity])).toEqual([
    ['loose.png', null],
    ['Ann_Lee/1.png', 'Ann_Lee'],
    ['Ann_Lee/2.png', 'Ann_Lee'],
    ['Joy/1.png', 'Joy'],
    ['album/Bo/1.png', 'Bo'],
  ]);
  for (const image of images) expect(image).toMatchObject({ split: 'unlabeled', label: null, truth: null });
});

test('people carry no expressions', async () => {
  const root = temporaryFolder();
  await writeTree(root, ['Ann/1.png']);
  for (const role of ['labeled', 'validation', 'test'] as const) {
    await expect(eventsOf(identityFolders, root, role)).rejects.toMatchObject({
      ...{ code: 'bad-input', hint: expect.stringContaining('--role unlabeled') },
    });
  }
});
