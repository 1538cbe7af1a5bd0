import { StudioError } from '#shared/errors.ts';
import { expressionIndex } from '#shared/expressions.ts';
import type { Role } from '#shared/images.ts';
import { findImageFiles, isFolder, probeFiles } from './image-files.ts';
import { type ImportEvent, type Importer, splitOfRole } from './importer.ts';

/** Folders of people, such as `Ann_Lee/Ann_Lee_0001.jpg`: how face-recognition sets come. They carry no expression. */
export const identityFolders: Importer = {
  format: 'identity',
  description: 'one folder a person, as face-recognition sets have them',
  async match(path) {
    if (!(await isFolder(path))) return null;
    const { files } = await findImageFiles(path);
    const people = new Set(files.map(({ folders }) => folders.at(-1)).filter((name) => name !== undefined));
    const expressions = [...people].filter((name) => expressionIndex(name) !== undefined).length;
    if (people.size < 2 || expressions > people.size / 2) return null;
    return {
      confidence: 0.6,
      reason: `There are ${people.size.toLocaleString('en')} folders with pictures, which are no expressions.`,
    };
  },
  rows: (path, { role }) => identityRows(path, role),
};

async function* identityRows(path: string, role: Role): AsyncGenerator<ImportEvent> {
  if (role !== 'unlabeled') {
    throw new StudioError('bad-input', `Folders of people carry no expressions, so ${path} cannot be ${role}.`, {
      hint: 'Import it with --role unlabeled.',
    });
  }
  const { files, rejected } = await findImageFiles(path);
  if (files.length === 0)
    throw new StudioError('bad-input', `There are no pictures below ${path}.`, { hint: 'Check the path.' });
  yield* rejected;
  yield* probeFiles(path, files, ({ folders }) => ({
    split: splitOfRole(role),
    label: null,
    identity: folders.at(-1) ?? null,
  }));
}
