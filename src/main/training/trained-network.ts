import { stat } from 'node:fs/promises';
import { StudioError, toStudioError } from '#shared/errors.ts';
import { classNames } from '#shared/expressions.ts';
import { NETWORKS, type NetworkName, type TrainingConfig, trainingConfigSchema } from '#shared/training.ts';
import { isSavedModel } from '../interchange/saved-model/saved-model-reader.ts';
import { readCheckpoint, type Tensors } from './checkpoint.ts';
import { readForeignNetwork } from './foreign-checkpoint.ts';
import { createNetwork, type Network } from './network.ts';
import type { ResNetArchitecture } from './resnet.ts';
import { architectureFrom, type LoadedStateDict, loadStateDict, type StateDict } from './state-dict.ts';
import { momentumPrefix, withoutPrefix, withPrefix } from './training-state.ts';

/** A network to predict and evaluate with. */
export interface TrainedNetwork {
  readonly network: Network;
  readonly name: NetworkName;
  readonly classes: readonly string[];
  /** Steps of training behind it; 0 where the file does not tell. */
  readonly step: number;
  /** How its images are prepared. */
  readonly view: Pick<TrainingConfig, 'imageSize' | 'releaseCrop' | 'released' | 'grayscale'>;
}

/** Weights of unknown origin are taken to be made for ImageNet's size, as torchvision's are. */
const USUAL_IMAGE_SIZE = 224;

/**
 * Loads one network of a checkpoint folder, or of a file: safetensors or PyTorch's, the studio's own, the released program's or a bare
 * state_dict in torchvision's names.
 *
 * @throws StudioError 'not-found' when there is no such file or no such network in it; 'corrupt' or 'bad-input' when it cannot be used.
 */
export async function loadCheckpointNetwork(path: string, name: NetworkName): Promise<TrainedNetwork> {
  const { architecture, loaded, config, classes, step } = await readNetworkWeights(path, name);
  return {
    network: createNetwork(architecture, loaded.values, loaded.batchesTracked),
    name,
    classes,
    step,
    view: {
      imageSize: config?.imageSize ?? USUAL_IMAGE_SIZE,
      releaseCrop: config?.releaseCrop ?? false,
      released: config?.released ?? false,
      grayscale: config?.grayscale ?? false,
    },
  };
}

/** A network as numbers, without TensorFlow. */
export interface NetworkWeights {
  /** With torchvision's names, in PyTorch's layouts. */
  readonly stateDict: StateDict;
  readonly architecture: ResNetArchitecture;
  /** The same in TensorFlow's layouts. */
  readonly loaded: LoadedStateDict;
  /** How it was trained, where the file tells. */
  readonly config: TrainingConfig | null;
  readonly classes: readonly string[];
  readonly step: number;
}

/** @throws StudioError as `loadCheckpointNetwork`. */
export async function readNetworkWeights(path: string, name: NetworkName): Promise<NetworkWeights> {
  const source = await readSource(path, name);
  const architecture = architectureFrom(source.stateDict, path);
  const loaded = loadStateDict(source.stateDict, architecture, path);
  const isNamed = source.classes?.length === architecture.classes;
  const classes = isNamed ? source.classes! : usualClasses(architecture.classes, path);
  return { ...source, architecture, loaded, classes };
}

interface Source {
  readonly stateDict: StateDict;
  readonly config: TrainingConfig | null;
  readonly classes: readonly string[] | null;
  readonly step: number;
}

async function readSource(path: string, name: NetworkName): Promise<Source> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    (error: unknown) => {
      throw toStudioError(error);
    },
  );
  if (isFolder && !isSavedModel(path)) {
    const { state, tensors } = await readCheckpoint(path);
    const stateDict = networkStateDict(tensors, name, path);
    return { stateDict, config: state.config, classes: state.classes, step: state.step };
  }
  const { tensors, values, metadata } = await readForeignNetwork(path, name);
  const config = trainingConfigSchema.safeParse(parseJson(metadata['config']));
  const classes = parseJson(metadata['classes']);
  return {
    stateDict: tensors,
    config: config.success ? config.data : null,
    classes: Array.isArray(classes) && classes.every((item) => typeof item === 'string') ? classes : null,
    step: stepOf(values.get('step') ?? metadata['step']),
  };
}

function stepOf(value: unknown): number {
  const step = Number(value ?? 0);
  return Number.isSafeInteger(step) && step >= 0 ? step : 0;
}

/** Metadata is anybody's; what is not JSON tells nothing. */
function parseJson(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function networkStateDict(tensors: Tensors, name: NetworkName, path: string): StateDict {
  const stateDict = withPrefix(withoutPrefix(tensors, momentumPrefix(name)), `${name}.`);
  if (stateDict.size > 0) return stateDict;
  const present = NETWORKS.filter((network) => withPrefix(tensors, `${network}.`).size > 0);
  throw new StudioError('not-found', `${path} holds no network named ${name}.`, {
    hint: present.length === 0 ? 'Choose a checkpoint of the studio.' : `It holds ${present.join(', ')}.`,
  });
}

function usualClasses(count: number, path: string): string[] {
  const names = classNames(count);
  if (names.length === count) return names;
  throw new StudioError(
    'unsupported',
    `The network in ${path} tells ${count} classes apart, which are not named in it.`,
    {
      hint: 'Name them: `checkpoint import FILE --as NAME --classes …`.',
    },
  );
}
