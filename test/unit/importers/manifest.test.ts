import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ClassNames } from '#main/importers/index.ts';
import { manifest } from '#main/importers/manifest.ts';
import {
  eventsOf,
  imagesOf,
  leftOutOf,
  picture,
  rejectedOf,
  temporaryFolder,
  totalOf,
  writeTree,
} from './image-tree.ts';
import { describedOf, writeList, writeText } from './lists.ts';

test('columns are known by their usual names, classes in any spelling, with splits, people and boxes', async () => {
  const root = temporaryFolder();
  await writeTree(root, ['a.png', 'sub/b c.png', '笑顔.png'], await picture(40, 30));
  const file = writeList(root, 'list.csv', [
    'File_Name,Emotion,Usage,Subject,x1,y1,x2,y2',
    'a.png,Happiness,Training,ann,1,2,11,22',
    '"sub/b c.png",ANGRY,PrivateTest,,,,,',
    '笑顔.png,4,PublicTest,bo,0,0,40,30',
  ]);
  expect((await manifest.match(file))?.reason).toBe(
    'It is a list of images: “File_Name” holds paths, “Emotion” holds classes, “Usage” holds splits, “Subject” holds people, there are crop boxes.',
  );
  const events = await eventsOf(manifest, file, 'labeled');
  expect(totalOf(events)).toBe(3);
  expect(describedOf(events)).toEqual([
    { path: 'a.png', split: 'train', label: 1, truth: null, identity: 'ann', box: [1, 2, 10, 20] },
    { path: 'sub/b c.png', split: 'test', label: 6, truth: null, identity: null },
    { path: '笑顔.png', split: 'validation', label: 4, truth: null, identity: 'bo', box: [0, 0, 40, 30] },
  ]);
  expect(describedOf(await eventsOf(manifest, file, 'unlabeled'))[0]).toMatchObject({
    ...{ split: 'unlabeled', label: null, truth: 1, identity: 'ann' },
  });
});

test('TSV, semicolons and JSON Lines', async () => {
  const root = temporaryFolder();
  await writeTree(root, ['a.png', 'b.png']);
  const lists = [
    writeList(root, 'list.tsv', ['path\tlabel', 'a.png\tsad', 'b.png\tfear'], '\r\n'),
    writeList(root, 'list.csv', ['path;label', 'a.png;sad', 'b.png;fear']),
    writeList(
      root,
      'list.jsonl',
      ['{"path":"a.png","label":"sad"}', '', '{"label":4,"path":"b.png","more":[1]}'],
      '\r\n',
    ),
    writeText(root, 'wide.csv', Buffer.from('\uFEFFpath,label\r\na.png,sad\r\nb.png,fear\r\n', 'utf16le')),
  ];
  for (const list of lists) {
    expect(imagesOf(await eventsOf(manifest, list, 'labeled')), list).toEqual([
      ['a.png', 'train', 2],
      ['b.png', 'train', 4],
    ]);
  }
});

test('a person says which column is which', async () => {
  const root = temporaryFolder();
  await writeTree(root, ['a.png']);
  const file = writeList(root, 'list.csv', ['Datei,Gefühl,emotion', 'a.png,sad,happy']);
  await expect(eventsOf(manifest, file, 'labeled')).rejects.toMatchObject({
    code: 'bad-input',
    message: `No column of ${file} is known to hold paths of images.`,
    hint: 'Its columns are Datei, Gefühl, emotion. Say which holds the paths.',
    commandLine: '--map COLUMN=path',
  });
  const columns = { Datei: 'path', gefühl: 'label' };
  expect(imagesOf(await eventsOf(manifest, file, 'labeled', [], { columns }))).toEqual([['a.png', 'train', 2]]);
  for (const [wrong, sentence] of [
    [{ Bild: 'path' }, /no column “Bild”/],
    [{ Datei: 'picture' }, /“picture” is nothing that a column can hold/],
  ] as const) {
    await expect(eventsOf(manifest, file, 'labeled', [], { columns: wrong })).rejects.toThrow(sentence);
  }
});

test('names that are no classes are all told with their counts, before the first image', async () => {
  const root = temporaryFolder();
  await writeTree(root, ['a.png']);
  const file = writeList(root, 'list.csv', [
    'path,label',
    'a.png,smug',
    'b.png,smug',
    'c.png,Joy',
    'd.png,9',
    'e.png,hasOwnProperty',
  ]);
  await expect(eventsOf(manifest, file, 'labeled')).rejects.toMatchObject({
    code: 'bad-input',
    message: `${file} has classes the studio does not know: smug (2), 9 (1), hasOwnProperty (1).`,
    commandLine: expect.stringMatching(/--classes FILE/),
  });
  const classes = new ClassNames({ smug: 'contempt', 9: null, hasOwnProperty: null });
  const events = await eventsOf(manifest, file, 'labeled', [], { classes });
  expect(imagesOf(events)).toEqual([['a.png', 'train', 7]]);
  expect(leftOutOf(events)).toEqual(['9', 'hasOwnProperty']);
});

test('every bad row is told with its reason, and the good ones around it are kept', async () => {
  const root = temporaryFolder();
  await writeTree(root, ['good.png', 'last.png', 'café.png'], await picture(20, 10));
  await writeTree(root, ['text.png'], 'no picture');
  await writeTree(root, ['empty.png'], '');
  const file = writeList(root, 'list.csv', [
    'path,label,split,x,y,w,h',
    'good.png,sad,train,0,0,5,5',
    'none.png,sad,train,,,,',
    'text.png,sad,train,,,,',
    'empty.png,sad,train,,,,',
    'good.png,happy,train,,,,',
    ',sad,train,,,,',
    'x.png,,train,,,,',
    'x.png,sad,sometimes,,,,',
    'x.png,sad,train,1,2,three,4',
    'café.png,sad,train,20,0,5,5',
    './sub/../last.png,fear,train,-3,-3,0,5',
    '../outside.png,sad,train,,,,',
    'x.png,sad',
    'x.png,sad,train,,,,,,',
    '"x.png,sad,train,,,,',
    `${'y'.repeat(10_000_000)}.png,sad,train,,,,`,
    `${'z'.repeat(5_000)}.png,sad,train,,,,`,
    'cafe\u0301.png,sad,test,,,,',
  ]);
  const events = await eventsOf(manifest, file, 'labeled');
  expect(imagesOf(events)).toEqual([
    ['good.png', 'train', 2],
    ['café.png', 'test', 2],
  ]);
  expect(rejectedOf(events)).toEqual([
    ['none.png', 'There is no image there.'],
    ['text.png', 'Not an image.'],
    ['empty.png', 'The image has no bytes.'],
    ['line 6', 'good.png is in line 2 already.'],
    ['line 7', 'The row names no file.'],
    ['line 8', 'The row has no class.'],
    ['line 9', '“sometimes” is no split.'],
    ['line 10', 'The crop box “1, 2, three, 4” is not four numbers.'],
    ['café.png', 'The crop box at 20, 0 lies outside the picture of 20 × 10 pixels.'],
    ['last.png', 'The crop box of 0 × 5 pixels is empty.'],
    ['line 13', '“../outside.png” leads out of the images’ folder.'],
    ['line 14', 'The row has 2 fields and the first line 7.'],
    ['x.png', 'There is no image there.'],
    ['line 16', 'A quote that opens in this row is never closed.'],
    ['line 17', 'The row is longer than 1,048,576 characters.'],
    [`${'z'.repeat(5_000)}.png`, 'The path is longer than the system takes.'],
  ]);
});

test('bad rows of JSON Lines', async () => {
  const root = temporaryFolder();
  await writeTree(root, ['a.png']);
  const file = writeText(
    root,
    'list.jsonl',
    Buffer.concat([
      Buffer.from('\uFEFF{"path":"a.png","label":"sad"}\n[1,2]\n{"path":\n'),
      Buffer.from('{"path":"\xe9.png","label":"sad"}\n', 'latin1'),
      Buffer.from(`{"path":"${'x'.repeat(10_000_000)}"}\n{"label":"sad"}`),
    ]),
  );
  const events = await eventsOf(manifest, file, 'labeled');
  expect(imagesOf(events)).toEqual([['a.png', 'train', 2]]);
  expect(rejectedOf(events)).toEqual([
    ['line 2', 'The row is no JSON object.'],
    ['line 3', 'The row is no JSON object.'],
    ['line 4', 'The row is no JSON object.'],
    ['line 5', 'The row is longer than 1,048,576 bytes.'],
    ['line 6', 'The row names no file.'],
  ]);
});

test('images are found below the list, beside it, or where a person says', async () => {
  const root = temporaryFolder();
  await writeTree(root, ['data/images/a.png', 'other/place/b.png']);
  const choices = { classes: new ClassNames() };
  const file = writeList(root, 'data/list.csv', ['path,label', 'a.png,sad', 'gone.png,sad']);
  expect(await manifest.rootOf!(file, choices)).toBe(join(root, 'data/images'));
  const beside = writeList(root, 'lists/list.csv', ['path,label', 'data/images/a.png,sad']);
  expect(await manifest.rootOf!(beside, choices)).toBe(root);
  const far = writeList(root, 'lists/far.csv', ['path,label', 'b.png,sad']);
  await expect(manifest.rootOf!(far, choices)).rejects.toMatchObject({
    ...{ code: 'bad-input', message: expect.stringMatching(/None of the first 1 images/) },
    commandLine: expect.stringMatching(/--images/),
  });
  const images = join(root, 'other/place');
  expect(imagesOf(await eventsOf(manifest, far, 'labeled', [], { images }))).toEqual([['b.png', 'train', 2]]);
});

test('whole paths are taken below the deepest folder they share', async () => {
  const root = temporaryFolder();
  await writeTree(root, ['x/1/a.png', 'x/2/b.png']);
  const file = writeList(root, 'list.csv', [
    'path,label',
    ...['x/1/a.png', 'x/2/b.png'].map((path) => `${join(root, path)},sad`),
  ]);
  expect(await manifest.rootOf!(file, { classes: new ClassNames() })).toBe(join(root, 'x'));
  expect(imagesOf(await eventsOf(manifest, file, 'labeled'))).toEqual([
    ['1/a.png', 'train', 2],
    ['2/b.png', 'train', 2],
  ]);
});

test('whole paths of before are found where the person says the images are now', async () => {
  const root = temporaryFolder();
  await writeTree(root, ['now/1/a.png', 'now/2/b.png']);
  const file = writeList(root, 'list.csv', ['path,label', '/gone/faces/1/a.png,sad', '/gone/faces/2/b.png,sad']);
  const images = join(root, 'now');
  expect(imagesOf(await eventsOf(manifest, file, 'labeled', [], { images }))).toEqual([
    ['1/a.png', 'train', 2],
    ['2/b.png', 'train', 2],
  ]);
});

test('what is no list is refused', async () => {
  const root = temporaryFolder();
  const files = [
    writeText(root, 'empty.csv', ''),
    writeText(root, 'binary.csv', await picture()),
    writeText(root, 'empty.jsonl', '{'),
  ];
  for (const file of files) {
    expect(await manifest.match(file)).toBeNull();
    await expect(eventsOf(manifest, file, 'labeled')).rejects.toMatchObject({
      ...{ code: 'bad-input', message: `${file} is no list: it is empty, or no text.` },
    });
  }
});

test('rows that the catalog has are passed over', async () => {
  const root = temporaryFolder();
  await writeTree(root, ['a.png', 'b.png']);
  const file = writeList(root, 'list.csv', ['path,label', 'a.png,sad', 'b.png,sad']);
  const events = await eventsOf(manifest, file, 'labeled', ['a.png']);
  expect(events.map(({ kind }) => kind)).toEqual(['total', 'known', 'image']);
});
