import { existsSync, readFileSync } from 'node:fs';
import { type RuntimeInfo, runtimeInfoSchema } from '#shared/runtime.ts';
import { nvidiaDriverLoaded } from './gpu.ts';
import { type RuntimeDevice, type RuntimeLayout, runtimeCacheFolder, runtimeLayout } from './layout.ts';

/** A runtime that has passed its smoke test. */
export interface ReadyRuntime {
  readonly info: RuntimeInfo;
  readonly layout: RuntimeLayout;
}

/**
 * The runtime that would be loaded now, or null when none is set up. Loads no TensorFlow, costs under a millisecond.
 *
 * @param device 'auto' prefers the GPU runtime where an NVIDIA driver is present at this moment: a home folder may be shared with a
 *   machine that has none.
 */
export function runtimeStatus(
  device: RuntimeDevice | 'auto' = 'auto',
  cacheFolder = runtimeCacheFolder(),
  driverLoaded = nvidiaDriverLoaded(),
): ReadyRuntime | null {
  if (device !== 'auto') return readRuntime(runtimeLayout(device, cacheFolder));
  const gpu = driverLoaded ? readRuntime(runtimeLayout('gpu', cacheFolder)) : null;
  return gpu ?? readRuntime(runtimeLayout('cpu', cacheFolder));
}

/** A manifest that is missing or unreadable means "not ready": set-up writes it again. */
function readRuntime(layout: RuntimeLayout): ReadyRuntime | null {
  if (!existsSync(layout.manifest) || !existsSync(layout.binding)) return null;
  const parsed = runtimeInfoSchema.safeParse(readJson(layout.manifest));
  if (!parsed.success) return null;
  return { info: { ...parsed.data, path: layout.folder }, layout };
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
