import { StudioError } from '#shared/errors.ts';
import { EXPRESSIONS, expressionIndex } from '#shared/expressions.ts';
import type { Role, Split } from '#shared/images.ts';
import { type FoundFile, findImageFiles, isFolder, probeFiles } from './image-files.ts';
import { type FormatMatch, type ImportEvent, type Importer, splitOfRole } from './importer.ts';

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

const splitOf = (folder: string): Split | undefined => SPLIT_NAMES[folder.toLowerCase()];

/** Class folders, such as `happy/1.jpg`, with or without split folders above or below them, such as `train/happy/1.jpg`. */
export const classFolders: Importer = {
  format: 'folder',
  description: 'one folder a class, with or without train, val and test folders',
  async match(path): Promise<FormatMatch | null> {
    if (!(await isFolder(path))) return null;
    const { files } = await findImageFiles(path);
    const classes = new Set(files.map(classOf).filter((label) => label !== undefined));
    const named = files.filter((file) => classOf(file) !== undefined).length;
    if (classes.size < 2 || named === 0) return null;
    return { confidence: 0.9 * (named / files.length), reason: `Folders are named like ${classes.size} expressions.` };
  },
  rows: (path, { role }) => classFolderRows(path, role),
};

async function* classFolderRows(path: string, role: Role): AsyncGenerator<ImportEvent> {
  const { files, rejected } = await findImageFiles(path);
  if (files.length === 0)
    throw new StudioError('bad-input', `There are no pictures below ${path}.`, { hint: 'Check the path.' });
  if (role !== 'unlabeled') requireClasses(path, files);
  yield* rejected;
  yield* probeFiles(path, files, (file) => ({
    split:
      role === 'labeled'
        ? (file.folders.map(splitOf).find((split) => split !== undefined) ?? 'train')
        : splitOfRole(role),
    // An unlabeled set has no labels, whatever its folders are called.
    label: role === 'unlabeled' ? null : classOf(file)!,
    identity: null,
  }));
}

/** The class named by the folder nearest to the file that is no split. */
function classOf({ folders }: FoundFile): number | undefined {
  const name = folders.findLast((folder) => splitOf(folder) === undefined);
  return name === undefined ? undefined : expressionIndex(name);
}

/** An unknown class is a question to the person, not something to leave out silently. */
function requireClasses(path: string, files: readonly FoundFile[]): void {
  const unknown = new Set(
    files.filter((file) => classOf(file) === undefined).map(({ folders }) => folders.join('/') || '(no folder)'),
  );
  if (unknown.size === 0) return;
  const shown = [...unknown].slice(0, NAMES_SHOWN).join(', ');
  throw new StudioError(
    'bad-input',
    `Folders below ${path} are no expressions: ${shown}${unknown.size > NAMES_SHOWN ? ', …' : ''}.`,
    {
      hint: `Known are ${EXPRESSIONS.map(({ name }) => name).join(', ')} and their usual spellings. Rename the folders, or import with --role unlabeled.`,
    },
  );
}
