import type { link as realLink } from 'node:fs/promises';
import { mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import { StudioError } from '#shared/errors.ts';
import { classFolders } from '#main/exporters/class-folders.ts';
import { decodeImage } from '#main/imaging/decode.ts';
import { encodePng } from '#main/imaging/png.ts';
import { exportTask, exportedImage, filesIn, temporaryFolder } from './support.ts';

/** Paths whose links fail as between two disks; links are real otherwise. */
const { otherDisk } = vi.hoisted(() => ({ otherDisk: new Set<string>() }));
vi.mock('node:fs/promises', async (importOriginal) => {
  const original = await importOriginal<{ link: typeof realLink }>();
  const link: typeof realLink = (from, to) =>
    otherDisk.has(String(from))
      ? Promise.reject(Object.assign(new Error('cross-device link'), { code: 'EXDEV' }))
      : original.link(from, to);
  return { ...original, link };
});
beforeEach(() => otherDisk.clear());

/** A picture of one colour. */
function picture(path: string, [red, green, blue]: readonly [number, number, number], side = 4): string {
  const data = new Uint8Array(side * side * 3);
  for (let index = 0; index < data.length; index += 3) data.set([red, green, blue], index);
  writeFileSync(path, encodePng({ width: side, height: side, data }));
  return path;
}

const file = (path: string) => ({ path, encoding: 'file' as const });

test('files become hard links in folders of split and class', async () => {
  const folder = temporaryFolder();
  const paths = [1, 2, 3].map((number) => picture(join(folder, `${number}.PNG`), [number, 0, 0]));
  const target = join(folder, 'made');
  const outcome = await classFolders({ copy: false })(
    exportTask(target, [
      exportedImage({ id: 1, label: 1, reference: file(paths[0]!) }),
      exportedImage({ id: 2, label: 6, split: 'test', reference: file(paths[1]!) }),
      exportedImage({ id: 3, label: null, split: 'unlabeled', reference: file(paths[2]!) }),
    ]),
  );
  expect(outcome).toEqual({ images: 3, notes: [] });
  expect(filesIn(target)).toEqual(['test/anger/2.PNG', 'train/happy/1.PNG', 'unlabeled/unlabeled/3.PNG']);
  expect(statSync(join(target, 'train/happy/1.PNG')).ino).toBe(statSync(paths[0]!).ino);
});

test('copies are files of their own', async () => {
  const folder = temporaryFolder();
  const path = picture(join(folder, 'a.png'), [9, 9, 9]);
  const target = join(folder, 'made');
  await classFolders({ copy: true })(exportTask(target, [exportedImage({ id: 1, reference: file(path) })]));
  const copy = join(target, 'train/neutral/a.png');
  expect(readFileSync(copy)).toEqual(readFileSync(path));
  expect(statSync(copy).ino).not.toBe(statSync(path).ino);
});

test('images of one name all find a place, also where capitals are not told apart', async () => {
  const folder = temporaryFolder();
  const paths = ['x', 'y', 'z', 'w'].map((name, number) => {
    mkdirSync(join(folder, name));
    return picture(join(folder, name, number === 1 ? 'FACE.png' : 'face.png'), [number, 0, 0]);
  });
  const last = picture(join(folder, 'face-3.png'), [8, 0, 0]);
  const target = join(folder, 'made');
  const images = [
    exportedImage({ id: 1, reference: file(paths[0]!) }),
    exportedImage({ id: 9, reference: file(last) }),
    exportedImage({ id: 2, reference: file(paths[1]!) }),
    exportedImage({ id: 3, reference: file(paths[2]!) }),
    exportedImage({ id: 4, label: 1, reference: file(paths[3]!) }),
  ];
  await classFolders({ copy: false })(exportTask(target, images));
  expect(filesIn(target)).toEqual([
    'train/happy/face.png',
    'train/neutral/FACE-2.png',
    'train/neutral/face-3-2.png',
    'train/neutral/face-3.png',
    'train/neutral/face.png',
  ]);
  expect(statSync(join(target, 'train/neutral/face-3-2.png')).ino).toBe(statSync(paths[2]!).ino);
});

test('what is part of a file becomes a PNG of its pixels', async () => {
  const folder = temporaryFolder();
  const path = picture(join(folder, 'a.png'), [10, 20, 30], 6);
  const bytes = readFileSync(path);
  const record = join(folder, 'faces.rec');
  writeFileSync(record, Buffer.concat([Buffer.alloc(5), bytes, Buffer.alloc(5)]));
  const target = join(folder, 'made');
  const box = { x: 1, y: 1, width: 3, height: 2 };
  const outcome = await classFolders({ copy: false })(
    exportTask(target, [
      exportedImage({ id: 1, reference: { ...file(path), box } }),
      exportedImage({
        id: 2,
        reference: { path: record, encoding: 'file-slice', offset: 5, length: bytes.length },
      }),
    ]),
  );
  expect(outcome.notes).toEqual(['2 images are parts of files and were written as PNG.']);
  const crop = await decodeImage(file(join(target, 'train/neutral/a.png')));
  expect([crop.width, crop.height, ...crop.data.slice(0, 3)]).toEqual([3, 2, 10, 20, 30]);
  const whole = await decodeImage(file(join(target, 'train/neutral/faces.png')));
  expect([whole.width, whole.height]).toEqual([6, 6]);
});

test('where no link can be made the file is copied, and that is said', async () => {
  const folder = temporaryFolder();
  const [near, far] = ['near.png', 'far.png'].map((name) => picture(join(folder, name), [1, 2, 3]));
  otherDisk.add(far!);
  const target = join(folder, 'made');
  const outcome = await classFolders({ copy: false })(
    exportTask(target, [
      exportedImage({ id: 1, reference: file(far!) }),
      exportedImage({ id: 2, reference: file(near!) }),
    ]),
  );
  expect(outcome).toEqual({
    images: 2,
    notes: ['1 files were copied: no hard link can be made from where they are.'],
  });
  expect(readFileSync(join(target, 'train/neutral/far.png'))).toEqual(readFileSync(far!));
  expect(statSync(join(target, 'train/neutral/near.png')).ino).toBe(statSync(near!).ino);
});

test('a symbolic link brings the file it leads to', async () => {
  const folder = temporaryFolder();
  const path = picture(join(folder, 'a.png'), [1, 2, 3]);
  symlinkSync('a.png', join(folder, 'link.png'));
  const target = join(folder, 'made');
  await classFolders({ copy: false })(
    exportTask(target, [exportedImage({ id: 1, reference: file(join(folder, 'link.png')) })]),
  );
  expect(statSync(join(target, 'train/neutral/link.png')).ino).toBe(statSync(path).ino);
});

test('an image that cannot be read is left out and named; the others are there', async () => {
  const folder = temporaryFolder();
  const path = picture(join(folder, 'a.png'), [1, 2, 3]);
  writeFileSync(join(folder, 'broken.png'), 'not a picture');
  const target = join(folder, 'made');
  const box = { x: 0, y: 0, width: 1, height: 1 };
  const outcome = await classFolders({ copy: false })(
    exportTask(target, [
      exportedImage({ id: 1, reference: file(join(folder, 'gone.png')) }),
      exportedImage({ id: 2, reference: file(path) }),
      exportedImage({ id: 3, reference: { ...file(join(folder, 'broken.png')), box } }),
    ]),
  );
  expect(outcome.images).toBe(1);
  expect(outcome.notes).toEqual([expect.stringMatching(/^2 images could not be read .*gone\.png.*broken\.png/)]);
  expect(filesIn(target)).toEqual(['train/neutral/a.png']);
});

test('a folder with files in it is refused; an empty one is used', async () => {
  const folder = temporaryFolder();
  const images = [exportedImage({ id: 1, reference: file(picture(join(folder, 'a.png'), [1, 2, 3])) })];
  const [full, empty] = ['full', 'empty'].map((name) => join(folder, name));
  mkdirSync(full!);
  writeFileSync(join(full!, 'mine.txt'), '');
  mkdirSync(empty!);
  const exporter = classFolders({ copy: false });
  await expect(exporter(exportTask(full!, images))).rejects.toMatchObject({ code: 'conflict' });
  expect(readdirSync(full!)).toEqual(['mine.txt']);
  await exporter(exportTask(empty!, images));
  expect(filesIn(empty!)).toEqual(['train/neutral/a.png']);
});

test('an export that is stopped leaves nothing, and the sources as they are', async () => {
  const folder = temporaryFolder();
  const path = picture(join(folder, 'a.png'), [1, 2, 3]);
  const stop = new AbortController();
  const images = Array.from({ length: 6 }, (_, id) => exportedImage({ id, reference: file(path) }));
  const task = { ...exportTask(join(folder, 'made'), images, stop.signal), onProgress: () => stop.abort(CANCELLED) };
  await expect(classFolders({ copy: false })(task)).rejects.toMatchObject({ code: 'cancelled' });
  expect(readdirSync(folder)).toEqual(['a.png']);
  expect(statSync(path).nlink).toBe(1);
});

const CANCELLED = new StudioError('cancelled', 'Cancelled.');

test('a name too long for another disk is shortened', async () => {
  const folder = temporaryFolder();
  const path = picture(join(folder, `${'笑'.repeat(80)}.png`), [1, 2, 3]);
  const target = join(folder, 'made');
  await classFolders({ copy: false })(
    exportTask(target, [
      exportedImage({ id: 1, reference: file(path) }),
      exportedImage({ id: 2_000_000, reference: file(path) }),
    ]),
  );
  // 180 bytes are 60 characters of three.
  expect(filesIn(target)).toEqual([
    `train/neutral/${'笑'.repeat(60)}-2000000.png`,
    `train/neutral/${'笑'.repeat(60)}.png`,
  ]);
});
