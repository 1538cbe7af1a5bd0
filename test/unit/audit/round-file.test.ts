import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, expect, test } from 'vitest';
import { openRoundFile } from '#main/audit/rounds/round-file.ts';
import { faultOf, rowColumnsOf } from '#main/audit/rounds/round-rows.ts';

const folder = mkdtempSync(join(tmpdir(), 'face2exp-round-file-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function read(path: string): Promise<{ classCount: number; targets: readonly number[]; rows: unknown[] }> {
  const file = await openRoundFile(path);
  try {
    const rows: unknown[] = [];
    for await (const row of file.rows()) {
      const numbers = (values: ArrayLike<number> | null): number[] | null =>
        values === null ? null : Array.from(values, (value) => Number(value.toFixed(6)));
      if ('reason' in row) {
        rows.push(row);
        continue;
      }
      const { probabilities, embedding, ...rest } = row;
      rows.push({ ...rest, probabilities: numbers(probabilities), embedding: numbers(embedding) });
    }
    return { ...file.classes, rows };
  } finally {
    await file.close();
  }
}

const ROWS = [
  { line: 1, image: { path: 'a/1.png' }, probabilities: [0.5, 0.25, 0.25], embedding: [1, 2] },
  { line: 2, image: { path: 'ä/2.png' }, probabilities: [0, 1, 0], embedding: [0.5, -1] },
];

test('a csv with a column for each class, by name or by number', async () => {
  const named = await read(write('named.csv', 'image_path,prob_happy,prob_neutral\na.png,0.75,0.25\n'));
  expect(named).toEqual({
    ...{ classCount: 7, targets: [1, 0] },
    rows: [{ line: 2, image: { path: 'a.png' }, probabilities: [0.75, 0.25], embedding: null }],
  });
  const numbered = await read(write('numbered.csv', 'id;p1;p0;p2;label\n7;0.2;0.3;0.5;2\nx;1;0;0;1\n;1;0;0;1\n'));
  expect(numbered).toEqual({
    ...{ classCount: 3, targets: [0, 1, 2] },
    rows: [
      { line: 2, image: { id: 7 }, probabilities: [0.3, 0.2, 0.5], embedding: null },
      { line: 3, place: 'x', reason: 'That is no image’s number.' },
      { line: 4, place: '', reason: 'It names no image.' },
    ],
  });
});

test('JSON Lines and csv with lists', async () => {
  const lines = ROWS.map(({ image, probabilities, embedding }) =>
    JSON.stringify({ path: image.path, probabilities, embedding }),
  );
  expect((await read(write('lists.jsonl', lines.join('\n')))).rows).toEqual(ROWS);
  const csv = ROWS.map(({ image, probabilities }) => `${image.path},"${JSON.stringify(probabilities)}"`);
  const { rows } = await read(write('lists.csv', ['path,probs', ...csv, 'c.png,"[1]"', 'd.png,no'].join('\n')));
  expect(rows).toMatchObject([
    { image: { path: 'a/1.png' }, probabilities: [0.5, 0.25, 0.25] },
    { image: { path: 'ä/2.png' } },
    { line: 4, reason: 'It has 1 probabilities in place of 3.' },
    { line: 5, reason: 'It has 0 probabilities in place of 3.' },
  ]);
});

test('Parquet, with a column for each class or lists', async () => {
  const columns = (['neutral', 'happy', 'sad'] as const).map((name, column) => ({
    name,
    data: ROWS.map(({ probabilities }) => probabilities[column]!),
    type: 'DOUBLE' as const,
  }));
  const path = { name: 'path', data: ROWS.map(({ image }) => image.path), type: 'STRING' as const };
  const plain = await read(
    write('plain.parquet', new Uint8Array(parquetWriteBuffer({ columnData: [path, ...columns] }))),
  );
  expect(plain).toEqual({ classCount: 3, targets: [0, 1, 2], rows: ROWS.map((row) => ({ ...row, embedding: null })) });
  const damaged = write('damaged.parquet', 'PAR1 and no more');
  await expect(openRoundFile(damaged)).rejects.toThrow('damaged.parquet is not a sound Parquet file');
});

test('npz as NumPy writes it', async () => {
  const npz = write('answers.npz', zipOf(npzArrays()));
  expect(await read(npz)).toEqual({ classCount: 3, targets: [0, 1, 2], rows: ROWS });
  const { paths: _paths, ...unnamed } = npzArrays();
  const byId = { ...unnamed, ids: npy('<i8', [2], bytesOf(BigInt64Array.of(3n, 9n))) };
  expect((await read(write('ids.npz', zipOf(byId)))).rows).toMatchObject([{ image: { id: 3 } }, { image: { id: 9 } }]);
  const half = npy('<f2', [2, 3], bytesOf(Uint16Array.of(0x3800, 0x3400, 0x3400, 0, 0x3c00, 0)));
  expect((await read(write('half.npz', zipOf({ ...npzArrays(), probabilities: half })))).rows).toEqual(ROWS);
  const named = { ...npzArrays(), classes: npy('<U5', [3], utf32('sad', 5), utf32('anger', 5), utf32('fear', 5)) };
  expect(await read(write('named.npz', zipOf(named)))).toMatchObject({ classCount: 7, targets: [2, 6, 4] });
});

test.each<[string, Record<string, Uint8Array>, string]>([
  ['objects', { paths: npy('|O', [2]) }, 'its array paths holds Python objects'],
  ['big-endian', { probabilities: npy('>f4', [2, 3], new Uint8Array(24)) }, 'values of the type >f4'],
  ['short', { probabilities: npy('<f4', [2, 300], new Uint8Array(24)) }, 'claims 2×300 values and is shorter'],
  ['other', { probabilities: npy('<f4', [3, 2], new Uint8Array(24)) }, 'has 2 images and 3×2 probabilities'],
  ['wide', { probabilities: npy('<f4', [2, 9], new Uint8Array(72)) }, 'has 9 probabilities for each image'],
  ['none', { probabilities: new TextEncoder().encode('no array, however long') }, 'its probabilities is no array'],
  ['fortran', { probabilities: npy('<f4', [2, 3], new Uint8Array(24), true) }, 'in Fortran'],
])('an npz with %s is refused with the reason', async (name, arrays, sentence) => {
  const path = write(`bad-${name}.npz`, zipOf({ ...npzArrays(), ...arrays }));
  await expect(openRoundFile(path)).rejects.toThrow(sentence);
});

test('files that are no answers say what is missing', async () => {
  await expect(openRoundFile(write('empty.csv', ''))).rejects.toThrow('is no csv, JSON Lines, Parquet or npz file');
  await expect(openRoundFile(write('no-image.csv', 'happy,sad\n1,0\n'))).rejects.toThrow(
    'no column that names the image',
  );
  await expect(openRoundFile(write('no-class.csv', 'path,label\na,0\n'))).rejects.toThrow(
    'no probabilities of the classes',
  );
  await expect(openRoundFile(join(folder, 'none'))).rejects.toThrow('No such file');
});

test('columns are found by any usual name', () => {
  const found = (...names: string[]) => rowColumnsOf(names, 'f', null);
  expect(found('file', 'Happiness', 'ANGRY')).toMatchObject({ classes: { targets: [1, 6] }, probabilities: [1, 2] });
  expect(found('id', 'path', 'class_0', 'class_1').image).toEqual({ column: 1, kind: 'path' });
  expect(found('path', '0', '1', 'emb_1', 'emb_0').embedding).toEqual([4, 3]);
  expect(() => found('path', 'p0', 'p2')).toThrow('no probabilities');
});

test('probabilities must be some', () => {
  expect(faultOf([0.5, 0.5])).toBeNull();
  expect(faultOf([0.5, 0.4951])).toBeNull();
  expect(faultOf([0.5, 0.48])).toMatch('sum to 0.98');
  expect(faultOf([NaN, 1])).toMatch('probability 1 of 2 is not a number');
  expect(faultOf([-0.1, 1.1])).toMatch('is -0.1, outside');
});

function npzArrays(): Record<'paths' | 'probabilities' | 'embeddings', Uint8Array> {
  const longest = 7;
  return {
    paths: npy(`<U${longest}`, [2], ...ROWS.map(({ image }) => utf32(image.path, longest))),
    probabilities: npy('<f4', [2, 3], bytesOf(Float32Array.from(ROWS.flatMap(({ probabilities }) => probabilities)))),
    embeddings: npy('<f8', [2, 2], bytesOf(Float64Array.from(ROWS.flatMap(({ embedding }) => embedding)))),
  };
}

function npy(type: string, shape: readonly number[], ...data: readonly (Uint8Array | boolean)[]): Uint8Array {
  const isFortran = data.includes(true);
  const shapeText = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${type}', 'fortran_order': ${isFortran ? 'True' : 'False'}, 'shape': (${shapeText}), }`;
  const header = `${text.padEnd(117)}\n`;
  const begin = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, header.length, 0]);
  const parts = data.filter((part) => typeof part !== 'boolean');
  return Buffer.concat([begin, Buffer.from(header), ...parts]);
}

function utf32(text: string, length: number): Uint8Array {
  const points = [...text].map((character) => character.codePointAt(0)!);
  return bytesOf(Uint32Array.from({ length }, (_, index) => points[index] ?? 0));
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** A zip archive with stored entries, as np.savez writes it (APPNOTE.TXT 4.3). */
function zipOf(arrays: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, data] of Object.entries(arrays)) {
    const file = Buffer.from(`${name}.npy`);
    const sizes = Buffer.alloc(12);
    sizes.writeUInt32LE(crc32(data), 0);
    sizes.writeUInt32LE(data.byteLength, 4);
    sizes.writeUInt32LE(data.byteLength, 8);
    const lengths = Buffer.from([file.length, 0, 0, 0]);
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), Buffer.alloc(10), sizes, lengths, file, data]);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\u0001\u0002'), Buffer.alloc(12), sizes, lengths, place, file]));
    parts.push(local);
    offset += local.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\u0005\u0006');
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, listed, end]);
}
