import { createRequire } from 'node:module';
import { join } from 'node:path';
import util from 'node:util';
import type * as TensorFlowJs from '@tensorflow/tfjs-node-gpu';
import { type RuntimeLayout, tfjsPackage } from './setup/layout.ts';

export type TensorFlowModule = typeof TensorFlowJs;

/**
 * Loads tfjs on the TensorFlow of one runtime folder. Only one can be loaded in a process, and nothing else may open its libraries
 * before: with libtensorflow_framework opened first, the two libraries bind their shared symbols differently and corrupt the heap.
 */
export async function loadBinding(layout: RuntimeLayout): Promise<TensorFlowModule> {
  // Its notices of devices and instruction sets are dropped, its warnings kept. (The one on oneDNN comes from a static initialiser of the
  // library and cannot be turned off.)
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '1';
  // TensorFlow otherwise takes all memory of a GPU at once.
  process.env['TF_FORCE_GPU_ALLOW_GROWTH'] ??= 'true';
  restoreIsNullOrUndefined();
  pointTfjsAtBinding(layout.binding);
  const tf = await import('@tensorflow/tfjs-node-gpu');
  await tf.ready();
  return tf;
}

/** tfjs-node 4.22 calls it; Node removed it in 23. */
function restoreIsNullOrUndefined(): void {
  const legacy = util as { isNullOrUndefined?: (value: unknown) => boolean };
  legacy.isNullOrUndefined ??= (value) => value === null || value === undefined;
}

/**
 * tfjs-node asks node-pre-gyp where its native part lies, which answers with a place inside node_modules. The binding is kept in the
 * cache instead, so that `npm ci` does not wipe it, several runtimes can stand side by side, and an installed app may be read-only.
 */
function pointTfjsAtBinding(binding: string): void {
  const tfjsRequire = createRequire(join(tfjsPackage().folder, 'package.json'));
  const locator = tfjsRequire('@mapbox/node-pre-gyp/lib/pre-binding.js') as { find: () => string };
  locator.find = () => binding;
}
