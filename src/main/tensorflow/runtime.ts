import { StudioError } from '#shared/errors.ts';
import type { RuntimeInfo } from '#shared/runtime.ts';
import { loadBinding, type TensorFlowModule } from './load-binding.ts';
import type { RuntimeDevice } from './setup/layout.ts';
import { type ReadyRuntime, runtimeStatus } from './setup/status.ts';

export type { TensorFlowModule };

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
  loading ??= load(options.device ?? 'auto').catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function load(device: RuntimeDevice | 'auto'): Promise<TensorFlow> {
  const { info, layout } = requireRuntime(device);
  return { tf: await loadBinding(layout), runtime: info, library: layout.library };
}

function requireRuntime(device: RuntimeDevice | 'auto'): ReadyRuntime {
  const ready = runtimeStatus(device);
  if (ready !== null) return ready;
  throw new StudioError('unavailable', 'The TensorFlow runtime is not set up on this machine.', {
    hint: 'Run `face2exp setup` (in a checkout: `npm run -s face2exp -- setup`).',
  });
}
