import { existsSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StudioError } from '#shared/errors.ts';
import type { NetworkName } from '#shared/training.ts';
import { MEAN, STANDARD_DEVIATION } from '../imaging/normalize.ts';
import { withCheckpointFile } from '../interchange/checkpoint-file.ts';
import { writeOnnx } from '../interchange/onnx/onnx-writer.ts';
import { StateDictionary, writePyTorch } from '../interchange/pytorch/checkpoint-writer.ts';
import { type SafetensorsTensor, writeSafetensors } from '../interchange/safetensors.ts';
import { writeSavedModel } from '../interchange/saved-model/saved-model-writer.ts';
import { readCheckpoint } from './checkpoint.ts';
import { type CheckpointReport, reportOf } from './checkpoint-report.ts';
import { findNetworks, readNetwork } from './foreign-checkpoint.ts';
import { releasedCheckpoint } from './released-checkpoint.ts';
import { inTorchvisionOrder, isBatchCounter } from './state-dict.ts';
import { readNetworkWeights } from './trained-network.ts';

export type CheckpointFormat = 'safetensors' | 'pytorch' | 'onnx' | 'saved-model';

export interface ExportReport extends CheckpointReport {
  readonly file: string;
  readonly format: CheckpointFormat;
  /** Null where the whole run was written. */
  readonly network: NetworkName | null;
}

const USUAL_IMAGE_SIZE = 224;

/**
 * Writes one network of a checkpoint for other programs, and reads it back: every number must be the one that was written.
 *
 * safetensors and pytorch: a state_dict of torchvision's names. onnx and saved-model: the network in inference form, with its mean and std.
 *
 * @param source a checkpoint folder, or a file of any kind that the studio reads.
 * @throws StudioError 'not-found' when the network is not there; 'no-space' on a full disk; 'corrupt' when the disk gives back other numbers.
 */
export async function exportNetwork(
  source: string,
  network: NetworkName,
  format: CheckpointFormat,
  target: string,
): Promise<ExportReport> {
  const { stateDict, architecture, config, classes, step } = await readNetworkWeights(source, network);
  const tensors = inTorchvisionOrder(stateDict, architecture);
  const metadata = {
    ...(config !== null && { config: JSON.stringify(config) }),
    classes: JSON.stringify(classes),
    step: String(step),
    network,
    imageSize: String(config?.imageSize ?? USUAL_IMAGE_SIZE),
    mean: JSON.stringify(MEAN),
    std: JSON.stringify(STANDARD_DEVIATION),
  };
  await prepare(target, format);
  const inference = { stateDict: tensors, classCount: architecture.classes, metadata };
  switch (format) {
    case 'safetensors':
      // "pt" is what PyTorch's readers of safetensors look for.
      await writeSafetensors(target, tensors, { ...metadata, format: 'pt' });
      break;
    case 'pytorch':
      await writePyTorch(target, new StateDictionary(tensors));
      break;
    case 'onnx':
      await writeOnnx(target, inference);
      break;
    case 'saved-model':
      await writeSavedModel(target, inference);
      break;
  }
  return { ...(await readBack(target, new Map([['', tensors]]))), file: target, format, network };
}

/**
 * Writes a whole run as the released program's `--resume` reads it.
 * @param source a checkpoint folder. @throws StudioError as `exportNetwork`, and as `releasedCheckpoint`.
 */
export async function exportRun(source: string, target: string): Promise<ExportReport> {
  const checkpoint = await readCheckpoint(source);
  await prepare(target, 'pytorch');
  const object = releasedCheckpoint(checkpoint, source) as ReadonlyMap<string, unknown>;
  await writePyTorch(target, object as Parameters<typeof writePyTorch>[1]);
  const written = [...object].flatMap(([key, value]) =>
    value instanceof StateDictionary ? [[key, value.tensors] as const] : [],
  );
  return { ...(await readBack(target, new Map(written))), file: target, format: 'pytorch', network: null };
}

async function prepare(target: string, format: CheckpointFormat): Promise<void> {
  if (format !== 'saved-model' && existsSync(target) && statSync(target).isDirectory()) {
    throw new StudioError('conflict', `${target} is a folder.`, { hint: 'Name the file to write.' });
  }
  await mkdir(dirname(target), { recursive: true });
}

/** @param written the networks by their place in the file. */
function readBack(
  path: string,
  written: ReadonlyMap<string, ReadonlyMap<string, SafetensorsTensor>>,
): Promise<CheckpointReport> {
  return withCheckpointFile(path, async (file) => {
    const found = findNetworks(file);
    for (const [place, tensors] of written) {
      const network = found.find((candidate) => candidate.place === place);
      const read = network === undefined ? new Map<string, SafetensorsTensor>() : await readNetwork(network);
      for (const [name, tensor] of tensors) {
        // An inference form counts no batches.
        const isDropped = isBatchCounter(name) && (file.kind === 'onnx' || file.kind === 'saved-model');
        if (!isDropped && !isSame(tensor, read.get(name))) {
          throw new StudioError('corrupt', `${path} does not give back ${name} as it was written.`, {
            hint: 'Check the disk, and export it again.',
          });
        }
      }
    }
    return reportOf(file);
  });
}

function isSame(a: SafetensorsTensor, b: SafetensorsTensor | undefined): boolean {
  if (b === undefined || a.dtype !== b.dtype || a.shape.join() !== b.shape.join()) return false;
  const bytes = ({ data }: SafetensorsTensor): Uint8Array =>
    new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return Buffer.compare(bytes(a), bytes(b)) === 0;
}
