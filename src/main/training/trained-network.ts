import { stat } from 'node:fs/promises';
import { StudioError, toStudioError } from '#shared/errors.ts';
import { classNames } from '#shared/expressions.ts';
import { NETWORKS, type NetworkName, type TrainingConfig, trainingConfigSchema } from '#shared/training.ts';
import { readSafetensors } from '../interchange/safetensors.ts';
import { readCheckpoint, type Tensors } from './checkpoint.ts';
import { createNetwork, type Network } from './network.ts';
import { architectureFrom, loadStateDict, type StateDict } from './state-dict.ts';
import { momentumPrefix, withoutPrefix, withPrefix } from './training-state.ts';

/** A network to predict and evaluate with. */
export interface TrainedNetwork {
  readonly network: Network;
  readonly name: NetworkName;
  readonly classes: readonly string[];
  /** Steps of training behind it; 0 where the file does not tell. */
  readonly step: number;
  /** How its images are prepared. */
  readonly view: Pick<TrainingConfig, 'imageSize' | 'releaseCrop'>;
}

/** Weights of unknown origin are taken to be made for ImageNet's size, as torchvision's are. */
const USUAL_IMAGE_SIZE = 224;

/**
 * Loads one network of a checkpoint folder, or of a safetensors file: one of the studio's own, or a bare state_dict in torchvision's names.
 *
 * @throws StudioError 'not-found' when there is no such file or no such network in it; 'corrupt' or 'bad-input' when it cannot be used.
 */
export async function loadCheckpointNetwork(path: string, name: NetworkName): Promise<TrainedNetwork> {
  const { tensors, config, classes, step } = await readSource(path);
  const stateDict = networkStateDict(tensors, name, path);
  const architecture = architectureFrom(stateDict, path);
  const { values, batchesTracked } = loadStateDict(stateDict, architecture, path);
  return {
    network: createNetwork(architecture, values, batchesTracked),
    name,
    classes: classes ?? usualClasses(architecture.classes, path),
    step,
    view: { imageSize: config?.imageSize ?? USUAL_IMAGE_SIZE, releaseCrop: config?.releaseCrop ?? false },
  };
}

interface Source {
  readonly tensors: Tensors;
  readonly config: TrainingConfig | null;
  readonly classes: readonly string[] | null;
  readonly step: number;
}

async function readSource(path: string): Promise<Source> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    (error: unknown) => {
      throw toStudioError(error);
    },
  );
  if (isFolder) {
    const { state, tensors } = await readCheckpoint(path);
    return { tensors, config: state.config, classes: state.classes, step: state.step };
  }
  const { tensors, metadata } = await readSafetensors(path);
  const config = trainingConfigSchema.safeParse(parseJson(metadata['config']));
  const classes = parseJson(metadata['classes']);
  return {
    tensors,
    config: config.success ? config.data : null,
    classes: Array.isArray(classes) && classes.every((item) => typeof item === 'string') ? classes : null,
    step: Number(metadata['step'] ?? 0),
  };
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

/** The network's own tensors; those of a file that holds a single network carry no network's name. */
function networkStateDict(tensors: Tensors, name: NetworkName, path: string): StateDict {
  if (tensors.has('conv1.weight')) return tensors;
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
      hint: 'Use a checkpoint of the studio, which names its classes.',
    },
  );
}
