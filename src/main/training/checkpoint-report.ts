import type { Architecture, NetworkName } from '#shared/training.ts';
import { type CheckpointFile, type CheckpointKind, withCheckpointFile } from '../interchange/checkpoint-file.ts';
import { findNetworks, fitOf, type ForeignNetwork, type NetworkFit } from './foreign-checkpoint.ts';
import type { ShapeMismatch } from './state-dict.ts';

/** One network in a checkpoint, and how it fits torchvision's. */
export interface NetworkReport {
  /** Which of a run's networks it is, where the file tells. */
  readonly network: NetworkName | null;
  /** Where in the file, and what stands before torchvision's names there. */
  readonly place: string;
  readonly prefix: string;
  readonly architecture: Architecture | null;
  readonly block: 'basic' | 'bottleneck';
  readonly layers: readonly number[];
  readonly stem: string;
  readonly width: number;
  readonly classes: number;
  readonly mapped: number;
  readonly missing: readonly string[];
  readonly extra: readonly string[];
  readonly misshaped: readonly ShapeMismatch[];
}

export interface CheckpointReport {
  readonly path: string;
  readonly kind: CheckpointKind;
  /** Steps of training behind it, where the file tells. */
  readonly step: number | null;
  readonly tensors: readonly { readonly name: string; readonly dtype: string; readonly shape: readonly number[] }[];
  readonly networks: readonly NetworkReport[];
  /** Of all networks together, with the place before the name. */
  readonly mapped: number;
  readonly missing: readonly string[];
  readonly extra: readonly string[];
  readonly misshaped: readonly ShapeMismatch[];
}

/**
 * What a checkpoint file holds, every tensor read once so that damage shows.
 * @throws StudioError as `openCheckpointFile`.
 */
export function inspectCheckpoint(path: string): Promise<CheckpointReport> {
  return withCheckpointFile(path, async (file) => {
    for (const tensor of file.tensors) await tensor.read();
    return reportOf(file);
  });
}

/** Without reading a number. */
export function reportOf(file: CheckpointFile): CheckpointReport {
  const networks = findNetworks(file).flatMap((network) => {
    const fit = fitOf(network);
    return fit === null ? [] : [networkReport(network, fit)];
  });
  const step = Number(file.values.get('step') ?? file.metadata['step'] ?? NaN);
  return {
    path: file.path,
    kind: file.kind,
    step: Number.isSafeInteger(step) ? step : null,
    tensors: file.tensors.map(({ path, dtype, shape }) => ({ name: path.join('/'), dtype, shape })),
    networks,
    mapped: networks.reduce((sum, { mapped }) => sum + mapped, 0),
    missing: networks.flatMap((network) => network.missing.map((name) => placed(network, name))),
    extra: networks.flatMap((network) => network.extra.map((name) => placed(network, name))),
    misshaped: networks.flatMap((network) =>
      network.misshaped.map((mismatch) => ({ ...mismatch, name: placed(network, mismatch.name) })),
    ),
  };
}

function networkReport({ name, place, prefix }: ForeignNetwork, fit: NetworkFit): NetworkReport {
  const { block, layers, stem = 'imagenet', width, classes } = fit.architecture;
  const { mapped, missing, extra, misshaped } = fit;
  return {
    network: name,
    place,
    prefix,
    architecture: fit.architectureName,
    ...{ block, layers, stem, width, classes },
    ...{ mapped, missing, extra, misshaped },
  };
}

function placed({ place }: NetworkReport, name: string): string {
  return place === '' ? name : `${place}/${name}`;
}
