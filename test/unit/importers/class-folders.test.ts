import { join } from 'node:path';
import { expect, test } from 'vitest';
import { classFolders } from '#main/importers/class-folders.ts';
import { ClassNames } from '#main/importers/index.ts';
import { eventsOf, imagesOf, leftOutOf, rejectedOf, temporaryFolder, totalOf, writeTree } from './image-tree.ts';

test('class folders in any usual spelling, without splits: all are for training', async () => {
  const root = temporaryFolder();
  await writeTree(root, ['Happiness/b.png', 'Happiness/a.png', '06_ANGRY/c.PNG', 'neutral/deeper/d.png']);
  const events = await eventsOf(classFolders, root, 'labeled');
  expect(totalOf(events)).toBe(4);
  expect(imagesOf(events)).toEqual([
    ['06_ANGRY/c.PNG', 'train', 6],
    ['Happiness/a.png', 'train', 1],
    ['Happiness/b.png', 'train', 1],
    ['neutral/deeper/d.png', 'train', 0],
  ]);
  expect(events.find((event) => event.kind === 'image')).toMatchObject({
    ...{ encoding: 'file', width: 5, height: 4, identity: null, truth: null },
  });
});

test('split folders above the classes or below them', async () => {
  const root = temporaryFolder();
  await writeTree(root, [
    'train/sad/1.png',
    'val/sad/1.png',
    'PrivateTest/fear/1.png',
    'sad/validation/1.png',
    'sad/2.png',
  ]);
  expect(imagesOf(await eventsOf(classFolders, root, 'labeled'))).toEqual([
    ['PrivateTest/fear/1.png', 'test', 4],
    ['sad/2.png', 'train', 2],
    ['sad/validation/1.png', 'validation', 2],
    ['train/sad/1.png', 'train', 2],
    ['val/sad/1.png', 'validation', 2],
  ]);
});

test('a role other than labeled decides the split', async () => {
  const root = temporaryFolder();
  await writeTree(root, ['train/sad/1.png', 'fear/1.png']);
  expect(imagesOf(await eventsOf(classFolders, root, 'test'))).toEqual([
    ['fear/1.png', 'test', 4],
    ['train/sad/1.png', 'test', 2],
  ]);
});

test('unknown class folders are listed before anything is read', async () => {
  const root = temporaryFolder();
  await writeTree(root, ['happy/1.png', 'train/grumpy/1.png', 'test/grumpy/1.png', 'happy/sad/1.png']);
  await writeTree(
    root,
    Array.from({ length: 9 }, (_, number) => `x${number}/1.png`),
  );
  await expect(eventsOf(classFolders, root, 'labeled')).rejects.toMatchObject({
    code: 'bad-input',
    message: `Folders below ${root} are no expressions: grumpy (2), happy/sad (1), x0 (1), x1 (1), x2 (1), x3 (1), x4 (1), x5 (1), … (11 names in all).`,
    hint: expect.stringContaining('neutral, happy, sad, surprise, fear, disgust, anger, contempt'),
  });
});

test('classes by names of one’s own, and classes that are left out', async () => {
  const root = temporaryFolder();
  await writeTree(root, ['Freude/1.png', '1/2.png', 'smirk/3.png', 'smirk/4.png', 'sad/5.png']);
  const classes = new ClassNames({ freude: 'happy', '1': 'surprise', Smirk: null });
  const events = await eventsOf(classFolders, root, 'labeled', [], { classes });
  expect(imagesOf(events)).toEqual([
    ['1/2.png', 'train', 3],
    ['Freude/1.png', 'train', 1],
    ['sad/5.png', 'train', 2],
  ]);
  expect(leftOutOf(events)).toEqual(['smirk', 'smirk']);
  expect(() => new ClassNames({ x: 'smug' })).toThrow(/“smug”, which “x” is to mean, is no class/);
});

test('a picture beside the class folders is rejected by itself; only such pictures are an error', async () => {
  const root = temporaryFolder();
  await writeTree(root, ['overview.png', 'train/more.png']);
  await expect(eventsOf(classFolders, root, 'labeled')).rejects.toMatchObject({
    code: 'bad-input',
    message: `The pictures below ${root} lie in no class folders.`,
  });
  await writeTree(root, ['train/happy/1.png']);
  const events = await eventsOf(classFolders, root, 'labeled');
  expect(imagesOf(events)).toEqual([['train/happy/1.png', 'train', 1]]);
  expect(rejectedOf(events)).toEqual([
    ['overview.png', 'It lies in no class folder.'],
    ['train/more.png', 'It lies in no class folder.'],
  ]);
});

test('unlabeled takes any folders; classes are kept aside only where every folder names one', async () => {
  const root = temporaryFolder();
  await writeTree(root, ['train/happy/1.png', 'sad/2.png']);
  const truths = async (): Promise<unknown[]> =>
    (await eventsOf(classFolders, root, 'unlabeled')).flatMap((event) =>
      event.kind === 'image' ? [[event.path, event.split, event.label, event.truth]] : [],
    );
  expect(await truths()).toEqual([
    ['sad/2.png', 'unlabeled', null, 2],
    ['train/happy/1.png', 'unlabeled', null, 1],
  ]);
  // Now the folders may as well be people, one of whom is called Sad.
  await writeTree(root, ['Ann/3.png', '4.png']);
  expect(await truths()).toEqual([
    ['4.png', 'unlabeled', null, null],
    ['Ann/3.png', 'unlabeled', null, null],
    ['sad/2.png', 'unlabeled', null, null],
    ['train/happy/1.png', 'unlabeled', null, null],
  ]);
});

test('what the catalog has is not looked at again', async () => {
  const root = temporaryFolder();
  await writeTree(root, ['happy/1.png', 'happy/2.png']);
  await writeTree(root, ['happy/1.png'], 'spoilt since');
  const events = await eventsOf(classFolders, root, 'labeled', ['happy/1.png']);
  expect(events.map(({ kind }) => kind)).toEqual(['total', 'known', 'image']);
});

test('an empty folder, a file and nothing at all', async () => {
  const root = temporaryFolder();
  await expect(eventsOf(classFolders, root, 'labeled')).rejects.toMatchObject({
    code: 'bad-input',
    message: expect.stringMatching(/no pictures/),
  });
  await writeTree(root, ['file.png']);
  await expect(eventsOf(classFolders, join(root, 'file.png'), 'labeled')).rejects.toMatchObject({
    ...{ code: 'bad-input', message: expect.stringMatching(/Not a folder/) },
  });
  await expect(eventsOf(classFolders, join(root, 'none'), 'labeled')).rejects.toMatchObject({ code: 'not-found' });
});
