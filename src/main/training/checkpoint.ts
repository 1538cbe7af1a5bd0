import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { StudioError, toStudioError } from '#shared/errors.ts';
import { CHECKPOINT_FORMAT, type CheckpointState, checkpointStateSchema } from '#shared/training.ts';
import { syncFolder, writeFileAtomically } from '../interchange/atomic-file.ts';
import { readSafetensors, type SafetensorsTensor, writeSafetensors } from '../interchange/safetensors.ts';

/**
 * A checkpoint is a folder with `weights.safetensors` (tensors named `base.`, `adaptation.`, `ema.`, `finetuned.` and torchvision's names,
 * momentum buffers `base.momentum.`…, the scalar `feedbackBaseline`) and `state.json`, which holds everything else a run needs to go on
 * exactly and the checksum of the weights. It is written beside its final place and renamed into it, so that a name always stands for a whole checkpoint.
 *
 * Data order, views and dropout need no state of their own: they depend on the run's seed and the step number alone.
 */
export const WEIGHTS_FILE = 'weights.safetensors';
export const STATE_FILE = 'state.json';
const PREVIOUS_SUFFIX = '.previous';
export type Tensors = ReadonlyMap<string, SafetensorsTensor>;

export interface Checkpoint {
  readonly state: CheckpointState;
  readonly tensors: Tensors;
}

/**
 * Saves a checkpoint under a name (`last`, `best`, `step-1000`, `finetuned`) in a run's folder. The one that had the name stays until the
 * new one is in place; that of `last` stays on, as `last.previous`, in case `last` is damaged later.
 *
 * @throws StudioError 'no-space' on a full disk; earlier checkpoints are intact then.
 */
export async function saveCheckpoint(
  runFolder: string,
  name: string,
  state: Omit<CheckpointState, 'format' | 'weightsDigest'>,
  tensors: Tensors,
): Promise<void> {
  const place = join(runFolder, name);
  const unfinished = `${place}.unfinished`;
  try {
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { recursive: true });
    const description = {
      config: JSON.stringify(state.config),
      classes: JSON.stringify(state.classes),
      step: String(state.step),
    };
    const weightsDigest = await writeSafetensors(join(unfinished, WEIGHTS_FILE), tensors, description);
    const complete: CheckpointState = { ...state, format: CHECKPOINT_FORMAT, weightsDigest };
    await writeFileAtomically(join(unfinished, STATE_FILE), [Buffer.from(`${JSON.stringify(complete, null, 2)}\n`)]);
    await placeCheckpoint(runFolder, name, unfinished);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw toStudioError(error);
  }
}

/** Puts a whole checkpoint in the place of its name. @param folder where it is, on the same file system; it is gone then. */
export async function placeCheckpoint(runFolder: string, name: string, folder: string): Promise<void> {
  const place = join(runFolder, name);
  const previous = `${place}${PREVIOUS_SUFFIX}`;
  if (existsSync(place)) {
    await rm(previous, { recursive: true, force: true });
    await rename(place, previous);
  }
  await rename(folder, place);
  await syncFolder(runFolder);
  if (name !== 'last') await rm(previous, { recursive: true, force: true });
}

/**
 * Loads a checkpoint of a run. One that is damaged, or that a crash removed at the very moment of replacing it, is taken from the one
 * before it.
 *
 * @param warn called with a sentence when that happened.
 * @returns null when the run has no checkpoint of that name.
 * @throws StudioError 'corrupt' when neither is sound.
 */
export async function loadCheckpoint(
  runFolder: string,
  name: string,
  warn: (message: string) => void,
): Promise<Checkpoint | null> {
  const place = join(runFolder, name);
  const candidates = [place, `${place}${PREVIOUS_SUFFIX}`].filter((folder) => existsSync(folder));
  let firstProblem: StudioError | undefined;
  for (const folder of candidates) {
    try {
      const checkpoint = await readCheckpoint(folder);
      if (folder !== place) {
        const reason = firstProblem?.message ?? `The checkpoint ${place} was not in place.`;
        warn(`${reason} Going on from the checkpoint before it, of step ${checkpoint.state.step}.`);
      }
      return checkpoint;
    } catch (error) {
      firstProblem ??= toStudioError(error);
    }
  }
  if (firstProblem !== undefined) throw firstProblem;
  return null;
}

/** @throws StudioError 'not-found' when the folder is no checkpoint; 'corrupt' when it is damaged. */
export async function readCheckpoint(folder: string): Promise<Checkpoint> {
  const state = await readState(folder);
  const weights = join(folder, WEIGHTS_FILE);
  if ((await digestOf(weights)) !== state.weightsDigest) {
    throw corrupt(folder, 'its weights are not those that were saved');
  }
  const { tensors } = await readSafetensors(weights);
  return { state, tensors };
}

async function readState(folder: string): Promise<CheckpointState> {
  const text = await readFile(join(folder, STATE_FILE), 'utf8').catch((error: unknown) => {
    throw toStudioError(error);
  });
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw corrupt(folder, `its ${STATE_FILE} is not JSON`, error);
  }
  const state = checkpointStateSchema.safeParse(parsed);
  if (!state.success) throw corrupt(folder, `its ${STATE_FILE} does not say what it should`, state.error);
  return state.data;
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash).catch((error: unknown) => {
    throw toStudioError(error);
  });
  return hash.digest('hex');
}

function corrupt(folder: string, reason: string, cause?: unknown): StudioError {
  return new StudioError('corrupt', `The checkpoint ${folder} is damaged: ${reason}.`, {
    hint: 'Go on from another checkpoint of the run.',
    cause,
  });
}
