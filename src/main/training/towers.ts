import * as tf from '@tensorflow/tfjs';
import { GraphSession } from '../tensorflow/capture/session.ts';
import type { SessionOptions } from '../tensorflow/capture/config-proto.ts';
import type { ProcessGroup } from '../tensorflow/capture/collectives.ts';
import { withDevice } from '../tensorflow/capture/trace.ts';
import { acrossReplicas, replicaCount } from './replicas.ts';
import { type Dropout, type ResNetArchitecture, trainingPass, type TrainingPass } from './resnet.ts';

/**
 * Data parallelism inside one graph. Every device ("tower") computes its share of a batch with the same weights; its BatchNorm sees its own
 * share alone, as in PyTorch's DistributedDataParallel, which the released program uses. Gradients meet on the way back: the loss is a mean
 * over the whole batch, so the towers' gradients add up. Running statistics are the first tower's, as rank 0's are there.
 */
export interface BatchSplit {
  /** This process's images of each part of the batch (labeled, weak, strong), which every tower gets the same number of. */
  readonly parts: readonly number[];
  /** Devices by TensorFlow's names, such as "/device:GPU:1". One or none: nothing is shared out. */
  readonly towers: readonly string[];
  /** Processes that share the batch, each with `parts` images; undefined: this one alone. Logits are those of all of them. */
  readonly replicas?: ProcessGroup | undefined;
  /** Another pass can be computed while the logits of this one travel between processes: that is no waiting. */
  readonly overlaps?: boolean;
  /** BatchNorm sees the images of all processes as one batch; for one tower a process. */
  readonly synchronizesNormalization?: boolean | undefined;
  /**
   * The first part, the labeled images, is normalised apart from the others, and the running statistics are its alone: faces of another
   * kind then neither shift the statistics that predictions use, nor are they normalised by those (Xie et al. 2020, AdvProp's auxiliary
   * batch normalisation, with the scales shared).
   */
  readonly normalizesApart?: boolean;
}

/**
 * As {@link trainingPass}, in as many passes as the split asks for.
 * @param images this process's, in the order of the parts. @returns logits [images of all processes, classes] in the order of the parts.
 */
export function splitPass(
  architecture: ResNetArchitecture,
  parameters: ReadonlyMap<string, tf.Tensor>,
  images: tf.Tensor4D,
  dropping: Dropout | null,
  split: BatchSplit,
): TrainingPass {
  const own = ownPass(architecture, parameters, images, dropping, split);
  return split.replicas === undefined ? own : acrossReplicas(own, split.parts, split.replicas, split.overlaps !== true);
}

/** The images of this process. */
function ownPass(
  architecture: ResNetArchitecture,
  parameters: ReadonlyMap<string, tf.Tensor>,
  images: tf.Tensor4D,
  dropping: Dropout | null,
  split: BatchSplit,
): TrainingPass {
  const { parts, normalizesApart = false } = split;
  if (!normalizesApart || parts.length === 1) return towersPass(architecture, parameters, images, dropping, split);
  const groups = [parts.slice(0, 1), parts.slice(1)];
  const sizes = groups.map((group) => group.reduce((sum, count) => sum + count, 0));
  const passes = tf.split<tf.Tensor4D>(images, sizes).map((own, group) =>
    towersPass(architecture, parameters, own, droppingOf(dropping, group * towerCount(split)), {
      ...split,
      parts: groups[group]!,
    }),
  );
  return {
    logits: tf.concat(passes.map(({ logits }) => logits)),
    statistics: passes[0]!.statistics,
    backward: (logitsGradient) => {
      const gradients = tf.split<tf.Tensor2D>(logitsGradient, sizes);
      return added(passes.map(({ backward }, group) => backward(gradients[group]!)));
    },
  };
}

/** Gradients by parameter name, added up. */
function added(gradients: readonly ReadonlyMap<string, tf.Tensor>[]): ReadonlyMap<string, tf.Tensor> {
  const names = [...gradients[0]!.keys()];
  return new Map(names.map((name) => [name, tf.addN(gradients.map((own) => own.get(name)!))]));
}

function towersPass(
  architecture: ResNetArchitecture,
  parameters: ReadonlyMap<string, tf.Tensor>,
  images: tf.Tensor4D,
  dropping: Dropout | null,
  split: BatchSplit,
): TrainingPass {
  const { towers, replicas } = split;
  // Towers are counted through all processes: which features drop does not depend on how they are shared out.
  const first = (replicas?.rank ?? 0) * Math.max(1, towers.length);
  if (towers.length <= 1) {
    const normalizesWith = split.synchronizesNormalization ? replicas : undefined;
    return trainingPass(architecture, parameters, images, droppingOf(dropping, first), normalizesWith);
  }
  const passes = towers.map((device, tower) =>
    withDevice(device, () =>
      trainingPass(architecture, parameters, shareOf(images, split, tower), droppingOf(dropping, first + tower)),
    ),
  );
  return {
    logits: together(
      passes.map(({ logits }) => logits),
      split,
    ),
    statistics: passes[0]!.statistics,
    backward: (logitsGradient) => {
      const gradients = passes.map(({ backward }, tower) =>
        withDevice(towers[tower]!, () => backward(shareOf(logitsGradient, split, tower))),
      );
      return added(gradients);
    },
  };
}

/** Devices of all processes together. */
function towerCount({ towers, replicas }: BatchSplit): number {
  return replicaCount(replicas) * Math.max(1, towers.length);
}

/** Every pass drops other features: the first seed integer is the run's, so a later pass's is far from any other run's. */
function droppingOf(dropping: Dropout | null, pass: number): Dropout | null {
  if (dropping === null || pass === 0) return dropping;
  return { ...dropping, seed: tf.add(dropping.seed, tf.tensor1d([pass << 24, 0], 'int32')) as tf.Tensor1D };
}

/** A tower's rows of each part, one part after the other. */
function shareOf<Rank extends tf.Rank>(
  batch: tf.Tensor<Rank>,
  { parts, towers }: BatchSplit,
  tower: number,
): tf.Tensor<Rank> {
  const [, ...rest] = batch.shape;
  let start = 0;
  const shares = parts.map((count) => {
    const own = count / towers.length;
    const share = tf.slice(batch, [start + tower * own, ...rest.map(() => 0)], [own, ...rest]);
    start += count;
    return share;
  });
  return shares.length === 1 ? shares[0]! : (tf.concat(shares) as tf.Tensor<Rank>);
}

/** The towers' shares as one batch again. */
function together(shares: readonly tf.Tensor2D[], { parts, towers }: BatchSplit): tf.Tensor2D {
  const sizes = parts.map((count) => count / towers.length);
  const pieces = shares.map((share) => tf.split<tf.Tensor2D>(share, sizes));
  return tf.concat(parts.flatMap((_, part) => pieces.map((own) => own[part]!)));
}

/**
 * The devices for as many towers as are wished for, or as many as there are.
 * @param wished 1 or less asks for a single device, which TensorFlow chooses: no towers then. @param type of the runtime's devices.
 */
export async function findTowers(
  library: string,
  options: SessionOptions,
  type: 'CPU' | 'GPU',
  wished: number,
): Promise<string[]> {
  if (wished <= 1) return [];
  const session = new GraphSession(library, options);
  const found = session.devices().filter((device) => device.type === type);
  await session.close();
  return found.length === 1 ? [] : found.slice(0, wished).map(({ name }) => name);
}
