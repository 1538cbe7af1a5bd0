import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { openCheckpointFile, withCheckpointFile } from '#main/interchange/checkpoint-file.ts';
import { StateDictionary, type TorchObject, writePyTorch } from '#main/interchange/pytorch/checkpoint-writer.ts';
import { zipChunks } from '#main/interchange/pytorch/zip-writer.ts';
import type { SafetensorsTensor } from '#main/interchange/safetensors.ts';

const folder = mkdtempSync(join(tmpdir(), 'pytorch-'));
afterAll(() => rmSync(folder, { recursive: true }));

function floats(...values: number[]): SafetensorsTensor {
  return { dtype: 'F32', shape: [values.length], data: Float32Array.from(values) };
}

async function readAll(path: string): Promise<Map<string, SafetensorsTensor>> {
  return withCheckpointFile(path, async ({ tensors }) => {
    const read: [string, SafetensorsTensor][] = [];
    for (const tensor of tensors) read.push([tensor.path.join('/'), await tensor.read()]);
    return new Map(read);
  });
}

/** A PyTorch file of this pickle (in latin1) and these storages. */
function fileOf(name: string, pickle: string, storages: Readonly<Record<string, Uint8Array>> = {}): string {
  const path = join(folder, name);
  const files = [
    { name: 'a/data.pkl', bytes: Buffer.from(pickle, 'latin1') },
    ...Object.entries(storages).map(([key, bytes]) => ({ name: `a/data/${key}`, bytes })),
  ];
  writeFileSync(path, Buffer.concat(zipChunks(files)));
  return path;
}

const STORAGE = (count: string, type = 'FloatStorage'): string =>
  `(X\x07\x00\x00\x00storagectorch\n${type}\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu${count}tQ`;
/** {'w': tensor of storage 0} with this offset, shape and strides. */
const TENSOR = (count: string, offset: string, shape: string, strides: string): string =>
  `\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n(${STORAGE(count)}${offset}${shape}${strides}\x89ccollections\nOrderedDict\n)RtRs.`;
const FOUR_FLOATS = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);

describe('what is written', () => {
  test('is read back: every type, values beside the tensors, and lists in dictionaries', async () => {
    const path = join(folder, 'all.pth');
    const tensors = new Map<string, SafetensorsTensor>([
      ['f64', { dtype: 'F64', shape: [2], data: Float64Array.of(Math.PI, -0) }],
      ['f32', { dtype: 'F32', shape: [2, 1], data: Float32Array.of(1.5, Infinity) }],
      ['f16', { dtype: 'F16', shape: [1], data: Uint16Array.of(0x3c00) }],
      ['bf16', { dtype: 'BF16', shape: [1], data: Uint16Array.of(0x3f80) }],
      ['i64', { dtype: 'I64', shape: [], data: BigInt64Array.of(-(2n ** 63n)) }],
      ['i32', { dtype: 'I32', shape: [1], data: Int32Array.of(-7) }],
      ['i16', { dtype: 'I16', shape: [1], data: Int16Array.of(-300) }],
      ['i8', { dtype: 'I8', shape: [1], data: Int8Array.of(-128) }],
      ['u8', { dtype: 'U8', shape: [1], data: Uint8Array.of(255) }],
      ['bool', { dtype: 'BOOL', shape: [2], data: Uint8Array.of(1, 0) }],
      ['empty', { dtype: 'F32', shape: [0, 4], data: new Float32Array(0) }],
    ]);
    const object = new Map<string, TorchObject>([
      ['step', 1200],
      ['rate', 0.1],
      ['name', 'näme'],
      ['nothing', null],
      ['state_dict', new StateDictionary(tensors)],
      ['groups', [new Map<string | number, TorchObject>([[7, floats(1)]]), [true, floats(2)]]],
    ]);
    await writePyTorch(path, object);
    const read = await readAll(path);
    for (const [name, tensor] of tensors) expect(read.get(`state_dict/${name}`)).toEqual(tensor);
    expect(read.get('groups/0/7')).toEqual(floats(1));
    expect(read.get('groups/1/1')).toEqual(floats(2));
    expect(read.size).toBe(tensors.size + 2);
    const { values, kind } = await withCheckpointFile(path, (file) => Promise.resolve(file));
    expect(kind).toBe('pytorch-zip');
    expect([...values]).toEqual([
      ['step', 1200],
      ['rate', 0.1],
      ['name', 'näme'],
    ]);
  });

  test('is the same file every time, its storages aligned for readers that map it', async () => {
    const [first, second] = [join(folder, 'first.pth'), join(folder, 'second.pth')];
    const object = new StateDictionary(
      new Map([
        ['a', floats(1, 2, 3)],
        ['b', floats(4)],
      ]),
    );
    expect(await writePyTorch(first, object)).toBe(await writePyTorch(second, object));
    let position = 0;
    for (const chunk of zipChunks([
      { name: 'x/data/0', bytes: FOUR_FLOATS },
      { name: 'x/data/1', bytes: Uint8Array.of(9) },
    ])) {
      if (chunk === FOUR_FLOATS || (chunk.byteLength === 1 && chunk[0] === 9)) expect(position % 64).toBe(0);
      position += chunk.byteLength;
    }
  });
});

describe('views of a storage', () => {
  test.each([
    ['a part', 'K\x01', 'K\x02\x85', 'K\x01\x85', [2], [2, 3]],
    ['every other', 'K\x00', 'K\x02\x85', 'K\x02\x85', [2], [1, 3]],
    ['transposed', 'K\x00', 'K\x02K\x02\x86', 'K\x01K\x02\x86', [2, 2], [1, 3, 2, 4]],
    ['repeated', 'K\x03', 'K\x03\x85', 'K\x00\x85', [3], [4, 4, 4]],
    ['a number', 'K\x02', ')', ')', [], [3]],
  ])('%s', async (name, offset, shape, strides, expectedShape, expected) => {
    const path = fileOf(`view-${name}.pth`, TENSOR('K\x04', offset, shape, strides), { 0: FOUR_FLOATS });
    const tensor = (await readAll(path)).get('w')!;
    expect(tensor.shape).toEqual(expectedShape);
    expect([...(tensor.data as Float32Array)]).toEqual(expected);
  });

  test.each([
    ['beyond it', TENSOR('K\x04', 'K\x03', 'K\x02\x85', 'K\x01\x85'), /needs element 4, and the storage has 4/],
    ['with fewer strides than sides', TENSOR('K\x04', 'K\x00', 'K\x02K\x02\x86', 'K\x01\x85'), /no valid shape/],
    ['with a negative side', TENSOR('K\x04', 'K\x00', 'J\xff\xff\xff\xff\x85', 'K\x01\x85'), /no valid shape/],
    [
      'with more elements than can be counted',
      TENSOR('K\x04', 'K\x00', 'J\xff\xff\xff\x7fJ\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x87', 'K\x00K\x00K\x00\x87'),
      /more elements than any file/,
    ],
    [
      'repeated a billion times',
      TENSOR('K\x04', 'K\x00', 'J\x00\x00\x00\x40\x85', 'K\x00\x85'),
      /tensors claim 4294967296 bytes/,
    ],
  ])('%s are refused', async (name, pickle, reason) => {
    const path = fileOf(`bad view ${name}.pth`, pickle, { 0: FOUR_FLOATS });
    await expect(openCheckpointFile(path)).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringMatching(reason),
    });
  });
});

describe('pickles', () => {
  test('parameters of before PyTorch 0.4, as in torchvision’s oldest weights', async () => {
    const tensor = `ctorch._utils\n_rebuild_tensor\n(${STORAGE('K\x04')}K\x00K\x04\x85K\x01\x85tR`;
    const parameter = `ctorch.nn.parameter\nParameter\n${tensor}\x88\x86R(\x88\x89Ntb`;
    const pickle = `\x80\x02ccollections\nOrderedDict\n]](X\x01\x00\x00\x00w${parameter}ea\x85R.`;
    const path = fileOf('parameter.pth', pickle, { 0: FOUR_FLOATS });
    expect([...((await readAll(path)).get('w')!.data as Float32Array)]).toEqual([1, 2, 3, 4]);
  });

  test.each([
    ['a function', '\x80\x02cnumpy\ncore\n.', 'unsupported', /"numpy\.core" of Python, which the studio never runs/],
    ['a near miss', '\x80\x02ctorch._utils\n_rebuild_tensor_v2x\n.', 'unsupported', /_rebuild_tensor_v2x/],
    ['a storage that is none', '\x80\x02ctorch\nconstructor\n.', 'unsupported', /"torch\.constructor"/],
    ['an instance', '\x80\x02(i__main__\nX\n.', 'unsupported', /operation INST/],
    ['protocol 4', '\x80\x04.', 'unsupported', /protocol 4/],
    ['a call of a storage class', '\x80\x02ctorch\nFloatStorage\n)R.', 'corrupt', /a call of/],
    ['a call of text', '\x80\x02X\x01\x00\x00\x00a)R.', 'corrupt', /no function/],
    ['an unknown operation', '\x80\x02\xff.', 'corrupt', /no operation/],
    ['an empty stack', '\x80\x02.', 'corrupt', /empty stack/],
    ['a stack below a mark', '\x80\x02](ea.', 'corrupt', /empty stack/],
    ['a reference to nothing', '\x80\x02h\x05.', 'corrupt', /reference to value 5/],
    ['text that is cut short', '\x80\x02X\xff\x00\x00\x00abc', 'corrupt', /ends at byte 10/],
    ['no end', '\x80\x02}', 'corrupt', /without its end mark/],
    ['a dictionary in itself', '\x80\x02}q\x00X\x01\x00\x00\x00ah\x00s.', 'corrupt', /nested deeper/],
  ])('%s is refused', async (name, pickle, code, reason) => {
    const path = fileOf(`pickle ${name}.pth`, pickle);
    await expect(openCheckpointFile(path)).rejects.toMatchObject({ code, message: expect.stringMatching(reason) });
  });

  test.each([
    ['long', `]${'Na'.repeat(300_000)}`, /more than 500000 operations/],
    ['high', 'N'.repeat(30_000), /more than 20000 values wait/],
    ['nested', ']'.repeat(30_000), /more than 20000 values wait/],
    ['begun', '('.repeat(30_000), /more than 20000 values wait/],
  ])('a pickle that is too %s is left', async (name, operations, reason) => {
    const path = fileOf(`${name}.pth`, `\x80\x02${operations}.`);
    await expect(openCheckpointFile(path)).rejects.toMatchObject({ message: expect.stringMatching(reason) });
  });
});

describe('zip archives', () => {
  /** An entry, deflated, whose claimed size may be a lie. */
  function deflated(name: string, bytes: Uint8Array, claimed = bytes.byteLength): Buffer {
    const packed = deflateRawSync(bytes);
    const chunks = zipChunks([{ name, bytes: packed }]).map((chunk) => Buffer.from(chunk));
    const archive = Buffer.concat(chunks);
    const directory = archive.lastIndexOf('PK\x01\x02', undefined, 'latin1');
    for (const [position, value] of [
      [8, 8],
      [14, crc32(bytes)],
      [22, claimed],
    ] as const) {
      if (position === 8) archive.writeUInt16LE(value, position);
      else archive.writeUInt32LE(value, position);
    }
    archive.writeUInt16LE(8, directory + 10);
    archive.writeUInt32LE(crc32(bytes), directory + 16);
    archive.writeUInt32LE(claimed, directory + 24);
    return archive;
  }

  const PICKLE = Buffer.from('\x80\x02}X\x01\x00\x00\x00aK\x01s.', 'latin1');

  test('a deflated pickle is unpacked, and one that unpacks to another size is refused', async () => {
    writeFileSync(join(folder, 'deflated.pth'), deflated('a/data.pkl', PICKLE));
    await expect(openCheckpointFile(join(folder, 'deflated.pth'))).rejects.toMatchObject({
      message: /holds no tensor/,
    });
    for (const claimed of [PICKLE.byteLength - 1, PICKLE.byteLength + 1, 0]) {
      const path = join(folder, `claims-${claimed}.pth`);
      writeFileSync(path, deflated('a/data.pkl', PICKLE, claimed));
      await expect(openCheckpointFile(path)).rejects.toMatchObject({
        code: 'corrupt',
        message: /does not unpack to the/,
      });
    }
  });

  test('a changed byte is found by its checksum', async () => {
    const path = fileOf('changed.pth', TENSOR('K\x04', 'K\x00', 'K\x04\x85', 'K\x01\x85'), { 0: FOUR_FLOATS });
    const bytes = Buffer.concat(
      zipChunks([
        { name: 'a/data.pkl', bytes: Buffer.from(TENSOR('K\x04', 'K\x00', 'K\x04\x85', 'K\x01\x85'), 'latin1') },
        { name: 'a/data/0', bytes: FOUR_FLOATS },
      ]),
    );
    const place = bytes.indexOf(Buffer.from(FOUR_FLOATS));
    bytes[place + 5] = bytes[place + 5]! ^ 1;
    writeFileSync(path, bytes);
    await expect(readAll(path)).rejects.toMatchObject({
      code: 'corrupt',
      message: /checksum of its entry "a\/data\/0"/,
    });
  });

  test('entries that overlap, or are there twice, are refused', async () => {
    const bytes = Buffer.concat(
      zipChunks([
        { name: 'a/data.pkl', bytes: PICKLE },
        { name: 'a/data/0', bytes: FOUR_FLOATS },
      ]),
    );
    const second = bytes.lastIndexOf('PK\x01\x02', undefined, 'latin1');
    const overlapping = Buffer.from(bytes);
    overlapping.writeUInt32LE(1, second + 42);
    writeFileSync(join(folder, 'overlap.pth'), overlapping);
    await expect(openCheckpointFile(join(folder, 'overlap.pth'))).rejects.toMatchObject({ message: /overlaps/ });
    const twice = Buffer.concat(
      zipChunks([
        { name: 'a/data.pkl', bytes: PICKLE },
        { name: 'a/data.pkl', bytes: PICKLE },
      ]),
    );
    writeFileSync(join(folder, 'twice.pth'), twice);
    await expect(openCheckpointFile(join(folder, 'twice.pth'))).rejects.toMatchObject({ message: /twice/ });
  });

  test('sizes and places may stand in the fields for more than 32 bits', async () => {
    const pickle = Buffer.from(TENSOR('K\x04', 'K\x00', 'K\x04\x85', 'K\x01\x85'), 'latin1');
    const files = [
      { name: 'a/data.pkl', bytes: pickle },
      { name: 'a/data/0', bytes: FOUR_FLOATS },
    ];
    const bytes = Buffer.concat(zipChunks(files));
    const directory = bytes.readUInt32LE(bytes.byteLength - 6);
    const rows = files.map(({ name, bytes: { byteLength } }, index) => {
      const start = bytes.indexOf(
        `PK\x01\x02`,
        index === 0 ? directory : directory + 46 + files[0]!.name.length,
        'latin1',
      );
      const row = Buffer.from(bytes.subarray(start, start + 46 + name.length));
      const extra = Buffer.alloc(28);
      extra.writeUInt16LE(1, 0);
      extra.writeUInt16LE(24, 2);
      extra.writeBigUInt64LE(BigInt(byteLength), 4);
      extra.writeBigUInt64LE(BigInt(byteLength), 12);
      extra.writeBigUInt64LE(BigInt(row.readUInt32LE(42)), 20);
      for (const place of [20, 24, 42]) row.writeUInt32LE(0xffffffff, place);
      row.writeUInt16LE(extra.byteLength, 30);
      return Buffer.concat([row, extra]);
    });
    const table = Buffer.concat(rows);
    const end64 = Buffer.alloc(56);
    end64.writeUInt32LE(0x06064b50, 0);
    end64.writeBigUInt64LE(2n, 32);
    end64.writeBigUInt64LE(BigInt(table.byteLength), 40);
    end64.writeBigUInt64LE(BigInt(directory), 48);
    const locator = Buffer.alloc(20);
    locator.writeUInt32LE(0x07064b50, 0);
    locator.writeBigUInt64LE(BigInt(directory + table.byteLength), 8);
    const end = Buffer.from(bytes.subarray(bytes.byteLength - 22));
    end.fill(0xff, 8, 20);
    const path = join(folder, 'zip64.pth');
    const archive = Buffer.concat([bytes.subarray(0, directory), table, end64, locator, end]);
    writeFileSync(path, archive);
    expect([...((await readAll(path)).get('w')!.data as Float32Array)]).toEqual([1, 2, 3, 4]);
    archive.writeUInt32LE(0, directory + table.byteLength);
    writeFileSync(path, archive);
    await expect(openCheckpointFile(path)).rejects.toMatchObject({ message: /ZIP64 directory cannot be found/ });
  });

  test('other archives are told what they are', async () => {
    writeFileSync(join(folder, 'other.pth'), Buffer.concat(zipChunks([{ name: 'a.txt', bytes: PICKLE }])));
    await expect(openCheckpointFile(join(folder, 'other.pth'))).rejects.toMatchObject({
      message: /torch\.save did not write/,
    });
    const script = zipChunks([
      { name: 'a/data.pkl', bytes: PICKLE },
      { name: 'a/code/x.py', bytes: PICKLE },
    ]);
    writeFileSync(join(folder, 'script.pt'), Buffer.concat(script));
    await expect(openCheckpointFile(join(folder, 'script.pt'))).rejects.toMatchObject({ message: /TorchScript/ });
  });
});
