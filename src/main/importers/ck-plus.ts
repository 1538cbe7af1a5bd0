import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { StudioError } from '#shared/errors.ts';
import { classFolderRows, readFolders } from './class-folders.ts';
import { imageFolders, surveyFolders } from './image-files.ts';
import {
  type FormatMatch,
  type ImportContext,
  type ImportEvent,
  type Importer,
  labelsFor,
  splitOfRole,
} from './importer.ts';
import { type Description, probeFiles } from './probe-files.ts';

/** Neutral, anger, contempt, disgust, fear, happy, sadness, surprise are 0 … 7. CK+'s number → class index. */
const CK_PLUS_TO_STUDIO: readonly number[] = [0, 6, 7, 5, 4, 1, 2, 3];
/** Frames at a sequence's end that show its expression, as is usual: it begins neutral and grows to its peak. */
const PEAK_FRAMES = 3;
/** `S005_001_00000011.png`: subject, sequence, frame. */
const FRAME_NAME = /^(S\d{3})_(\d{3})_(\d{8})\b/i;
const IMAGE_FOLDER = 'cohn-kanade-images';
const LABEL_FOLDERS = ['Emotion', 'Emotion_labels', 'emotion'];
const SEQUENCES_SAMPLED = 20;

/**
 * CK+ as published: sequences of frames, and for some of them the expression of their peak. The last three frames have the expression, the
 * first is neutral, those between are left out, and so are sequences without an expression. The class folders it is often turned into do too.
 */
export const ckPlus: Importer = {
  format: 'ck-plus',
  description: 'CK+: cohn-kanade-images with Emotion, or class folders of its frames',
  async match(path): Promise<FormatMatch | null> {
    if (!(await stat(path)).isDirectory()) return null;
    const labels = await labelFolderOf(path);
    if (labels !== null && (await isFolder(join(path, IMAGE_FOLDER)))) {
      return { confidence: 1, reason: `There are CK+’s folders ${IMAGE_FOLDER} and ${labels}.` };
    }
    return (await isClassFolders(path))
      ? { confidence: 0.97, reason: 'Class folders hold frames named as CK+ names them, by subject and sequence.' }
      : null;
  },
  async *rows(path, context) {
    if ((await labelFolderOf(path)) === null) yield* classFolderRows(path, context, subjectOf);
    else yield* sequenceRows(path, context);
  },
};

async function* sequenceRows(path: string, context: ImportContext): AsyncGenerator<ImportEvent> {
  const labels = join(path, (await labelFolderOf(path))!);
  if (!(await isFolder(join(path, IMAGE_FOLDER)))) {
    throw new StudioError('bad-input', `There is no folder ${IMAGE_FOLDER} in ${path}.`, {
      hint: 'Unpack extended-cohn-kanade-images.zip beside the folder of emotions.',
    });
  }
  const survey = (await surveyFolders(path, Infinity, context.signal)).filter(
    ({ folders }) => folders[0] === IMAGE_FOLDER,
  );
  yield { kind: 'total', total: survey.reduce((sum, { images }) => sum + images, 0) };
  const sequences = new Map<string, Sequence>();
  for await (const { folders, images } of imageFolders(path)) {
    if (folders[0] !== IMAGE_FOLDER) continue;
    const place = folders.slice(1);
    sequences.set(place.join('/'), { frames: images, emotion: await emotionOf(join(labels, ...place)) });
  }
  yield* probeFiles(path, context, (folders, name) => {
    if (folders[0] !== IMAGE_FOLDER) return { kind: 'left-out', what: 'pictures beside the sequences' };
    return describe(sequences.get(folders.slice(1).join('/'))!, name, context);
  });
}

interface Sequence {
  /** Names, in the order of time. */
  readonly frames: readonly string[];
  /** Class index; null without one, a sentence when it cannot be read. */
  readonly emotion: number | null | string;
}

function describe({ frames, emotion }: Sequence, name: string, { role }: ImportContext): Description {
  const identity = subjectOf(name);
  if (identity === null) return 'The name is not of the form S005_001_00000011.png.';
  const frame = frames.indexOf(name);
  const isPeak = frame >= frames.length - PEAK_FRAMES;
  const label = typeof emotion !== 'number' ? null : isPeak ? emotion : frame === 0 ? 0 : null;
  if (role !== 'unlabeled') {
    if (typeof emotion === 'string') return emotion;
    if (emotion === null) return { kind: 'left-out', what: 'frames of sequences without an expression' };
    if (label === null) return { kind: 'left-out', what: 'frames between the neutral first and the last three' };
  }
  return { split: splitOfRole(role), ...labelsFor(role, label), identity };
}

/** The subject whose face a frame shows, by its name. */
function subjectOf(name: string): string | null {
  return FRAME_NAME.exec(name)?.[1]?.toUpperCase() ?? null;
}

/** What stands in a sequence's folder of labels: one file with a number such as `3.0000000e+00`, or nothing. */
async function emotionOf(folder: string): Promise<Sequence['emotion']> {
  const names = await readdir(folder).catch(() => [] as string[]); // sequences without an expression have none
  const name = names.find((candidate) => candidate.endsWith('_emotion.txt'));
  if (name === undefined) return null;
  const text = (await readFile(join(folder, name), 'latin1')).slice(0, 100).trim();
  const label = text === '' ? undefined : CK_PLUS_TO_STUDIO[Number(text)];
  return label ?? `“${text.slice(0, 20)}” in ${name} is no expression of CK+ (0–${CK_PLUS_TO_STUDIO.length - 1}).`;
}

async function labelFolderOf(path: string): Promise<string | null> {
  const names = await readdir(path);
  return LABEL_FOLDERS.find((folder) => names.includes(folder)) ?? null;
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false, // not there: it is another data set
  );

async function isClassFolders(path: string): Promise<boolean> {
  let seen = 0;
  for await (const { folders, images } of imageFolders(path)) {
    if (images.length === 0) continue;
    if (!images.every((name) => FRAME_NAME.test(name)) || readFolders(folders).label === undefined) return false;
    if (++seen >= SEQUENCES_SAMPLED) break;
  }
  return seen > 0;
}
