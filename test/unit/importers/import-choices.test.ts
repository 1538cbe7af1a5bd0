import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { ImportRequest } from '#shared/catalog.ts';
import { type Catalog, openCatalog } from '#main/catalog/catalog.ts';
import { previewImport } from '#main/host/services/import-preview.ts';
import { importSource } from '#main/host/services/import-service.ts';
import { decodeImage } from '#main/imaging/decode.ts';
import { picture, temporaryFolder, writeTree } from './image-tree.ts';
import { writeList, writeText } from './lists.ts';

function newCatalog(): Catalog {
  const catalog = openCatalog(join(temporaryFolder(), 'catalog.sqlite'));
  onTestFinished(() => catalog.close());
  return catalog;
}

const request = (path: string, more: Partial<ImportRequest> = {}): ImportRequest => ({
  path,
  format: 'auto',
  role: 'labeled',
  ...more,
});

test('the answer says what it was taken for and why, what else it may be, and what was left out', async () => {
  const [catalog, root] = [newCatalog(), temporaryFolder()];
  await writeTree(root, ['a.png']);
  writeList(root, 'metadata.csv', ['file_name,label', 'a.png,sad', 'b.png,odd', 'c.png,odd']);
  const result = await importSource(catalog, request(root, { source: 'faces', classes: { odd: null } }));
  expect(result).toMatchObject({ format: 'huggingface', added: 1, leftOut: [{ what: 'odd', count: 2 }] });
  expect(result.explanation).toMatchObject({
    reason: expect.stringMatching(/^Taken as huggingface: There is a metadata.csv/),
    others: [{ format: 'folder', confidence: 0.2, reason: 'There are pictures, in folders that are no expressions.' }],
  });
});

test('columns, classes and the images’ folder are remembered for the source', async () => {
  const [catalog, root] = [newCatalog(), temporaryFolder()];
  await writeTree(root, ['far/away/b.png', 'far/away/a.png']);
  const list = writeList(root, 'lists/list.csv', ['Datei,Wort', 'a.png,Freude']);
  const said = {
    columns: { Datei: 'path', Wort: 'label' },
    classes: { Freude: 'happy' },
    images: join(root, 'far/away'),
  };
  const manifest = request(list, { source: 'faces', format: 'manifest' });
  await expect(importSource(catalog, manifest)).rejects.toMatchObject({ code: 'bad-input' });
  expect(await importSource(catalog, { ...manifest, ...said })).toMatchObject({ added: 1 });
  writeList(root, 'lists/list.csv', ['Datei,Wort', 'a.png,Freude', 'b.png,Freude']);
  expect(await importSource(catalog, manifest)).toMatchObject({ added: 1, skipped: 1 });
  await expect(importSource(catalog, { ...manifest, source: 'others' })).rejects.toMatchObject({ code: 'bad-input' });
});

test('a moved root is linked again in one step, and only where its images are', async () => {
  const [catalog, root] = [newCatalog(), temporaryFolder()];
  const before = join(root, 'before');
  await writeTree(before, ['happy/1.png', 'sad/2.png'], await picture(30, 20));
  await importSource(catalog, request(before, { source: 'faces', role: 'validation' }));
  const after = join(root, 'after');
  renameSync(before, after);
  await writeTree(after, ['happy/3.png'], await picture(30, 20));
  await expect(importSource(catalog, request(after, { source: 'faces', role: 'validation' }))).rejects.toMatchObject({
    code: 'conflict',
    commandLine: expect.stringMatching(/--relink/),
  });
  const other = join(root, 'other');
  await writeTree(other, ['happy/1.png', 'sad/9.png']);
  await expect(importSource(catalog, request(other, { source: 'faces', relink: true }))).rejects.toMatchObject({
    code: 'bad-input',
    message: expect.stringMatching(
      /of 2 images looked for, 2 are not there or are others, such as happy\/1.png \(another size\), sad\/2.png \(not there\)/,
    ),
  });
  expect(catalog.sources.get('faces').root).toBe(before);
  expect(await importSource(catalog, request(after, { source: 'faces', relink: true }))).toMatchObject({
    ...{ format: 'folder', added: 1, skipped: 2, relinkedFrom: before },
  });
  expect(catalog.sources.get('faces')).toMatchObject({ root: after, role: 'validation' });
  expect(catalog.images.reference(1).reference.path).toBe(join(after, 'happy/1.png'));
  expect(catalog.stats({}).splits).toMatchObject({ validation: { total: 3 } });
  await expect(importSource(catalog, request(after, { source: 'nobody', relink: true }))).rejects.toMatchObject({
    code: 'not-found',
  });
});

test('a csv that holds its images is linked again too', async () => {
  const [catalog, root] = [newCatalog(), temporaryFolder()];
  const content = `emotion,pixels,Usage\n${`3,${Array<number>(2304).fill(5).join(' ')},Training\n`.repeat(3)}`;
  await importSource(catalog, request(writeText(root, 'fer2013.csv', content), { source: 'fer' }));
  const moved = join(root, 'moved.csv');
  renameSync(join(root, 'fer2013.csv'), moved);
  expect(await importSource(catalog, request(moved, { source: 'fer', relink: true }))).toMatchObject({
    added: 0,
    skipped: 3,
  });
  expect(catalog.images.reference(3).reference.path).toBe(moved);
  const spoilt = writeText(root, 'spoilt.csv', content.replaceAll('5 5', '5,5'));
  await expect(importSource(catalog, request(spoilt, { source: 'fer', relink: true }))).rejects.toThrow(/unreadable/);
});

test('copies stay when the originals go, and are made once', async () => {
  const [catalog, root] = [newCatalog(), temporaryFolder()];
  const copiesFolder = join(root, 'workspace/images');
  const originals = join(root, 'originals');
  await writeTree(originals, ['happy/ä b.png', 'sad/2.png']);
  await writeTree(originals, ['sad/bad.png'], 'text');
  const copied = request(originals, { source: 'my faces/2', copy: true });
  expect(await importSource(catalog, copied, { copiesFolder })).toMatchObject({ added: 2, failed: 1 });
  const [folder] = readdirSync(copiesFolder);
  expect(folder).toMatch(/^my_faces_2-[0-9a-f]{8}$/);
  expect(readdirSync(join(copiesFolder, folder!), { recursive: true }).sort()).toEqual([
    'happy',
    'happy/ä b.png',
    'sad',
    'sad/2.png',
  ]);
  await writeTree(originals, ['happy/3.png']);
  // That copies are kept is remembered.
  expect(await importSource(catalog, request(originals, { source: 'my faces/2' }), { copiesFolder })).toMatchObject({
    added: 1,
    skipped: 2,
  });
  const bytes = readFileSync(join(originals, 'happy/3.png'));
  rmSync(originals, { recursive: true });
  for (const id of [1, 2, 3]) {
    const { reference, root: place } = catalog.images.reference(id);
    expect(place).toBe(join(copiesFolder, folder!));
    await decodeImage(reference);
  }
  expect(readFileSync(join(copiesFolder, folder!, 'happy/3.png'))).toEqual(bytes);
  await writeTree(originals, ['happy/3.png']);
  await expect(
    importSource(catalog, request(originals, { source: 'my faces/2', relink: true }), { copiesFolder }),
  ).rejects.toMatchObject({ code: 'conflict' });
});

test('a file that holds the images is copied whole', async () => {
  const [catalog, root] = [newCatalog(), temporaryFolder()];
  const copiesFolder = join(root, 'images');
  const file = writeText(
    root,
    'fer2013.csv',
    `emotion,pixels,Usage\n3,${Array<number>(2304).fill(5).join(' ')},Training\n`,
  );
  await importSource(catalog, request(file, { copy: true }), { copiesFolder });
  const { reference } = catalog.images.reference(1);
  expect(reference.path).toBe(join(copiesFolder, 'fer2013.csv/fer2013.csv'));
  rmSync(file);
  await decodeImage(reference);
});

test('a copy that fails is a failure of its own', async () => {
  const [catalog, root] = [newCatalog(), temporaryFolder()];
  const copiesFolder = join(root, 'images');
  await writeTree(join(root, 'faces'), ['happy/1.png', 'happy/2.png']);
  mkdirSync(join(copiesFolder, 'faces/happy/1.png/in the way'), { recursive: true });
  const result = await importSource(catalog, request(join(root, 'faces'), { copy: true }), { copiesFolder });
  expect(result).toMatchObject({
    added: 1,
    failed: 1,
    errors: [{ path: 'happy/1.png', reason: expect.stringMatching(/could not be copied/) }],
  });
  expect(readdirSync(join(copiesFolder, 'faces/happy')).filter((name) => name.endsWith('.partial'))).toEqual([]);
  expect(existsSync(join(copiesFolder, 'faces/happy/2.png'))).toBe(true);
});

test('a look beforehand changes nothing', async () => {
  const [catalog, root] = [newCatalog(), temporaryFolder()];
  await writeTree(
    root,
    Array.from({ length: 15 }, (_, number) => `faces/${number + 10}.png`),
  );
  const list = writeList(root, 'list.csv', [
    'path,label,split',
    'none.png,sad,train',
    ...Array.from({ length: 15 }, (_, number) => `${number + 10}.png,sad,test`),
  ]);
  const preview = await previewImport(catalog, request(list));
  expect(preview).toMatchObject({
    ...{
      source: 'list.csv',
      root: join(root, 'faces'),
      format: 'manifest',
      total: 16,
      unknownClasses: [],
      problem: null,
    },
  });
  expect(preview.table?.columns).toEqual(['path', 'label', 'split']);
  expect(preview.table?.rows).toHaveLength(10);
  expect(preview.samples).toHaveLength(10);
  expect(preview.samples.slice(0, 2)).toEqual([
    { kind: 'rejected', path: 'none.png', reason: 'There is no image there.' },
    { kind: 'image', path: '10.png', label: 2, split: 'test', identity: null, width: 5, height: 4 },
  ]);
  expect(catalog.sources.list()).toEqual([]);
});

test('a look beforehand tells which classes and columns a person is to be asked for', async () => {
  const [catalog, root] = [newCatalog(), temporaryFolder()];
  await writeTree(root, ['happy/1.png', 'smug/2.png', 'smug/3.png']);
  const folders = await previewImport(catalog, request(root, { format: 'folder' }));
  expect(folders).toMatchObject({ unknownClasses: [{ name: 'smug', count: 2 }], problem: null });
  expect(folders.samples.map(({ kind }) => kind)).toEqual(['image', 'rejected', 'rejected']);
  const list = writeList(root, 'list.csv', ['path,label', 'happy/1.png,happy', 'smug/2.png,smug']);
  const listed = await previewImport(catalog, request(list));
  expect(listed).toMatchObject({ unknownClasses: [{ name: 'smug', count: 1 }], problem: null });
  expect(listed.samples[1]).toEqual({ kind: 'rejected', path: 'line 3', reason: '“smug” is no class.' });
  const given = await previewImport(catalog, request(list, { classes: { smug: 'contempt' } }));
  expect(given).toMatchObject({ unknownClasses: [], samples: [{ label: 1 }, { label: 7 }] });
  const unnamed = writeList(root, 'unnamed.csv', ['a,b', `x.png,${'y'.repeat(1_000)}`]);
  const asked = await previewImport(catalog, request(unnamed, { format: 'manifest' }));
  expect(asked).toMatchObject({
    root: null,
    samples: [],
    problem: { commandLine: expect.stringMatching(/--map COLUMN=path/) },
  });
  expect(asked.table).toEqual({ columns: ['a', 'b'], rows: [['x.png', `${'y'.repeat(200)}…`]] });
});
