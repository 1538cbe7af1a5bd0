import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Role } from '#shared/images.ts';
import { decodeImage } from '#main/imaging/decode.ts';
import { fer2013 } from '#main/importers/fer2013.ts';
import type { ImportEvent } from '#main/importers/index.ts';
import { eventsOf, imagesOf, picture, rejectedOf, temporaryFolder, totalOf, writeTree } from './image-tree.ts';

/** 2,304 grey values, the first of which is `first` and the others 7. */
const pixels = (first: number, count = 2304): string => [first, ...Array<number>(count - 1).fill(7)].join(' ');

function csvOf(content: string): string {
  const file = join(temporaryFolder(), 'fer2013.csv');
  writeFileSync(file, content);
  return file;
}

const eventsOfCsv = (content: string, role: Role = 'labeled'): Promise<ImportEvent[]> =>
  eventsOf(fer2013, csvOf(content), role);

test('rows are read in place: split by usage, class by FER2013’s numbers, pixels where they stand', async () => {
  const file = csvOf(
    `emotion,pixels,Usage\n0,${pixels(10)},Training\n3,${pixels(20)},PublicTest\n6,${pixels(30)},PrivateTest\n`,
  );
  const events = await eventsOf(fer2013, file, 'labeled');
  expect(totalOf(events)).toBe(3);
  // FER2013's 0, 3 and 6 are anger, happy and neutral: the studio's 6, 1 and 0.
  expect(imagesOf(events)).toEqual([
    ['', 'train', 6],
    ['', 'validation', 1],
    ['', 'test', 0],
  ]);
  const greys = [];
  for (const event of events) {
    if (event.kind !== 'image') continue;
    expect(event).toMatchObject({ encoding: 'fer2013-row', width: 48, height: 48, truth: null });
    const { data } = await decodeImage({
      path: file,
      encoding: 'fer2013-row',
      offset: event.offset,
      length: event.length,
    });
    greys.push([data[0], data[3], data.length]);
  }
  expect(greys).toEqual([10, 20, 30].map((first) => [first, 7, 48 * 48 * 3]));
});

test('the copies that go round: byte order mark, CR LF, quotes, spaces, other orders, no usage', async () => {
  const copies = [
    `\uFEFFemotion,pixels,Usage\r\n4,${pixels(9)},PublicTest\r\n`,
    `"emotion","pixels","Usage"\n"4","${pixels(9)}","PublicTest"`,
    `emotion, Usage, pixels\n4,PublicTest, ${pixels(9)}\n\n`,
    `Usage,emotion,pixels\nPublicTest,4,${pixels(9)}\n`,
  ];
  for (const copy of copies) {
    const file = csvOf(copy);
    const events = await eventsOf(fer2013, file, 'labeled');
    expect(imagesOf(events), copy.slice(0, 30)).toEqual([['', 'validation', 2]]);
    const row = events.find((event) => event.kind === 'image')!;
    const { data } = await decodeImage({ path: file, encoding: 'fer2013-row', offset: row.offset, length: row.length });
    expect(data[0], copy.slice(0, 30)).toBe(9);
  }
  expect(imagesOf(await eventsOfCsv(`emotion,pixels\n4,${pixels(9)}\n`))).toEqual([['', 'train', 2]]);
});

test('a role other than labeled decides the split, and unlabeled keeps the class aside', async () => {
  const content = `emotion,pixels,Usage\n5,${pixels(1)},Training\n`;
  expect(imagesOf(await eventsOfCsv(content, 'test'))).toEqual([['', 'test', 3]]);
  const [row] = (await eventsOfCsv(content, 'unlabeled')).filter((event) => event.kind === 'image');
  expect(row).toMatchObject({ split: 'unlabeled', label: null, truth: 3 });
});

test('every bad row is named with its reason, and the good ones around it are kept', async () => {
  const rows = [
    `0,${pixels(1)},Training`,
    `7,${pixels(1)},Training`,
    `,${pixels(1)},Training`,
    `1,${pixels(1, 2303)},Training`,
    `1,${pixels(256)},Training`,
    `1,${pixels(1)}.5,Training`,
    `1,${pixels(1)},Sometimes and then again not`,
    `1,${pixels(1)}`,
    '1',
    `2,${pixels(1, 5_000_000)},Training`, // a field of 10 million characters
    `2,${pixels(1)},Training`,
  ];
  const events = await eventsOfCsv(`emotion,pixels,Usage\n${rows.join('\n')}\n`);
  expect(imagesOf(events)).toEqual([
    ['', 'train', 6],
    ['', 'train', 4],
  ]);
  expect(rejectedOf(events)).toEqual([
    ['line 3', '“7” is no class of FER2013 (0–6).'],
    ['line 4', '“” is no class of FER2013 (0–6).'],
    ['line 5', 'There are 2,303 pixels instead of 2,304.'],
    ['line 6', 'A pixel has the value 256; 255 is white.'],
    ['line 7', 'The pixels are not all whole numbers.'],
    ['line 8', '“Sometimes and then a…” is none of Training, PublicTest, PrivateTest.'],
    ['line 9', '“” is none of Training, PublicTest, PrivateTest.'],
    ['line 10', '“” is none of Training, PublicTest, PrivateTest.'],
    ['line 11', 'The row is longer than 16,384 bytes.'],
  ]);
});

test('rows that the catalog has are passed over', async () => {
  const file = csvOf(`emotion,pixels,Usage\n0,${pixels(1)},Training\n0,${pixels(2)},Training\n`);
  const first = (await eventsOf(fer2013, file, 'labeled')).find((event) => event.kind === 'image');
  expect(first?.offset).toBe('emotion,pixels,Usage\n0,'.length);
  const again = await eventsOf(fer2013, file, 'labeled', [String(first?.offset)]);
  expect(again.map(({ kind }) => kind)).toEqual(['total', 'known', 'image']);
});

test('another csv is refused', async () => {
  await expect(eventsOfCsv('name,label\na.png,3\n')).rejects.toMatchObject({
    code: 'bad-input',
    message: expect.stringMatching(/emotion,pixels,Usage/),
  });
  await expect(eventsOfCsv('')).rejects.toMatchObject({ code: 'bad-input' });
});

test('the folders it is often turned into are recognised by classes, splits and size', async () => {
  const names = ['angry', 'disgust', 'fear', 'happy', 'neutral', 'sad', 'surprise'];
  const trees = async (size: number): Promise<string> => {
    const root = temporaryFolder();
    const bytes = await picture(size, size);
    for (const split of ['train', 'test'])
      await writeTree(
        root,
        names.map((name) => `${split}/${name}/1.png`),
        bytes,
      );
    return root;
  };
  const root = await trees(48);
  expect(await fer2013.match(root)).toMatchObject({ confidence: 0.95 });
  expect(await fer2013.match(await trees(100))).toBeNull();
  expect(await fer2013.match(join(root, 'train'))).toBeNull();
  const images = imagesOf(await eventsOf(fer2013, root, 'labeled'));
  expect(images).toHaveLength(14);
  expect(images.slice(0, 2)).toEqual([
    ['test/angry/1.png', 'test', 6],
    ['test/disgust/1.png', 'test', 5],
  ]);
});
