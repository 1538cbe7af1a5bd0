import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { IMPORT_FORMATS } from '#shared/catalog.ts';
import { IMPORTERS, chooseImporter } from '#main/importers/index.ts';
import { temporaryFolder, writeTree } from './image-tree.ts';

test('every format has its importer', () => {
  expect(IMPORTERS.map(({ format }) => format).sort()).toEqual(
    IMPORT_FORMATS.filter((format) => format !== 'auto').sort(),
  );
});

/** What lies there, and what it is taken for with which reason. */
const CASES: readonly { readonly files: readonly string[]; readonly format: string; readonly reason: RegExp }[] = [
  { files: ['happy/1.png', 'sad/1.png'], format: 'folder', reason: /named like 2 expressions/ },
  { files: ['train/happy/1.png', 'val/Sadness/1.png'], format: 'folder', reason: /named like 2 expressions/ },
  {
    files: ['Ann/1.png', 'Bo/1.png', 'Joy/1.png'],
    format: 'identity',
    reason: /3 folders with pictures, which are no expressions/,
  },
  { files: ['1.png', '2.png'], format: 'folder', reason: /no expressions/ },
];

test.each(CASES)('$files is taken for $format', async ({ files, format, reason }) => {
  const root = temporaryFolder();
  await writeTree(root, files);
  const chosen = await chooseImporter(root, 'auto');
  expect(chosen.importer.format).toBe(format);
  expect(chosen.reason).toMatch(reason);
});

test('a csv is known by its columns, whatever its name', async () => {
  const file = join(temporaryFolder(), 'data.txt');
  writeFileSync(file, 'emotion,pixels,Usage\n');
  const chosen = await chooseImporter(file, 'auto');
  expect(chosen.importer.format).toBe('fer2013');
  expect(chosen.reason).toBe('Taken as fer2013: The csv has FER2013’s columns.');
});

test('a named format is taken at its word', async () => {
  const root = temporaryFolder();
  await writeTree(root, ['happy/1.png', 'sad/1.png']);
  expect((await chooseImporter(root, 'identity')).importer.format).toBe('identity');
});

test('what no importer knows is refused with what they know, and nothing with where it should be', async () => {
  const root = temporaryFolder();
  await writeTree(root, ['notes.txt'], 'text');
  await expect(chooseImporter(root, 'auto')).rejects.toMatchObject({
    ...{ code: 'bad-input', hint: expect.stringMatching(/fer2013 .*folder .*identity .*--format/s) },
  });
  await expect(chooseImporter(join(root, 'notes.txt'), 'auto')).rejects.toMatchObject({ code: 'bad-input' });
  await writeTree(root, ['faces.tar.gz'], 'packed');
  await expect(chooseImporter(join(root, 'faces.tar.gz'), 'auto')).rejects.toMatchObject({
    ...{ code: 'bad-input', message: expect.stringMatching(/is an archive/) },
  });
  await expect(chooseImporter('/dev/null', 'auto')).rejects.toMatchObject({
    ...{ code: 'bad-input', message: '/dev/null is neither a file nor a folder.' },
  });
  await expect(chooseImporter(join(root, 'none'), 'auto')).rejects.toMatchObject({
    ...{ code: 'not-found', message: expect.stringContaining(join(root, 'none')) },
  });
});
