import type { StudioError } from '#shared/errors.ts';
import { FileBytes } from './file-bytes.ts';
import { isOnnx, openOnnx } from './onnx/onnx-reader.ts';
import { isLegacyPyTorch, openLegacyPyTorch } from './pytorch/legacy-reader.ts';
import { isZip, openZipPyTorch } from './pytorch/checkpoint-reader.ts';
import { isSavedModel, openSavedModel } from './saved-model/saved-model-reader.ts';
import { openSafetensorsFile, type SafetensorsDtype, type SafetensorsTensor } from './safetensors.ts';

export type CheckpointKind = 'safetensors' | 'pytorch-zip' | 'pytorch-legacy' | 'onnx' | 'saved-model';

/** A tensor of a checkpoint, whose numbers are read when they are asked for. */
export interface TensorEntry {
  /** Keys and indices that lead to it: ['teacher_state_dict', 'conv1.weight']. */
  readonly path: readonly string[];
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  /** @throws StudioError 'corrupt' when its bytes are damaged. */
  readonly read: () => Promise<SafetensorsTensor>;
}

export interface CheckpointFile {
  readonly path: string;
  readonly kind: CheckpointKind;
  /** In the order of the file; at least one. */
  readonly tensors: readonly TensorEntry[];
  /** Plain values beside the tensors, at the top of the file, by key (`step`). */
  readonly values: ReadonlyMap<string, boolean | number | string>;
  /** What the file says about itself. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly close: () => Promise<void>;
}

const LONGEST_SAFETENSORS_HEADER = 100_000_000;
const SNIFFED_BYTES = 64;

/**
 * Opens a checkpoint by what is in it, whatever its name: PyTorch's zip and legacy formats, safetensors, ONNX, and the folder of a
 * SavedModel. Close it afterwards.
 *
 * Memory: the descriptions, and one tensor at a time. Time: that of reading them. Nothing in the file is executed, and none is written.
 *
 * @throws StudioError 'not-found' when there is no such file; 'corrupt' when it is damaged; 'unsupported' when it holds something else, or
 * anything beyond plain data and tensors.
 */
export async function openCheckpointFile(path: string): Promise<CheckpointFile> {
  if (isSavedModel(path)) return openSavedModel(path);
  const file = await FileBytes.open(path);
  try {
    if (file.size === 0) throw file.corrupt('it is empty');
    const start = await file.read(0, Math.min(file.size, SNIFFED_BYTES), 'its beginning');
    if (isZip(start)) return await openZipPyTorch(file);
    if (isLegacyPyTorch(start)) return await openLegacyPyTorch(file);
    if (isSafetensors(start)) return await openSafetensors(file);
    if (isOnnx(start)) return await openOnnx(file);
    throw unknownKind(file, start);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** @throws StudioError as `openCheckpointFile`, whose messages a person should see before anything is begun with the file. */
export async function checkCheckpointFile(path: string): Promise<void> {
  await (await openCheckpointFile(path)).close();
}

/** Opens a checkpoint, and closes it whatever `work` does. */
export async function withCheckpointFile<Result>(
  path: string,
  work: (file: CheckpointFile) => Promise<Result>,
): Promise<Result> {
  const file = await openCheckpointFile(path);
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}

function isSafetensors(start: Uint8Array): boolean {
  if (start.byteLength < 9) return false;
  const length = new DataView(start.buffer).getBigUint64(0, true);
  return length <= BigInt(LONGEST_SAFETENSORS_HEADER) && start[8] === '{'.charCodeAt(0);
}

async function openSafetensors(file: FileBytes): Promise<CheckpointFile> {
  const { entries, metadata, read, close } = await openSafetensorsFile(file.path);
  const closeBoth = async (): Promise<void> => {
    await close();
    await file.close();
  };
  if (entries.length === 0) {
    await close();
    throw file.corrupt('it holds no tensor');
  }
  return {
    path: file.path,
    kind: 'safetensors',
    tensors: entries.map((entry) => ({
      path: [entry.name],
      dtype: entry.dtype,
      shape: entry.shape,
      read: () => read(entry),
    })),
    values: new Map(),
    metadata,
    close: closeBoth,
  };
}

const KINDS = 'Checkpoints are files of torch.save (.pth, .pth.tar, .pt) or safetensors.';

function unknownKind(file: FileBytes, start: Uint8Array): StudioError {
  const text = Buffer.from(start).toString('latin1').trimStart().toLowerCase();
  if (text.startsWith('<')) {
    return file.unsupported(
      'it is a web page, not a checkpoint',
      'The download went wrong: open the address in a browser and save the file itself.',
    );
  }
  if (start[0] === 0x80 && start[1]! <= 5) {
    return file.unsupported('it is a Python pickle that torch.save did not write', KINDS);
  }
  return file.unsupported('it is no checkpoint', KINDS);
}
