import type { Rank } from '@tensorflow/tfjs-node-gpu';
import { loadBinding } from '../load-binding.ts';
import { runtimeLayout } from './layout.ts';

/**
 * The gate of a runtime, run as a child process (`smoke-test.ts cpu|gpu CACHE_FOLDER`) because a bad build may take its process down:
 * loads it, runs a convolution forward and backward on numbers whose result is known, and prints one JSON line.
 */
export interface SmokeTestReport {
  readonly version: string;
  /** TensorFlow places its work on a GPU. */
  readonly onGpu: boolean;
  /** Sum of the VALID convolution of 4×4 ones with 3×3 ones. */
  readonly convolutionSum: number;
  /** Its gradient with respect to each of the 9 weights. */
  readonly filterGradient: readonly number[];
}

/** The parts of tfjs-node's backend that its types leave out. */
interface NodeBackend {
  readonly binding: { readonly TF_Version: string };
  readonly isUsingGpuDevice: boolean;
}

async function runSmokeTest(device: string | undefined, cacheFolder: string | undefined): Promise<SmokeTestReport> {
  const tf = await loadBinding(runtimeLayout(device === 'gpu' ? 'gpu' : 'cpu', cacheFolder));
  const images = tf.ones<Rank.R4>([1, 4, 4, 1]);
  const filter = tf.ones<Rank.R4>([3, 3, 1, 1]);
  const convolve = tf.valueAndGrad((weights: typeof filter) => tf.conv2d(images, weights, 1, 'valid').sum());
  const { value, grad } = convolve(filter);
  const backend = tf.backend() as unknown as NodeBackend;
  return {
    version: backend.binding.TF_Version,
    onGpu: backend.isUsingGpuDevice,
    convolutionSum: value.dataSync()[0] ?? NaN,
    filterGradient: [...grad.dataSync()],
  };
}

const [device, cacheFolder] = process.argv.slice(2);
process.stdout.write(`${JSON.stringify(await runSmokeTest(device, cacheFolder))}\n`);
