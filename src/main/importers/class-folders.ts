import { stat } from 'node:fs/promises';
import { StudioError } from '#shared/errors.ts';
import { EXPRESSIONS, expressionIndex } from '#shared/expressions.ts';
import type { Role, Split } from '#shared/images.ts';
import { noImages, surveyFolders } from './image-files.ts';
import { type FormatMatch, type ImportContext, type ImportEvent, type Importer, splitOfRole } from './importer.ts';
import { probeFiles } from './probe-files.ts';

const SPLIT_NAMES: Readonly<Record<string, Split>> = {
  train: 'train',
  training: 'train',
  val: 'validation',
  valid: 'validation',
  validation: 'validation',
  publictest: 'validation',
  test: 'test',
  testing: 'test',
  privatetest: 'test',
};
/** Names listed in a message; more would bury the sentence. */
const NAMES_SHOWN = 8;
/** Folders looked at to tell a format: a set of a million people has as many. */
export const FOLDERS_SAMPLED = 500;

/** Class folders, such as `happy/1.jpg`, with or without split folders above or below them, such as `train/happy/1.jpg`. */
export const classFolders: Importer = {
  format: 'folder',
  description: 'one folder a class, with or without train, val and test folders',
  async match(path): Promise<FormatMatch | null> {
    if (!(await stat(path)).isDirectory()) return null;
    const survey = await surveyFolders(path, FOLDERS_SAMPLED);
    if (survey.length === 0) return null;
    const labels = survey.map(({ folders }) => readFolders(folders).label).filter((label) => label !== undefined);
    if (labels.length === 0)
      return { confidence: 0.2, reason: 'There are pictures, in folders that are no expressions.' };
    return {
      confidence: 0.3 + 0.6 * (labels.length / survey.length),
      reason: `Folders are named like ${new Set(labels).size} expressions.`,
    };
  },
  rows: classFolderRows,
};

export async function* classFolderRows(path: string, context: ImportContext): AsyncGenerator<ImportEvent> {
  const survey = await surveyFolders(path);
  if (survey.length === 0) throw noImages(path);
  const unknown = unknownClasses(survey);
  if (context.role !== 'unlabeled') requireClasses(path, survey, unknown);
  yield { kind: 'total', total: survey.reduce((sum, { images }) => sum + images, 0) };
  // Where only some folders are named like expressions, the likeness may be chance: a person may be called Joy.
  const namesClasses = unknown.length === 0;
  yield* probeFiles(path, context, (folders) => describe(folders, context.role, namesClasses));
}

function describe(folders: readonly string[], role: Role, namesClasses: boolean) {
  const { label, split } = readFolders(folders);
  if (role === 'unlabeled') {
    return { split: splitOfRole(role), label: null, truth: namesClasses ? (label ?? null) : null, identity: null };
  }
  if (label === undefined) return 'It lies in no class folder.';
  return { split: (role === 'labeled' && split) || splitOfRole(role), label, truth: null, identity: null };
}

/** What the names of the folders above an image say: its class, where exactly one is named, and its split. */
export function readFolders(folders: readonly string[]): {
  readonly label: number | undefined;
  readonly split: Split | undefined;
  /** Folders that are no splits, joined. */
  readonly name: string;
} {
  const splitOf = (folder: string): Split | undefined => SPLIT_NAMES[folder.toLowerCase()];
  const others = folders.filter((folder) => splitOf(folder) === undefined);
  const labels = new Set(others.map(expressionIndex).filter((label) => label !== undefined));
  return {
    label: labels.size === 1 ? [...labels][0] : undefined,
    split: folders.map(splitOf).find((split) => split !== undefined),
    name: others.join('/'),
  };
}

type Survey = Awaited<ReturnType<typeof surveyFolders>>;

/** Names of folders that are neither a class nor a split, or name two classes. */
function unknownClasses(survey: Survey): string[] {
  const read = survey.map(({ folders }) => readFolders(folders));
  return [...new Set(read.filter(({ label, name }) => label === undefined && name !== '').map(({ name }) => name))];
}

/** An unknown class is a question to the person, not something to leave out silently. */
function requireClasses(path: string, survey: Survey, unknown: readonly string[]): void {
  if (unknown.length > 0) {
    const shown = unknown.slice(0, NAMES_SHOWN).join(', ');
    throw new StudioError(
      'bad-input',
      `Folders below ${path} are no expressions: ${shown}${unknown.length > NAMES_SHOWN ? `, … (${unknown.length} in all)` : ''}.`,
      {
        hint: `Known are ${EXPRESSIONS.map(({ name }) => name).join(', ')} and their usual spellings. Rename the folders, or import with --role unlabeled.`,
      },
    );
  }
  if (survey.every(({ folders }) => readFolders(folders).label === undefined)) {
    throw new StudioError('bad-input', `The pictures below ${path} lie in no class folders.`, {
      hint: 'Name the folder that holds the class folders, or import with --role unlabeled.',
    });
  }
}
