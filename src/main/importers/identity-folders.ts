import { stat } from 'node:fs/promises';
import { StudioError } from '#shared/errors.ts';
import { expressionIndex } from '#shared/expressions.ts';
import { FOLDERS_SAMPLED } from './class-folders.ts';
import { noImages, surveyFolders } from './image-files.ts';
import { type ImportContext, type ImportEvent, type Importer, splitOfRole } from './importer.ts';
import { probeFiles } from './probe-files.ts';

/** Folders of people, such as `Ann_Lee/Ann_Lee_0001.jpg`: how face-recognition sets come. They carry no expression. */
export const identityFolders: Importer = {
  format: 'identity',
  description: 'one folder a person, as face-recognition sets have them',
  async match(path) {
    if (!(await stat(path)).isDirectory()) return null;
    const survey = await surveyFolders(path, FOLDERS_SAMPLED);
    const people = new Set(survey.map(({ folders }) => folders.at(-1)).filter((name) => name !== undefined));
    const expressions = [...people].filter((name) => expressionIndex(name) !== undefined).length;
    if (people.size < 2 || expressions > people.size / 2) return null;
    const count = `${survey.length < FOLDERS_SAMPLED ? '' : 'at least '}${people.size.toLocaleString('en')}`;
    return { confidence: 0.6, reason: `There are ${count} folders with pictures, which are no expressions.` };
  },
  rows: identityRows,
};

async function* identityRows(path: string, context: ImportContext): AsyncGenerator<ImportEvent> {
  const { role, signal } = context;
  if (role !== 'unlabeled') {
    throw new StudioError('bad-input', `Folders of people carry no expressions, so ${path} cannot be ${role}.`, {
      hint: 'Import it as unlabeled; if its folders are classes, the format of class folders says which it does not know.',
      commandLine: '--role unlabeled, --format folder',
    });
  }
  const survey = await surveyFolders(path, Infinity, signal);
  if (survey.length === 0) throw noImages(path);
  yield { kind: 'total', total: survey.reduce((sum, { images }) => sum + images, 0) };
  yield* probeFiles(path, context, (folders) => ({
    split: splitOfRole(role),
    label: null,
    truth: null,
    identity: folders.at(-1) ?? null,
  }));
}
