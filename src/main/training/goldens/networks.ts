import * as tf from '@tensorflow/tfjs';
import type { SafetensorsTensor } from '../../interchange/safetensors.ts';
import type { Learner } from '../learner.ts';
import { createMomentumBuffers, createNetwork, type Network } from '../network.ts';
import type { SgdOptions } from '../optimizer.ts';
import type { ResNetArchitecture } from '../resnet.ts';
import { exportTensors, loadStateDict, permute, type StateDict, toStateDict } from '../state-dict.ts';

export function networkFrom(stateDict: StateDict, architecture: ResNetArchitecture, source: string): Network {
  const { values, batchesTracked } = loadStateDict(stateDict, architecture, source);
  return createNetwork(architecture, values, batchesTracked);
}

export function learnerFrom(
  stateDict: StateDict,
  architecture: ResNetArchitecture,
  source: string,
  sgd: SgdOptions,
): Learner {
  const network = networkFrom(stateDict, architecture, source);
  return {
    network,
    buffers: sgd.momentum === 0 ? new Map() : createMomentumBuffers(network),
    sgd,
    dropout: 0,
    lossScale: null,
  };
}

/** A learner's state as goldens name it: state_dict names, and `momentum.` before those of the momentum buffers. */
export async function learnerStateDict({ network, buffers }: Learner): Promise<Map<string, SafetensorsTensor>> {
  const momentum = await exportTensors(network.architecture, buffers);
  return new Map([
    ...(await toStateDict(network)),
    ...[...momentum].map(([name, tensor]) => [`momentum.${name}`, tensor] as const),
  ]);
}

/** Images [count, channels, height, width] in the studio's order: [count, height, width, channels]. */
export function imagesFrom({ shape, data }: SafetensorsTensor): Float32Array {
  return permute(data as Float32Array, shape, [0, 2, 3, 1]);
}

export function imageTensor(images: SafetensorsTensor): tf.Tensor4D {
  const [count, channels, height, width] = images.shape as [number, number, number, number];
  return tf.tensor4d(imagesFrom(images), [count, height, width, channels]);
}

export function labelsFrom({ data }: SafetensorsTensor): Int32Array {
  return Int32Array.from(data as BigInt64Array, Number);
}
