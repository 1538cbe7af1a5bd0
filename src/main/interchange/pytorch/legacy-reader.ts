import type { CheckpointFile } from '../checkpoint-file.ts';
import { type FileBytes, isCount } from '../file-bytes.ts';
import { PickleDictionary, PickleList, type PickleStorage } from './pickle-values.ts';
import { type PickleMeaning, PickleProblem } from './pickle-reader.ts';
import { bytesPerElement, storagesByKey, tensorEntries } from './tensor-data.ts';
import { torchMeaning } from './torch-meaning.ts';
import { collectTensors, readPickleOf } from './torch-tree.ts';

/**
 * PyTorch's format before 1.6, which the released program still writes: pickles of a magic number, a version, the writer's sizes, the object
 * and the list of its storages' keys; then each storage as a 64-bit count of elements and its bytes.
 */
const MAGIC = Uint8Array.of(0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e);
const VERSION = 1001;
const LARGEST_PICKLES = 2 ** 24;
const COUNT_BYTES = 8;

/** For the pickles that hold plain values alone. */
const NOTHING: PickleMeaning = {
  global: refuse,
  reduce: refuse,
  build: refuse,
  persistent: refuse,
};

function refuse(): never {
  throw new PickleProblem('its pickle is damaged: more than plain values in its header', true);
}

/** Also of one that was cut short inside the magic number. */
export function isLegacyPyTorch(start: Uint8Array): boolean {
  const length = Math.min(start.byteLength, MAGIC.byteLength);
  return length > 4 && Buffer.compare(start.subarray(0, length), MAGIC.subarray(0, length)) === 0;
}

/** @throws StudioError as `openCheckpointFile`. */
export async function openLegacyPyTorch(file: FileBytes): Promise<CheckpointFile> {
  const head = await file.read(0, Math.min(file.size, LARGEST_PICKLES), 'its beginning');
  const version = readPickleOf(file, head, MAGIC.byteLength, NOTHING);
  if (head.byteLength < MAGIC.byteLength || version.value !== VERSION) throw file.corrupt('it has no valid version');
  const system = readPickleOf(file, head, version.end, NOTHING);
  if (!(system.value instanceof PickleDictionary)) throw file.corrupt('its header is damaged');
  if (system.value.entries.get('little_endian') !== true) {
    throw file.unsupported('its numbers are in big-endian byte order', 'Save it again on a little-endian machine.');
  }
  const { meaning, storages } = torchMeaning();
  const object = readPickleOf(file, head, system.end, meaning);
  const keys = readPickleOf(file, head, object.end, NOTHING);
  if (!(keys.value instanceof PickleList)) throw file.corrupt('the list of its storages is damaged');
  const tree = collectTensors(file, object.value);
  const byKey = storagesByKey(file, storages);
  const places = await locateStorages(file, keys.value.items.map(String), keys.end, byKey);
  return {
    path: file.path,
    kind: 'pytorch-legacy',
    tensors: tensorEntries(file, tree, (storage) =>
      file.read(places.get(storage.key)!, storage.length * bytesPerElement(storage), `storage ${storage.key}`),
    ),
    values: tree.values,
    metadata: {},
    close: () => file.close(),
  };
}

/** Where the bytes of each storage begin. @throws StudioError 'corrupt' when one is missing, of another size, or cut short. */
async function locateStorages(
  file: FileBytes,
  keys: readonly string[],
  begin: number,
  storages: ReadonlyMap<string, PickleStorage>,
): Promise<Map<string, number>> {
  const places = new Map<string, number>();
  let position = begin;
  for (const key of keys) {
    const storage = storages.get(key);
    if (storage === undefined || places.has(key)) throw file.corrupt('the list of its storages is damaged');
    const count = Number(
      new DataView((await file.read(position, COUNT_BYTES, `storage ${key}`)).buffer).getBigInt64(0, true),
    );
    if (count !== storage.length) {
      throw file.corrupt(`storage ${key} should have ${storage.length} elements and has ${count}`);
    }
    position += COUNT_BYTES;
    places.set(key, position);
    position += count * bytesPerElement(storage);
    if (!isCount(position) || position > file.size) {
      throw file.corrupt(`it ends at byte ${file.size}, and storage ${key} at byte ${position}`);
    }
  }
  const missing = [...storages.keys()].find((key) => !places.has(key));
  if (missing !== undefined) throw file.corrupt(`it lacks the storage ${missing}`);
  return places;
}
