import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { classFolders } from '#main/importers/class-folders.ts';
import { eventsOf, imagesOf, picture, rejectedOf, temporaryFolder, writeTree } from './image-tree.ts';

test.skipIf(process.platform === 'win32')('every file that cannot be used is named with its reason', async () => {
  const root = temporaryFolder();
  const large = await picture(300, 300);
  const happy = join(root, 'happy');
  await writeTree(root, ['happy/fine.png']);
  writeFileSync(join(happy, 'cut.png'), large.subarray(0, large.length - 40));
  writeFileSync(join(happy, 'empty.jpg'), '');
  writeFileSync(join(happy, 'text.png'), 'This is a letter, not a picture.');
  symlinkSync('circle.png', join(happy, 'circle.png'));
  symlinkSync('nowhere.png', join(happy, 'dangling.png'));
  symlinkSync(root, join(happy, 'up'));
  execFileSync('mkfifo', [join(happy, 'pipe.png')]);
  writeFileSync(Buffer.concat([Buffer.from(`${happy}/latin`), Buffer.from([0xe9]), Buffer.from('.png')]), large);
  const events = await eventsOf(classFolders, root, 'labeled');
  expect(imagesOf(events)).toEqual([['happy/fine.png', 'train', 1]]);
  expect(new Map(rejectedOf(events))).toEqual(
    new Map([
      ['happy/circle.png', 'The symbolic link leads in a circle.'],
      ['happy/cut.png', 'The image is cut short.'],
      ['happy/dangling.png', expect.stringContaining('There is no image')],
      ['happy/empty.jpg', 'The image has no bytes.'],
      ['happy/latin\uFFFD.png', 'The name is not Unicode; rename it.'],
      ['happy/pipe.png', 'It is neither a file nor a folder.'],
      ['happy/text.png', 'Not an image.'],
      ['happy/up', 'The symbolic link leads in a circle.'],
    ]),
  );
});

test('a picture of too many pixels is rejected without being decoded', async () => {
  const root = temporaryFolder();
  await writeTree(root, ['sad/huge.png'], huge(await picture()));
  expect(rejectedOf(await eventsOf(classFolders, root, 'labeled'))).toEqual([
    ['sad/huge.png', expect.stringContaining('60000 × 60000 pixels')],
  ]);
});

/** A PNG whose header says 60,000 × 60,000; width and height are the big-endian numbers at bytes 16 and 20. */
function huge(png: Buffer): Buffer {
  const bytes = Buffer.from(png);
  bytes.writeUInt32BE(60_000, 16);
  bytes.writeUInt32BE(60_000, 20);
  return bytes;
}

test('other files and hidden ones are passed over in silence', async () => {
  const root = temporaryFolder();
  await writeTree(root, ['README.txt', 'labels.csv', 'happy/Thumbs.db', 'happy/.hidden.png', '.git/sad/1.png'], 'text');
  await writeTree(root, ['happy/1.png']);
  const events = await eventsOf(classFolders, root, 'labeled');
  expect(events.map(({ kind }) => kind)).toEqual(['total', 'image']);
});

test('names in any script, with spaces and quotes, and links to other folders', async () => {
  const root = temporaryFolder();
  const elsewhere = temporaryFolder();
  await writeTree(root, ['sad/a b/日本語 “x” %20 é.png', 'sad/🙂.webp']);
  await writeTree(elsewhere, ['1.png']);
  symlinkSync(elsewhere, join(root, 'happy'));
  expect(imagesOf(await eventsOf(classFolders, root, 'labeled'))).toEqual([
    ['happy/1.png', 'train', 1],
    ['sad/🙂.webp', 'train', 2],
    ['sad/a b/日本語 “x” %20 é.png', 'train', 2],
  ]);
});

test('the order is by name, files before the folders beside them, in every run', async () => {
  const root = temporaryFolder();
  const names = ['happy/z.png', 'happy/B.png', 'happy/10.png', 'happy/9.png', 'happy/a/1.png', 'happy/é.png'];
  await writeTree(root, names.toReversed());
  const paths = imagesOf(await eventsOf(classFolders, root, 'labeled')).map(([path]) => path);
  expect(paths).toEqual(['happy/10.png', 'happy/9.png', 'happy/B.png', 'happy/z.png', 'happy/é.png', 'happy/a/1.png']);
});

test('paths longer than the system takes are rejected', async () => {
  const root = temporaryFolder();
  let folder = join(root, 'happy');
  await writeTree(root, ['happy/1.png']);
  const part = 'x'.repeat(200);
  // As deep as one absolute path can name; the system's limit is 4,096 bytes.
  while (folder.length + part.length + 1 < 4_000) folder = join(folder, part);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, '1.png'), await picture());
  const events = await eventsOf(classFolders, root, 'labeled');
  expect(imagesOf(events)).toHaveLength(2);
});

test.skipIf(process.getuid?.() === 0 || process.platform === 'win32')(
  'a folder that may not be read is rejected',
  async () => {
    const root = temporaryFolder();
    await writeTree(root, ['happy/1.png', 'sad/1.png']);
    chmodSync(join(root, 'sad'), 0);
    const events = await eventsOf(classFolders, root, 'labeled');
    chmodSync(join(root, 'sad'), 0o755);
    expect(rejectedOf(events)).toEqual([['sad', expect.stringContaining('Permission denied')]]);
  },
);
