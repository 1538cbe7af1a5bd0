import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type ImportRequest, importResultSchema } from '#shared/catalog.ts';
import { StudioError } from '#shared/errors.ts';
import { type Catalog, openCatalog } from '#main/catalog/catalog.ts';
import { importSource } from '#main/host/services/import-service.ts';
import { picture, temporaryFolder, writeTree } from './image-tree.ts';

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

const numbered = (folder: string, count: number): string[] =>
  Array.from({ length: count }, (_, number) => `${folder}/${String(number).padStart(4, '0')}.png`);

test('an import says what it added, from where, and why it was taken so', async () => {
  const [catalog, root] = [newCatalog(), temporaryFolder()];
  await writeTree(root, [...numbered('train/happy', 3), ...numbered('val/sad', 2)]);
  await writeTree(root, ['train/happy/bad.png'], 'text');
  const messages: unknown[] = [];
  const result = await importSource(catalog, request(root, { source: 'faces' }), {
    onProgress: (progress) => messages.push(progress),
  });
  expect(importResultSchema.parse(result)).toMatchObject({
    ...{ source: 'faces', format: 'folder', added: 5, skipped: 0, failed: 1 },
    errors: [{ path: 'train/happy/bad.png', reason: 'Not an image.' }],
  });
  expect(messages.at(-1)).toEqual({
    done: 6,
    total: 6,
    message: 'Taken as folder: Folders are named like 2 expressions.',
  });
  expect(catalog.stats({ source: 'faces' })).toMatchObject({
    images: 5,
    splits: { train: { counts: [0, 3, 0, 0, 0, 0, 0] }, validation: { counts: [0, 0, 2, 0, 0, 0, 0] } },
    sources: [{ root, format: 'folder', role: 'labeled', failed: 1 }],
  });
  expect(catalog.importErrors.list('faces')).toEqual(result.errors);
});

test('a rerun adds what is new and nothing twice, and forgets failures that were mended', async () => {
  const [catalog, root] = [newCatalog(), temporaryFolder()];
  await writeTree(root, numbered('happy', 3));
  await writeTree(root, ['happy/bad.png', 'happy/worse.png'], 'text');
  await importSource(catalog, request(root));
  await writeTree(root, ['happy/bad.png', 'sad/new.png']);
  expect(await importSource(catalog, request(root))).toMatchObject({ added: 2, skipped: 3, failed: 1 });
  expect(catalog.importErrors.list(basename(root)).map(({ path }) => path)).toEqual(['happy/worse.png']);
  expect(await importSource(catalog, request(root))).toMatchObject({ added: 0, skipped: 5, failed: 1 });
  expect(catalog.stats({}).images).toBe(5);
});

test('a cancelled import keeps what it added, and the next one continues', async () => {
  const [catalog, root] = [newCatalog(), temporaryFolder()];
  await writeTree(root, numbered('happy', 4500));
  const cancel = new AbortController();
  const cancelled = importSource(catalog, request(root, { source: 'faces' }), {
    signal: cancel.signal,
    onProgress: ({ done }) => done >= 500 && cancel.abort(),
  });
  await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
  const kept = catalog.stats({}).images;
  expect(kept).toBeGreaterThanOrEqual(500);
  expect(kept).toBeLessThan(4500);
  expect(await importSource(catalog, request(root, { source: 'faces' }))).toMatchObject({
    added: 4500 - kept,
    skipped: kept,
  });
});

test('a cancel is heard before the first image', async () => {
  const [catalog, root] = [newCatalog(), temporaryFolder()];
  await writeTree(root, ['happy/1.png']);
  writeFileSync(join(root, 'list.csv'), 'path,label\nhappy/1.png,happy\n');
  for (const path of [root, join(root, 'list.csv')]) {
    await expect(importSource(catalog, request(path), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'cancelled',
    });
  }
  expect(catalog.sources.list()).toEqual([]);
});

test('the reason of a cancel is told as it was given', async () => {
  const [catalog, root] = [newCatalog(), temporaryFolder()];
  await writeTree(root, numbered('happy', 2));
  const reason = new StudioError('interrupted', 'The studio was closed.');
  await expect(importSource(catalog, request(root), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

test('a source is of one place, one role and one format', async () => {
  const [catalog, root, other] = [newCatalog(), temporaryFolder(), temporaryFolder()];
  for (const folder of [root, other]) await writeTree(folder, ['happy/1.png', 'sad/1.png']);
  await importSource(catalog, request(root, { source: 'faces' }));
  const conflicts: readonly (readonly [ImportRequest, string])[] = [
    [request(other, { source: 'faces' }), `There is a source named “faces” already, of ${root}.`],
    [request(root, { source: 'faces', role: 'test' }), 'There is a source named “faces” already, imported as labeled.'],
    [
      request(root, { source: 'faces', format: 'fer2013' }),
      'There is a source named “faces” already, imported as folder.',
    ],
  ];
  for (const [wrong, message] of conflicts) {
    await expect(importSource(catalog, wrong)).rejects.toMatchObject({ code: 'conflict', message });
  }
  // The same place under another name is another source; a link to it is the same place.
  expect(await importSource(catalog, request(root, { source: 'again', role: 'unlabeled' }))).toMatchObject({
    added: 2,
  });
  symlinkSync(root, join(other, 'link'));
  expect(await importSource(catalog, request(join(other, 'link'), { source: 'faces' }))).toMatchObject({
    added: 0,
    skipped: 2,
  });
});

test('an import that cannot begin leaves no source behind', async () => {
  const [catalog, root] = [newCatalog(), temporaryFolder()];
  await writeTree(root, ['grumpy/1.png', 'happy/1.png']);
  await expect(importSource(catalog, request(root))).rejects.toMatchObject({
    code: 'bad-input',
    message: expect.stringMatching(/grumpy/),
  });
  await expect(importSource(catalog, request(join(root, 'none')))).rejects.toMatchObject({ code: 'not-found' });
  expect(catalog.sources.list()).toEqual([]);
});

test('source files are read and never changed', async () => {
  const [catalog, root] = [newCatalog(), temporaryFolder()];
  await writeTree(root, numbered('happy', 3));
  await writeTree(root, ['happy/bad.png', 'notes.txt'], 'text');
  const state = (): unknown[] =>
    (readdirSync(root, { recursive: true }) as string[]).sort().map((name) => {
      const file = join(root, name);
      const { mtimeMs, mode, size } = statSync(file);
      const digest = statSync(file).isFile() ? createHash('sha256').update(readFileSync(file)).digest('hex') : '';
      return [name, mtimeMs, mode, size, digest];
    });
  const before = state();
  await importSource(catalog, request(root));
  expect(state()).toEqual(before);
});

test('a csv is a source whose root is the file', async () => {
  const [catalog, root] = [newCatalog(), temporaryFolder()];
  const row = `3,${Array<number>(2304).fill(5).join(' ')},Training\n`;
  writeFileSync(join(root, 'fer2013.csv'), `emotion,pixels,Usage\n${row.repeat(3)}`);
  const file = join(root, 'fer2013.csv');
  expect(await importSource(catalog, request(file))).toMatchObject({
    source: 'fer2013.csv',
    format: 'fer2013',
    added: 3,
  });
  expect(catalog.images.reference(2).reference).toMatchObject({ path: file, encoding: 'fer2013-row' });
  writeFileSync(file, `emotion,pixels,Usage\n${row.repeat(4)}`);
  expect(await importSource(catalog, request(file))).toMatchObject({ added: 1, skipped: 3 });
});

test('only the first thousand failures are told; the catalog has all', async () => {
  const [catalog, root] = [newCatalog(), temporaryFolder()];
  await writeTree(root, numbered('happy', 1100), 'text');
  const result = await importSource(catalog, request(root, { source: 'faces' }));
  expect(result).toMatchObject({ added: 0, failed: 1100 });
  expect(result.errors).toHaveLength(1000);
  expect(catalog.stats({}).sources[0]?.failed).toBe(1100);
});

test('a file that goes away during an import is a failure of its own', async () => {
  const [catalog, root] = [newCatalog(), temporaryFolder()];
  await writeTree(root, numbered('happy', 4500));
  const result = await importSource(catalog, request(root), {
    onProgress: () => rmSync(join(root, 'happy/4499.png'), { force: true }),
  });
  expect(result).toMatchObject({ added: 4499, failed: 1, errors: [{ path: 'happy/4499.png' }] });
});

test('a picture is stored with its size', async () => {
  const [catalog, root] = [newCatalog(), temporaryFolder()];
  await writeTree(root, ['happy/1.png'], await picture(31, 17));
  await importSource(catalog, request(root));
  expect(catalog.images.page({ afterId: 0, limit: 1 }).rows[0]).toMatchObject({
    path: 'happy/1.png',
    width: 31,
    height: 17,
  });
});
