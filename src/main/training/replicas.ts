import * as tf from '@tensorflow/tfjs';
import { exchangeLists, type ProcessGroup } from '../tensorflow/capture/collectives.ts';
import type { TrainingPass } from './resnet.ts';

/**
 * Data parallelism over processes ("replicas"), as PyTorch's DistributedDataParallel has it: each computes its own images with the same
 * weights and its own BatchNorm, and gradients are added up. What a network says of all images goes to every process, so that losses, masks,
 * pseudo labels and the feedback are those of the whole batch in each of them, to the bit. Running statistics are rank 0's, as in PyTorch.
 *
 * The whole batch is ordered by part (labeled, weak, strong), in a part by rank: as one process with as many towers has it.
 */

/**
 * Rows of all processes, by rank.
 * @param group undefined: of this one alone. @param rows [count, …]. @param isAwaited nothing else can be computed meanwhile.
 * @returns [size · count, …].
 */
export function gatherRows<Tensor extends tf.Tensor>(
  group: ProcessGroup | undefined,
  rows: Tensor,
  isAwaited = true,
): Tensor {
  if (group === undefined) return rows;
  const [count, ...rest] = rows.shape;
  return tf.reshape(group.gather(rows, isAwaited), [group.size * count!, ...rest]) as Tensor;
}

/** What is known of the labeled images of a batch. */
export interface LabeledBatch {
  /** [count] class indices, int32. */
  readonly labels: tf.Tensor1D;
  /** [count] what each counts for. */
  readonly labelWeights: tf.Tensor1D;
}

/** Labels and weights of all processes; both travel as float32, which every device exchanges. */
export function gatherLabels(group: ProcessGroup | undefined, { labels, labelWeights }: LabeledBatch): LabeledBatch {
  if (group === undefined) return { labels, labelWeights };
  const gathered = gatherRows(group, tf.stack([tf.cast(labels, 'float32'), labelWeights], 1), false);
  const [allLabels, allWeights] = tf.unstack(gathered, 1);
  return { labels: tf.cast(allLabels!, 'int32') as tf.Tensor1D, labelWeights: allWeights as tf.Tensor1D };
}

/** Processes a batch is shared by. */
export function replicaCount(group: ProcessGroup | undefined): number {
  return group?.size ?? 1;
}

/**
 * A pass over this process's images as one over those of all.
 * @param own logits [own images, classes] and statistics of this process. @param parts its images of each part. @param isAwaited nothing else
 * can be computed while the logits travel.
 */
export function acrossReplicas(
  own: TrainingPass,
  parts: readonly number[],
  group: ProcessGroup,
  isAwaited: boolean,
): TrainingPass {
  const { logits, statistics } = gatherPass(own, parts, group, isAwaited);
  return {
    logits,
    statistics,
    backward: (logitsGradient) => addUp(own.backward(ownRows(logitsGradient, parts, group)), group),
  };
}

/** Logits and statistics in one exchange. */
function gatherPass(
  { logits, statistics }: TrainingPass,
  parts: readonly number[],
  group: ProcessGroup,
  isAwaited: boolean,
): Pick<TrainingPass, 'logits' | 'statistics'> {
  const [count, classes] = logits.shape;
  const entries = [...statistics];
  const flat = tf.concat([logits, ...statistics.values()].map((tensor) => tf.reshape(tensor, [-1])));
  const gathered = group.gather(flat, isAwaited);
  const length = gathered.shape[1]!;
  const all = tf.reshape(tf.slice(gathered, [0, 0], [group.size, count * classes]), [group.size, count, classes]);
  const starts = parts.map((_, part) => sum(parts.slice(0, part)));
  const ordered = parts.map((own, part) =>
    tf.reshape(tf.slice(all, [0, starts[part]!, 0], [group.size, own, classes]), [group.size * own, classes]),
  );
  const firsts = tf.reshape(tf.slice(gathered, [0, count * classes], [1, length - count * classes]), [-1]);
  const values = tf.split(
    firsts,
    entries.map(([, { size }]) => size),
  );
  return {
    logits: tf.concat(ordered) as tf.Tensor2D,
    statistics: new Map(entries.map(([name, { shape }], index) => [name, tf.reshape(values[index]!, shape)])),
  };
}

/** This process's rows of a whole batch. @param rows [size · own images, …], ordered as above. */
function ownRows(rows: tf.Tensor2D, parts: readonly number[], { rank, size }: ProcessGroup): tf.Tensor2D {
  let start = 0;
  const own = parts.map((count) => {
    const slice = tf.slice(rows, [start + rank * count, 0], [count, rows.shape[1]]);
    start += size * count;
    return slice;
  });
  return tf.concat(own);
}

/** Gradients of all processes, added up; those that are known first travel first. */
function addUp(gradients: ReadonlyMap<string, tf.Tensor>, group: ProcessGroup): ReadonlyMap<string, tf.Tensor> {
  const named = Array.from(gradients, ([name, gradient]) => ({ name, gradient, shape: gradient.shape }));
  const lists = exchangeLists(named);
  const summed = lists.flatMap((list, index) => {
    const flat = tf.concat(list.map(({ gradient }) => tf.reshape(gradient, [-1])));
    const values = tf.split(
      // While the others travel, gradients are still computed.
      group.sum(flat, index === lists.length - 1),
      list.map(({ gradient }) => gradient.size),
    );
    return list.map(({ name, shape }, place): [string, tf.Tensor] => [name, tf.reshape(values[place]!, shape)]);
  });
  return new Map(summed);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
