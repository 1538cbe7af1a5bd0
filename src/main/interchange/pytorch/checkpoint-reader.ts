import type { CheckpointFile } from '../checkpoint-file.ts';
import type { FileBytes } from '../file-bytes.ts';
import { bytesPerElement, storagesByKey, tensorEntries } from './tensor-data.ts';
import { torchMeaning } from './torch-meaning.ts';
import { collectTensors, readPickleOf } from './torch-tree.ts';
import { ZipReader } from './zip-reader.ts';

/**
 * PyTorch's format since 1.6: a zip archive with the object's pickle in `NAME/data.pkl`, and the bytes of storage KEY in `NAME/data/KEY`.
 */
const PICKLE = 'data.pkl';
const LARGEST_PICKLE = 2 ** 24;
const LARGEST_MARK = 64;

export function isZip(start: Uint8Array): boolean {
  return start[0] === 0x50 && start[1] === 0x4b && (start[2] === 3 || start[2] === 5) && start[3] === start[2]! + 1;
}

/** @throws StudioError as `openCheckpointFile`. */
export async function openZipPyTorch(file: FileBytes): Promise<CheckpointFile> {
  const archive = await ZipReader.open(file);
  const root = rootOf(file, archive);
  await checkByteOrder(file, archive, root);
  const pickle = await archive.read(`${root}${PICKLE}`, LARGEST_PICKLE);
  const { meaning, storages } = torchMeaning();
  const tree = collectTensors(file, readPickleOf(file, pickle, 0, meaning).value);
  for (const [key, storage] of storagesByKey(file, storages)) {
    const entry = archive.find(`${root}data/${key}`);
    if (entry === undefined) throw file.corrupt(`it lacks the storage ${JSON.stringify(key.slice(0, 80))}`);
    const needed = storage.length * bytesPerElement(storage);
    if (entry.size < needed || entry.size >= needed + bytesPerElement(storage)) {
      throw file.corrupt(`storage ${key} should have ${needed} bytes and has ${entry.size}`);
    }
  }
  return {
    path: file.path,
    kind: 'pytorch-zip',
    tensors: tensorEntries(file, tree, ({ key }) => {
      const name = `${root}data/${key}`;
      return archive.read(name, archive.find(name)!.size);
    }),
    values: tree.values,
    metadata: {},
    close: () => file.close(),
  };
}

/** The folder, with its slash, that all of it is in. */
function rootOf(file: FileBytes, archive: ZipReader): string {
  const names = [...archive.names()];
  const pickles = names.filter((name) => /^([^/]+\/)?data\.pkl$/.test(name));
  if (pickles.length === 1) {
    const root = pickles[0]!.slice(0, -PICKLE.length);
    if (!names.some((name) => name.startsWith(`${root}code/`))) return root;
    throw file.unsupported(
      'it is a TorchScript program, not weights',
      'In Python, save its weights: torch.save(torch.jit.load(file).state_dict(), "weights.pth").',
    );
  }
  throw file.unsupported(
    'it is a zip archive that torch.save did not write',
    'If a checkpoint was packed into it, unpack it first.',
  );
}

async function checkByteOrder(file: FileBytes, archive: ZipReader, root: string): Promise<void> {
  const name = `${root}byteorder`;
  if (archive.find(name) === undefined) return;
  const order = Buffer.from(await archive.read(name, LARGEST_MARK))
    .toString('latin1')
    .trim();
  if (order === 'little') return;
  throw file.unsupported(
    `its numbers are in ${JSON.stringify(order)} byte order`,
    'Save it again on a little-endian machine.',
  );
}
