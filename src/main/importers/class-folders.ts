import { stat } from 'node:fs/promises';
import { StudioError } from '#shared/errors.ts';
import type { Role, Split } from '#shared/images.ts';
import { CLASSES_FLAGS, CLASSES_HINT, ClassNames, namesWithCounts } from './class-names.ts';
import { noImages, surveyFolders } from './image-files.ts';
import {
  type FormatMatch,
  type ImportContext,
  type ImportEvent,
  type Importer,
  labelsFor,
  splitFor,
  splitOfRole,
} from './importer.ts';
import { type Description, probeFiles } from './probe-files.ts';
import { splitNamed } from './splits.ts';

/** Folders looked at to tell a format: a set of a million people has as many. */
export const FOLDERS_SAMPLED = 500;
const STUDIO_NAMES = new ClassNames();

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
  rows: (path, context) => classFolderRows(path, context),
};

/** @param identityOf who an image shows, by its name. */
export async function* classFolderRows(
  path: string,
  context: ImportContext,
  identityOf: (name: string) => string | null = () => null,
): AsyncGenerator<ImportEvent> {
  const { role, classes, signal } = context;
  const survey = await surveyFolders(path, Infinity, signal);
  if (survey.length === 0) throw noImages(path);
  const unknown = unknownClasses(survey, classes);
  if (role !== 'unlabeled') requireClasses(path, survey, unknown, context);
  yield { kind: 'total', total: survey.reduce((sum, { images }) => sum + images, 0) };
  // Where only some folders are named like expressions, the likeness may be chance: a person may be called Joy.
  const namesClasses = unknown.size === 0;
  let last: { folders: readonly string[]; read: ReadFolders } | undefined;
  yield* probeFiles(path, context, (folders, name) => {
    if (last?.folders !== folders) last = { folders, read: readFolders(folders, classes) };
    return describe(last.read, role, namesClasses, identityOf(name));
  });
}

function describe(
  { label, split, name }: ReadFolders,
  role: Role,
  namesClasses: boolean,
  identity: string | null,
): Description {
  if (label === null) return { kind: 'left-out', what: name };
  if (role === 'unlabeled') {
    return { split: splitOfRole(role), ...labelsFor(role, namesClasses ? (label ?? null) : null), identity };
  }
  if (label === undefined) return 'It lies in no class folder.';
  return { split: splitFor(role, split), ...labelsFor(role, label), identity };
}

interface ReadFolders {
  /** Class index; null for a class that is left out. */
  readonly label: number | null | undefined;
  readonly split: Split | undefined;
  /** Folders that are no splits, joined. */
  readonly name: string;
}

/** What the names of the folders above an image say: its class, where exactly one is named, and its split. */
export function readFolders(folders: readonly string[], classes: ClassNames = STUDIO_NAMES): ReadFolders {
  const others = folders.filter((folder) => splitNamed(folder) === undefined);
  const labels = new Set(others.map((name) => classes.find(name)).filter((label) => label !== undefined));
  return {
    label: labels.size === 1 ? [...labels][0] : undefined,
    split: folders.map(splitNamed).find((split) => split !== undefined),
    name: others.join('/'),
  };
}

type Survey = Awaited<ReturnType<typeof surveyFolders>>;

/** Images by the names of folders that are neither a class nor a split, or name two classes. */
function unknownClasses(survey: Survey, classes: ClassNames): Map<string, number> {
  const unknown = new Map<string, number>();
  for (const { folders, images } of survey) {
    const { label, name } = readFolders(folders, classes);
    if (label === undefined && name !== '') unknown.set(name, (unknown.get(name) ?? 0) + images);
  }
  return unknown;
}

/** An unknown class is a question to the person, not something to leave out silently. */
function requireClasses(
  path: string,
  survey: Survey,
  unknown: ReadonlyMap<string, number>,
  { classes, onUnknownClasses }: ImportContext,
): void {
  if (unknown.size > 0) {
    if (onUnknownClasses !== undefined) {
      onUnknownClasses(unknown);
      return;
    }
    throw new StudioError('bad-input', `Folders below ${path} are no expressions: ${namesWithCounts(unknown)}.`, {
      hint: CLASSES_HINT,
      commandLine: CLASSES_FLAGS,
    });
  }
  if (survey.every(({ folders }) => readFolders(folders, classes).label === undefined)) {
    throw new StudioError('bad-input', `The pictures below ${path} lie in no class folders.`, {
      hint: 'Name the folder that holds the class folders, or import it as unlabeled.',
      commandLine: '--role unlabeled',
    });
  }
}
