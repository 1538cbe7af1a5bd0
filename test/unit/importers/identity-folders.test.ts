import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { identityFolders } from '#main/importers/identity-folders.ts';
import { eventsOf, rejectedOf, temporaryFolder, totalOf, writeTree } from './image-tree.ts';

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

test.skipIf(process.platform === 'win32')('bad files among people are told, whatever their names', async () => {
  const root = temporaryFolder();
  await writeTree(root, ['Ünal 笑/1.png', 'Zoë/2.png']);
  await writeTree(root, ['Zoë/text.png', 'notes.txt'], 'text');
  await writeTree(root, ['Zoë/empty.png'], '');
  symlinkSync('..', join(root, 'Zoë', 'again'));
  const events = await eventsOf(identityFolders, root, 'unlabeled');
  expect(events.flatMap((event) => (event.kind === 'image' ? [event.identity] : []))).toEqual(['Zoë', 'Ünal 笑']);
  expect(new Map(rejectedOf(events))).toEqual(
    new Map([
      ['Zoë/again', 'The symbolic link leads in a circle.'],
      ['Zoë/empty.png', 'The image has no bytes.'],
      ['Zoë/text.png', 'Not an image.'],
    ]),
  );
  await expect(eventsOf(identityFolders, temporaryFolder(), 'unlabeled')).rejects.toMatchObject({ code: 'bad-input' });
});

test('people carry no expressions', async () => {
  const root = temporaryFolder();
  await writeTree(root, ['Ann/1.png']);
  for (const role of ['labeled', 'validation', 'test'] as const) {
    await expect(eventsOf(identityFolders, root, role)).rejects.toMatchObject({
      ...{ code: 'bad-input', commandLine: expect.stringContaining('--role unlabeled') },
    });
  }
});
