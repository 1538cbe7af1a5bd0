import { StudioError } from '#shared/errors.ts';
import { type Architecture, NETWORKS, type NetworkName } from '#shared/training.ts';
import { type CheckpointFile, type TensorEntry, withCheckpointFile } from '../interchange/checkpoint-file.ts';
import { float32Of } from '../interchange/half-precision.ts';
import type { SafetensorsTensor } from '../interchange/safetensors.ts';
import { namedArchitecture, parameterSpecifications, type ResNetArchitecture } from './resnet.ts';
import { architectureOfShapes, differencesOf, isBatchCounter, type StateDictDifferences } from './state-dict.ts';

/**
 * Networks in files that others wrote: found by torchvision's names, wherever in the file they are and whatever stands before the names
 * (`module.` of data parallelism, `backbone.`, the studio's own `base.`).
 */
export interface ForeignNetwork {
  /** Which of a run's networks it is, where the file tells. */
  readonly name: NetworkName | null;
  /** Where in the file: `teacher_state_dict`; empty at the top. */
  readonly place: string;
  /** What stands before torchvision's names: `module.`. */
  readonly prefix: string;
  /** By torchvision name. */
  readonly entries: ReadonlyMap<string, TensorEntry>;
  /** Names beside the network's own in the same place, which torchvision's has none of. */
  readonly beside: readonly string[];
}

/** The released program's names. */
export const RELEASED_NAMES = {
  base: 'teacher_state_dict',
  adaptation: 'student_state_dict',
  ema: 'avg_state_dict',
} as const satisfies Partial<Record<NetworkName, string>>;

/** A residual network is known by the first filters of one of these stages; a damaged file may lack some. */
const STAGES = ['layer1.0.conv1.weight', 'layer2.0.conv1.weight'];
const MOMENTUM = 'momentum.';

/** Every residual network in a checkpoint, in the order of the file. */
export function findNetworks(file: CheckpointFile): ForeignNetwork[] {
  const places = Map.groupBy(file.tensors, ({ path }) => path.slice(0, -1).join('/'));
  return [...places].flatMap(([place, entries]) => {
    const byName = new Map(entries.map((entry) => [entry.path.at(-1)!, entry]));
    const prefixes = new Set(
      STAGES.flatMap((stage) =>
        [...byName.keys()].filter((name) => name.endsWith(stage)).map((name) => name.slice(0, -stage.length)),
      ).filter((prefix) => !prefix.endsWith(MOMENTUM)),
    );
    return [...prefixes].map((prefix) => networkAt(place, prefix, byName, prefixes.size === 1));
  });
}

function networkAt(
  place: string,
  prefix: string,
  byName: ReadonlyMap<string, TensorEntry>,
  isAlone: boolean,
): ForeignNetwork {
  const own = [...byName].filter(([name]) => name.startsWith(prefix) && !name.startsWith(prefix + MOMENTUM));
  const name = nameOf(place, prefix);
  // A checkpoint of the studio has momentum and more beside its networks.
  const isStudios = name !== null && place === '';
  const beside = isAlone && !isStudios ? [...byName.keys()].filter((key) => !key.startsWith(prefix)) : [];
  return {
    name,
    place,
    prefix,
    entries: new Map(own.map(([key, entry]) => [key.slice(prefix.length), entry])),
    beside,
  };
}

function nameOf(place: string, prefix: string): NetworkName | null {
  const released = Object.entries(RELEASED_NAMES).find(([, key]) => key === place.split('/').at(-1));
  if (released !== undefined) return released[0] as NetworkName;
  return NETWORKS.find((name) => prefix === `${name}.`) ?? null;
}

/** How a network of a file fits torchvision's. */
export interface NetworkFit extends StateDictDifferences {
  readonly architecture: ResNetArchitecture;
  /** Null where its blocks are counted as in none that torchvision names. */
  readonly architectureName: Architecture | null;
  /** Names that were found as they should be. */
  readonly mapped: number;
}

/** Null when it is no residual network of torchvision's after all. */
export function fitOf(network: ForeignNetwork): NetworkFit | null {
  const architecture = architectureOfShapes(network.entries);
  if (architecture === null) return null;
  const specifications = parameterSpecifications(architecture);
  const { missing, misshaped, extra } = differencesOf(network.entries, specifications);
  const counters = [...network.entries.keys()].filter(isBatchCounter).length;
  return {
    architecture,
    architectureName: namedArchitecture(architecture),
    mapped: specifications.length - missing.length - misshaped.length + counters,
    missing,
    misshaped,
    extra: [...extra, ...network.beside],
  };
}

export interface ForeignStateDict {
  readonly name: NetworkName | null;
  /** With torchvision's names, floats of 32 bits. */
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>;
  readonly values: CheckpointFile['values'];
  readonly metadata: CheckpointFile['metadata'];
}

/**
 * One network of a checkpoint file of any kind.
 *
 * @param name which; of a file that holds one unnamed network, that one.
 * @throws StudioError 'not-found' when it is not there; as `openCheckpointFile` when the file cannot be read.
 */
export function readForeignNetwork(path: string, name: NetworkName): Promise<ForeignStateDict> {
  return withCheckpointFile(path, async (file) => {
    const network = chosenNetwork(findNetworks(file), name, path);
    return {
      name: network.name,
      tensors: await readNetwork(network),
      values: file.values,
      metadata: file.metadata,
    };
  });
}

/** The numbers of a network, floats of 32 bits whatever the file has. */
export async function readNetwork({ entries }: ForeignNetwork): Promise<Map<string, SafetensorsTensor>> {
  const tensors = new Map<string, SafetensorsTensor>();
  for (const [key, entry] of entries) {
    const tensor = await entry.read();
    const { shape } = tensor;
    tensors.set(key, isBatchCounter(key) ? tensor : { dtype: 'F32', shape, data: float32Of(tensor, key) });
  }
  return tensors;
}

function chosenNetwork(networks: readonly ForeignNetwork[], name: NetworkName, path: string): ForeignNetwork {
  const named = networks.find((network) => network.name === name);
  const [only] = networks;
  if (named !== undefined) return named;
  if (networks.length === 1 && only!.name === null) return only!;
  if (only === undefined) {
    throw new StudioError('unsupported', `${path} holds no residual network of torchvision’s names.`, {
      hint: '`checkpoint inspect FILE` lists what it holds.',
    });
  }
  const present = networks.map((network) => network.name ?? (network.place || 'an unnamed one'));
  throw new StudioError('not-found', `${path} holds no network named ${name}.`, {
    hint: `It holds ${present.join(', ')}.`,
  });
}

/**
 * Initial weights out of a file that the person has: ImageNet's from torchvision, another program's, a run's.
 * @throws StudioError as `readForeignNetwork`.
 */
export async function readPretrained(path: string): Promise<ReadonlyMap<string, SafetensorsTensor>> {
  return (await readForeignNetwork(path, 'adaptation')).tensors;
}
