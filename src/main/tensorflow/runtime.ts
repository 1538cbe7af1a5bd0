import { createRequire } from 'node:module';
import { join } from 'node:path';
import util from 'node:util';
import { StudioError } from '#shared/errors.ts';
import type { RuntimeInfo } from '#shared/runtime.ts';
import { type RuntimeDevice, tfjsPackage } from './setup/layout.ts';
import { type ReadyRuntime, runtimeStatus } from './setup/status.ts';

export type TensorFlowModule = typeof import('@tensorflow/tfjs-node-gpu');

/** TensorFlow as loaded in this process. */
export interface TensorFlow {
  readonly tf: TensorFlowModule;
  readonly runtime: RuntimeInfo;
  /** Path of the library that holds the C API: opened a second time (by koffi) it is the same TensorFlow. */
  readonly library: string;
}

let loading: Promise<TensorFlow> | undefined;

/**
 * Loads TensorFlow into this process, once; later calls get the same one, whatever they ask for.
 *
 * @param options.device which runtime; 'auto' (the default) prefers a GPU runtime that is set up.
 * @throws StudioError 'unavailable' when no runtime is set up.
 */
export function loadTensorFlow(options: { device?: RuntimeDevice | 'auto' } = {}): Promise<TensorFlow> {
  loading ??= load(requireRuntime(options.device ?? 'auto')).catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

function requireRuntime(device: RuntimeDevice | 'auto'): ReadyRuntime {
  const ready = runtimeStatus(device);
  if (ready !== null) return ready;
  throw new StudioError('unavailable', 'The TensorFlow runtime is not set up on this machine.', {
    hint: 'Run `face2exp setup` (in a checkout: `npm run -s face2exp -- setup`).',
  });
}

async function load(ready: ReadyRuntime): Promise<TensorFlow> {
  // TensorFlow reads these once, when its library is loaded. 2 keeps its errors and drops its start-up notices.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  process.env['TF_FORCE_GPU_ALLOW_GROWTH'] ??= 'true';
  restoreIsNullOrUndefined();
  pointTfjsAtBinding(ready.layout.binding);
  const tf = await import('@tensorflow/tfjs-node-gpu');
  await tf.ready();
  return { tf, runtime: ready.info, library: ready.layout.library };
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
