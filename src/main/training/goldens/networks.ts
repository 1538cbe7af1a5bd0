import * as tf from '@tensorflow/tfjs';
import type { SafetensorsTensor } from '../../interchange/safetensors.ts';
import { createMomentumBuffers, createNetwork, type Network } from '../network.ts';
import type { SgdOptions } from '../optimizer.ts';
import type { ResNetArchitecture } from '../resnet.ts';
import { exportTensors, loadStateDict, permute, type StateDict, toStateDict } from '../state-dict.ts';
import type { Learner } from '../supervised-step.ts';

export function networkFrom(stateDict: StateDict, architecture: ResNetArchitecture, source: string): Network {
  const { values, batchesTracked } = loadStateDict(stateDict, architecture, source);
  return createNetwork(architecture, values, batchesTracked);
}

export function learnerFrom(stateDict: StateDict, architecture: ResNetArchitecture, source: string, sgd: SgdOptions): Learner {
  const network = networkFrom(stateDict, architecture, source);
  return { network, buffers: sgd.momentum === 0 ? new Map() : createMomentumBuffers(network), sgd, dropout: 0 };
}

/** A learner's state as goldens name it: state_dict names, and `momentum.` before those of the momentum buffers. */
export async function learnerStateDict({ network, buffers }: Learner): Promise<Map<string, SafetensorsTensor>> {
  const momentum = await exportTensors(network.architecture, buffers);
  return new Map([...(await toStateDict(network)), ...[...momentum].map(([name, tensor]) => [`momentum.${name}`, tensor] as const)]);
}

/** Images [count, channels, height, width] as the studio has them, [count, height, width, channels]. */
export function imagesFrom({ shape, data }: SafetensorsTensor): { values: Float32Array; shape: [number, number, number, number] } {
  const [count, channels, height, width] = shape as [number, number, number, number];
  return { values: permute(data as Float32Array, shape, [0, 2, 3, 1]), shape: [count, height, width, channels] };
}

export function imageTensor(images: SafetensorsTensor): tf.Tensor4D {
  const { values, shape } = imagesFrom(images);
  return tf.tensor4d(values, shape);
}

export function labelTensor({ data }: SafetensorsTensor): tf.Tensor1D {
  return tf.tensor1d(Int32Array.from(data as BigInt64Array, Number), 'int32');
}
