import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { decodeImage } from '#main/imaging/decode.ts';
import { chooseImporter } from '#main/importers/index.ts';
import { recordIo } from '#main/importers/recordio.ts';
import { eventsOf, picture, rejectedOf, temporaryFolder, totalOf } from './image-tree.ts';
import { writeText } from './lists.ts';

const MAGIC = 0xced7230a;

/** A record as dmlc-core writes it: magic word, part and length, data, and zeros up to a multiple of four bytes. */
function record(data: Buffer, part = 0): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(MAGIC, 0);
  header.writeUInt32LE(part * 2 ** 29 + data.length, 4);
  return Buffer.concat([header, data, Buffer.alloc((4 - (data.length % 4)) % 4)]);
}

/** MXNet's image header before an image: one label in it, more behind it. */
function packed(labels: readonly number[], id: number, image: Buffer): Buffer {
  const header = Buffer.alloc(24 + (labels.length > 1 ? labels.length * 4 : 0));
  header.writeUInt32LE(labels.length > 1 ? labels.length : 0, 0);
  if (labels.length === 1) header.writeFloatLE(labels[0]!, 4);
  else labels.forEach((label, index) => header.writeFloatLE(label, 24 + index * 4));
  header.writeBigUInt64LE(BigInt(id), 8);
  return Buffer.concat([header, image]);
}

const jpeg = (side: number, background: string): Promise<Buffer> =>
  sharp({ create: { width: side, height: side, channels: 3, background } })
    .jpeg()
    .toBuffer();

const imagesIn = async (file: string, known: readonly string[] = []) =>
  (await eventsOf(recordIo, file, 'unlabeled', known)).filter((event) => event.kind === 'image');

test('faces are read in place, and their labels are people', async () => {
  const root = temporaryFolder();
  const faces = await Promise.all([jpeg(16, '#f00'), jpeg(20, '#0f0'), picture(24, 12)]);
  // As face-recognition sets have it: the first record has counts instead of an image, and the last ones tell of people.
  const file = writeText(
    root,
    'train.rec',
    Buffer.concat([
      record(packed([4, 6], 0, Buffer.alloc(0))),
      record(packed([17], 1, faces[0]!)),
      record(packed([17], 2, faces[1]!)),
      record(packed([85164, 3], 3, faces[2]!)),
      record(packed([1, 3], 4, Buffer.alloc(0))),
    ]),
  );
  writeText(root, 'train.idx', '0\t0\n1\t40\n2\t900\n3\t1800\n4\t2700\n');
  for (const path of [root, file, join(root, 'train.idx')]) {
    const chosen = await chooseImporter(path, 'auto');
    expect(chosen.importer, path).toBe(recordIo);
    expect(await recordIo.rootOf!(path, { classes: undefined! })).toBe(file);
  }
  const events = await eventsOf(recordIo, root, 'unlabeled');
  expect(totalOf(events)).toBe(5);
  const images = await imagesIn(file);
  expect(images.map(({ identity, width, height }) => [identity, width, height])).toEqual([
    ['17', 16, 16],
    ['17', 20, 20],
    ['85164', 24, 12],
  ]);
  const { data } = await decodeImage({
    path: file,
    encoding: 'file-slice',
    offset: images[1]!.offset,
    length: images[1]!.length,
  });
  expect(data[1]).toBeGreaterThan(250);
  expect(await imagesIn(file, [String(images[0]!.offset)])).toHaveLength(2);
});

test('people carry no expressions', async () => {
  const file = writeText(temporaryFolder(), 'a.rec', record(packed([1], 0, await picture())));
  await expect(eventsOf(recordIo, file, 'labeled')).rejects.toMatchObject({
    ...{ code: 'bad-input', commandLine: expect.stringMatching(/--role unlabeled/) },
  });
});

test('bad records are told by their place, and reading goes on behind them', async () => {
  const face = await jpeg(16, '#888');
  const good = record(packed([1], 0, face));
  const parts: Buffer[] = [];
  const places: number[] = [];
  const add = (part: Buffer): void => {
    places.push(parts.reduce((sum, { length }) => sum + length, 0));
    parts.push(part);
  };
  add(good);
  add(record(Buffer.from('short')));
  add(record(packed([1], 0, Buffer.from('This is no picture.'))));
  add(record(packed([1], 0, face.subarray(0, face.length - 60))));
  add(record(packed([1], 0, face), 1));
  add(record(Buffer.from('the rest'), 3));
  add(Buffer.from('eight by'));
  const huge = Buffer.alloc(8);
  huge.writeUInt32LE(MAGIC, 0);
  huge.writeUInt32LE(2 ** 29 - 1, 4);
  add(huge);
  const liar = packed([1], 0, Buffer.alloc(40));
  liar.writeUInt32LE(4_000_000_000, 0);
  add(record(liar));
  add(good);
  add(Buffer.from([1, 2, 3, 4]));
  const file = writeText(temporaryFolder(), 'bad.rec', Buffer.concat(parts));
  const events = await eventsOf(recordIo, file, 'unlabeled');
  expect(events.filter(({ kind }) => kind === 'image')).toHaveLength(2);
  const at = (index: number, within = 0): string => `byte ${places[index]! + within}`;
  expect(rejectedOf(events)).toEqual([
    [at(1, 8), 'The record of 5 bytes is too short for an image.'],
    [at(2, 32), 'Not an image.'],
    [at(3, 32), 'The image is cut short.'],
    [at(4, 8), 'The image is stored in parts and cannot be read in place.'],
    [at(6), `No record begins here; reading goes on at byte ${places[7]}.`],
    [at(7), 'The record is cut short: it says it has 536,870,911 bytes.'],
    [at(8, 8), 'The record says it has 4,000,000,000 labels and ends before them.'],
    [at(10), 'The file ends in the middle of a record.'],
  ]);
});

test('what is no RecordIO file is refused', async () => {
  const root = temporaryFolder();
  const file = writeText(root, 'text.rec', 'no records');
  expect(await recordIo.match(file)).toBeNull();
  await expect(eventsOf(recordIo, file, 'unlabeled')).rejects.toMatchObject({ code: 'bad-input' });
  mkdirSync(join(root, 'two'));
  for (const name of ['a.rec', 'b.rec']) writeText(join(root, 'two'), name, record(packed([1], 0, await picture())));
  await expect(eventsOf(recordIo, join(root, 'two'), 'unlabeled')).rejects.toThrow(/exactly one/);
});
