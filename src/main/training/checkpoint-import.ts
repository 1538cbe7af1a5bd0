import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StudioError } from '#shared/errors.ts';
import { classNames } from '#shared/expressions.ts';
import { type NetworkName, trainingConfigSchema } from '#shared/training.ts';
import { withCheckpointFile } from '../interchange/checkpoint-file.ts';
import { type SafetensorsTensor, writeSafetensors } from '../interchange/safetensors.ts';
import { type CheckpointReport, reportOf } from './checkpoint-report.ts';
import { findNetworks, fitOf, type ForeignNetwork, readNetwork } from './foreign-checkpoint.ts';
import { architectureFrom, inTorchvisionOrder, loadStateDict } from './state-dict.ts';

export interface ImportSettings {
  /** Names of the classes in the network's order; the studio's own when left out. */
  readonly classes?: readonly string[];
  /** Side of the square the network was trained on, pixels. */
  readonly imageSize: number;
  readonly releaseCrop: boolean;
}

export interface ImportReport extends CheckpointReport {
  readonly file: string;
  readonly classes: readonly string[];
  /** SHA-256 of the file. */
  readonly digest: string;
}

/**
 * Takes the networks of a checkpoint file of any kind into a safetensors file of the studio's layout, which predicts, evaluates, and starts
 * training like any of its own.
 *
 * @throws StudioError 'bad-input' or 'unsupported' when a network does not fit; 'conflict' when `target` is there already.
 */
export function importCheckpoint(path: string, target: string, settings: ImportSettings): Promise<ImportReport> {
  if (existsSync(target)) {
    throw new StudioError('conflict', `${target} is there already.`, { hint: 'Choose another name.' });
  }
  return withCheckpointFile(path, async (file) => {
    const networks = findNetworks(file);
    checkNames(networks, path);
    const [first] = networks;
    const { name, architecture } = {
      name: fitOf(first!)?.architectureName ?? null,
      architecture: architectureFrom(first!.entries, path),
    };
    const classes = classesOf(architecture.classes, settings.classes ?? namesIn(file.metadata['classes']), path);
    const tensors = new Map<string, SafetensorsTensor>();
    for (const network of networks) {
      const stateDict = await readNetwork(network);
      const own = architectureFrom(stateDict, path);
      // Refuses what does not fit, naming the keys.
      loadStateDict(stateDict, own, path);
      const prefix = network.name === null ? '' : `${network.name}.`;
      for (const [key, tensor] of inTorchvisionOrder(stateDict, own)) tensors.set(`${prefix}${key}`, tensor);
    }
    const report = reportOf(file);
    const config = trainingConfigSchema.parse({
      ...(name !== null && { architecture: name }),
      stem: architecture.stem,
      width: architecture.width,
      classCount: architecture.classes,
      imageSize: settings.imageSize,
      releaseCrop: settings.releaseCrop,
    });
    await mkdir(dirname(target), { recursive: true });
    const digest = await writeSafetensors(target, tensors, {
      config: file.metadata['config'] ?? JSON.stringify(config),
      classes: JSON.stringify(classes),
      step: String(report.step ?? 0),
    });
    return { ...report, file: target, classes, digest };
  });
}

function checkNames(networks: readonly ForeignNetwork[], path: string): void {
  if (networks.length === 0) {
    throw new StudioError('unsupported', `${path} holds no residual network of torchvision’s names.`, {
      hint: '`checkpoint inspect FILE` lists what it holds.',
    });
  }
  const names = networks.map(({ name }) => name);
  const isClear =
    networks.length === 1 || (!names.includes(null) && new Set<NetworkName | null>(names).size === names.length);
  if (isClear) return;
  const places = networks.map(
    ({ place, prefix }) => [place, prefix].filter((part) => part !== '').join('/') || 'the top',
  );
  throw new StudioError('unsupported', `${path} holds ${networks.length} networks (${places.join(', ')}).`, {
    hint: 'In Python, save the one you mean: torch.save(checkpoint[KEY], "weights.pth").',
  });
}

function classesOf(count: number, given: readonly string[] | undefined, path: string): readonly string[] {
  const names = given ?? classNames(count);
  if (names.length === count) return names;
  throw new StudioError(
    'bad-input',
    given === undefined
      ? `The network in ${path} tells ${count} classes apart, and the studio knows ${names.length} expressions.`
      : `The network in ${path} tells ${count} classes apart, and ${given.length} are named.`,
    {
      hint: 'Name them all, in the network’s order: --classes neutral,happy,…; to start training from it, use --pretrained.',
    },
  );
}

function namesIn(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined;
  try {
    const names: unknown = JSON.parse(text);
    return Array.isArray(names) && names.every((name) => typeof name === 'string') ? names : undefined;
  } catch {
    // Metadata is anybody's; what is not JSON tells nothing.
    return undefined;
  }
}
