import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { expect, test } from 'vitest';
import { csvRecords } from '#shared/csv.ts';
import { StudioError } from '#shared/errors.ts';
import type { ExportedImage } from '#shared/export.ts';
import { exportCoco } from '#main/exporters/coco.ts';
import type { Exporter } from '#main/exporters/exporter.ts';
import { exportParquet } from '#main/exporters/parquet.ts';
import { exportCsv, exportJsonLines } from '#main/exporters/text-lines.ts';
import { exportTask, exportedImage, temporaryFolder } from './support.ts';

/** Everything an image can have, and everything it can lack. */
const images: readonly ExportedImage[] = [
  exportedImage({
    id: 1,
    label: 6,
    identity: 'Zoë, “the 1st”',
    reference: {
      path: '/d/a, "b"\n\'c\'.jpg',
      encoding: 'file',
      box: { x: -1.5, y: 2, width: 30.25, height: 40 },
    },
  }),
  exportedImage({ id: 2, split: 'unlabeled', label: null, identity: '', width: null, height: null, excluded: true }),
  exportedImage({
    id: 3,
    label: 7,
    identity: 'null',
    reference: { path: '/d/faces.rec', encoding: 'file-slice', offset: 5_000_000_000, length: 12 },
  }),
];

const COLUMNS =
  'id,source,split,class,label,identity,path,encoding,byte_offset,byte_length,box_x,box_y,box_width,box_height,width,height,excluded';

/** The rows every tabular format holds. */
const ROWS = [
  {
    id: 1,
    source: 'faces',
    split: 'train',
    class: 'anger',
    label: 6,
    identity: 'Zoë, “the 1st”',
    path: '/d/a, "b"\n\'c\'.jpg',
    encoding: 'file',
    byte_offset: null,
    byte_length: null,
    box_x: -1.5,
    box_y: 2,
    box_width: 30.25,
    box_height: 40,
    width: 48,
    height: 40,
    excluded: false,
  },
  {
    id: 2,
    source: 'faces',
    split: 'unlabeled',
    class: null,
    label: null,
    identity: '',
    path: '/data/faces/2.png',
    encoding: 'file',
    byte_offset: null,
    byte_length: null,
    box_x: null,
    box_y: null,
    box_width: null,
    box_height: null,
    width: null,
    height: null,
    excluded: true,
  },
  {
    id: 3,
    source: 'faces',
    split: 'train',
    class: 'contempt',
    label: 7,
    identity: 'null',
    path: '/d/faces.rec',
    encoding: 'file-slice',
    byte_offset: 5_000_000_000,
    byte_length: 12,
    box_x: null,
    box_y: null,
    box_width: null,
    box_height: null,
    width: 48,
    height: 40,
    excluded: false,
  },
];

async function exported(exporter: Exporter): Promise<string> {
  const target = join(temporaryFolder(), 'images');
  const task = exportTask(target, images);
  expect(await exporter(task)).toEqual({ images: 3, notes: [] });
  expect(task.progress).toEqual([2, 3]);
  return target;
}

test('csv is quoted exactly', async () => {
  const text = readFileSync(await exported(exportCsv), 'utf8');
  expect(text).toBe(
    `${COLUMNS}\r\n` +
      '1,faces,train,anger,6,"Zoë, “the 1st”","/d/a, ""b""\n\'c\'.jpg",file,,,-1.5,2,30.25,40,48,40,false\r\n' +
      '2,faces,unlabeled,,,"",/data/faces/2.png,file,,,,,,,,,true\r\n' +
      '3,faces,train,contempt,7,null,/d/faces.rec,file-slice,5000000000,12,,,,,48,40,false\r\n',
  );
  const [header, ...records] = csvRecords(text);
  expect(header).toEqual(COLUMNS.split(','));
  expect(records).toEqual(ROWS.map((row) => Object.values(row).map((value) => String(value ?? ''))));
});

test('JSON Lines holds an object a line', async () => {
  const lines = readFileSync(await exported(exportJsonLines), 'utf8').split('\n');
  expect(lines.pop()).toBe('');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(ROWS);
});

test('Parquet is read again by another program’s reader with the same values and types', async () => {
  const file = await asyncBufferFromFile(await exported(exportParquet));
  const rows = await parquetReadObjects({ file });
  const numbers = rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name,
        typeof value === 'bigint' ? Number(value) : (value as unknown),
      ]),
    ),
  );
  expect(numbers).toEqual(ROWS);
  const { schema } = await parquetMetadataAsync(file);
  const types = new Map(schema.map(({ name, type, converted_type }) => [name, converted_type ?? type]));
  expect(['id', 'path', 'box_x', 'excluded'].map((name) => types.get(name))).toEqual([
    'INT64',
    'UTF8',
    'DOUBLE',
    'BOOLEAN',
  ]);
});

test('COCO has all images, and an annotation for each with a label', async () => {
  const target = await exported(exportCoco);
  const document = JSON.parse(readFileSync(target, 'utf8')) as Record<string, unknown[]>;
  expect(document['categories']).toHaveLength(8);
  expect(document['categories']![6]).toEqual({ id: 7, name: 'anger', supercategory: 'expression' });
  const common = { width: 48, height: 40, source: 'faces', split: 'train' };
  expect(document['images']).toEqual([
    { ...common, id: 1, file_name: '/d/a, "b"\n\'c\'.jpg', identity: 'Zoë, “the 1st”' },
    { ...common, id: 2, file_name: '/data/faces/2.png', width: null, height: null, split: 'unlabeled', identity: '' },
    {
      ...common,
      id: 3,
      file_name: '/d/faces.rec',
      identity: 'null',
      encoding: 'file-slice',
      byte_offset: 5_000_000_000,
      byte_length: 12,
    },
  ]);
  expect(document['annotations']).toEqual([
    { id: 1, image_id: 1, category_id: 7, bbox: [-1.5, 2, 30.25, 40], area: 1210, iscrowd: 0 }, // 30.25 · 40
    { id: 3, image_id: 3, category_id: 8, bbox: [0, 0, 48, 40], area: 1920, iscrowd: 0 },
  ]);
  expect(readdirSync(join(target, '..'))).toEqual(['images']);
});

const EXPORTERS: readonly Exporter[] = [exportCsv, exportJsonLines, exportParquet, exportCoco];

test('an export that is stopped leaves the file that was there, and nothing of its own', async () => {
  for (const exporter of EXPORTERS) {
    const folder = temporaryFolder();
    const target = join(folder, 'images');
    writeFileSync(target, 'before');
    const stop = new AbortController();
    const task = exportTask(target, images, stop.signal);
    const stopping = { ...task, onProgress: () => stop.abort(new StudioError('cancelled', 'Cancelled.')) };
    await expect(exporter(stopping)).rejects.toMatchObject({ code: 'cancelled' });
    expect(readdirSync(folder)).toEqual(['images']);
    expect(readFileSync(target, 'utf8')).toBe('before');
  }
});

test('a place that is not there is named', async () => {
  for (const exporter of EXPORTERS) {
    const target = join(temporaryFolder(), 'none', 'images');
    await expect(exporter(exportTask(target, images))).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining(target) as string,
    });
  }
});
