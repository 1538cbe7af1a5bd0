import { createWriteStream, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, expect, test } from 'vitest';
import type { ImportResult } from '#shared/catalog.ts';
import { openCatalog } from '#main/catalog/catalog.ts';
import { decodeImage } from '#main/imaging/decode.ts';
import { runJson } from '../contract/command.ts';

/** FER2013 from its class folders and as the csv it can be turned into, FER+'s votes, and LFW by its people. */

const data = process.env['FACE2EXP_REAL_DATA'] ?? '';
const folder = mkdtempSync(join(tmpdir(), 'face2exp-real-imports-'));
const workspace = ['--workspace', join(folder, 'workspace')];
const csv = join(folder, 'fer2013.csv');
const LIMIT = { timeout: 900_000 };
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ROWS = 35_887;
const USAGES = { train: 'Training', val: 'PublicTest', test: 'PrivateTest' } as const;
/** FER2013's numbers. */
const CLASSES = ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral'];
/** Every so many rows are compared pixel by pixel. */
const COMPARED_EVERY = 37;

interface RowFile {
  readonly file: string;
  readonly emotion: number;
  readonly usage: string;
}

/** The files in the order of the csv's rows. Ten files of the training split are named after no row: they take the rows that are left. */
function rowFiles(): RowFile[] {
  const rows: RowFile[] = [];
  const unplaced: RowFile[] = [];
  for (const [split, usage] of Object.entries(USAGES)) {
    for (const [emotion, name] of CLASSES.entries()) {
      for (const file of readdirSync(join(data, 'fer2013', split, name))) {
        const row = { file: join(data, 'fer2013', split, name, file), emotion, usage };
        const number = /^(\d+)\.png$/.exec(file)?.[1];
        if (number === undefined) unplaced.push(row);
        else rows[Number(number)] = row;
      }
    }
  }
  return Array.from({ length: ROWS }, (_, number) => rows[number] ?? unplaced.pop()!);
}

async function writeCsv(): Promise<void> {
  const stream = createWriteStream(csv);
  stream.write('emotion,pixels,Usage\n');
  for (const { file, emotion, usage } of rowFiles()) {
    const pixels = await sharp(file).greyscale().raw().toBuffer();
    if (!stream.write(`${emotion},${pixels.join(' ')},${usage}\n`)) await once(stream, 'drain');
  }
  stream.end();
  await once(stream, 'close');
}

const imported = (...parameters: string[]): Promise<ImportResult> => runJson('import', ...parameters, ...workspace);

test('the data are there', () => {
  for (const set of ['fer2013/train', 'fer2013/ferplus/fer2013new.csv', 'lfw-deepfunneled'])
    expect(existsSync(join(data, set)), `${set} in ${data}`).toBe(true);
});

test('FER2013 from class folders and as csv: the same images, none twice', LIMIT, async () => {
  const folders = await imported(join(data, 'fer2013'), '--source', 'folders');
  expect(folders).toMatchObject({ format: 'fer2013', added: ROWS, skipped: 0, failed: 0 });
  await writeCsv();
  const rows = await imported(csv, '--source', 'csv');
  expect(rows).toMatchObject({ format: 'fer2013', added: ROWS, skipped: 0, failed: 0 });
  for (const [path, source] of [
    [join(data, 'fer2013'), 'folders'],
    [csv, 'csv'],
  ] as const) {
    expect(await imported(path, '--source', source)).toMatchObject({ added: 0, skipped: ROWS, failed: 0 });
  }
  const catalog = openCatalog(join(folder, 'workspace/catalog.sqlite'));
  try {
    expect(catalog.stats({ source: 'csv' }).splits).toEqual(catalog.stats({ source: 'folders' }).splits);
    const files = new Map(
      catalog.sources.images(catalog.sources.get('folders').id).map((image) => [image.path, image]),
    );
    const places = catalog.sources.images(catalog.sources.get('csv').id);
    for (const [row, { file }] of rowFiles().entries()) {
      const image = files.get(file.slice(join(data, 'fer2013').length + 1))!;
      expect([row, image.split, image.label]).toEqual([row, places[row]!.split, places[row]!.label]);
      if (row % COMPARED_EVERY !== 0) continue;
      const [one, other] = await Promise.all(
        [image, places[row]!].map(({ id }) => decodeImage(catalog.images.reference(id).reference)),
      );
      expect(Buffer.compare(Buffer.from(one!.data), Buffer.from(other!.data)), file).toBe(0);
    }
    expect(catalog.integrityCheck()).toEqual([]);
  } finally {
    catalog.close();
  }
});

test('FER+ joined: 35,706 files have votes, and 62.6 % of the most voted choices are the label', LIMIT, async () => {
  const list = join(data, 'fer2013/ferplus/fer2013new.csv');
  const files = await imported(list, '--source', 'folders');
  expect(files).toMatchObject({
    format: 'ferplus',
    added: 35_706,
    failed: 0,
    votes: { joined: 35_706, unknown: 222, nonFace: 4 },
  });
  expect(files.votes!.agreeing / files.votes!.joined).toBeCloseTo(0.626, 3);
  // The csv also has the rows of the files that are named after none.
  const rows = await imported(list, '--source', 'csv');
  expect(rows.votes).toMatchObject({ joined: 35_714, unmatched: 0 });
  expect(rows.votes!.agreeing / rows.votes!.joined).toBeCloseTo(0.626, 3);
  expect(await imported(list, '--source', 'folders')).toMatchObject({ added: 0, skipped: 35_706 });
});

test('LFW by its people', LIMIT, async () => {
  const lfw = await imported(join(data, 'lfw-deepfunneled'), '--role', 'unlabeled');
  expect(lfw).toMatchObject({ format: 'identity', added: 13_233, failed: 0 });
  const catalog = openCatalog(join(folder, 'workspace/catalog.sqlite'));
  expect(catalog.stats({ source: 'lfw-deepfunneled' }).sources[0]).toMatchObject({ identities: 5_749, total: 13_233 });
  catalog.close();
});
