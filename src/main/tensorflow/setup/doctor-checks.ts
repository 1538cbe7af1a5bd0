import { cpus } from 'node:os';
import type { DoctorCheck } from '#shared/runtime.ts';
import { nvidiaDriverLoaded, rememberedGpuFailure } from './gpu.ts';
import { runtimeCacheFolder } from './layout.ts';
import { runtimeStatus } from './status.ts';

/** The TensorFlow runtime that would be loaded now. Loads nothing. */
export function checkRuntimeStatus(cacheFolder = runtimeCacheFolder()): DoctorCheck {
  const ready = runtimeStatus('auto', cacheFolder);
  return {
    name: 'runtime',
    ok: ready !== null,
    detail:
      ready === null
        ? `TensorFlow is not set up in ${cacheFolder}`
        : `TensorFlow ${ready.info.version} for the ${ready.info.device.toUpperCase()} in ${ready.info.path}`,
    fix: ready === null ? 'Run `face2exp setup`.' : '',
    optional: false,
  };
}

/** What TensorFlow computes on, and why not on the GPU where there is one. */
export function checkDevices(cacheFolder = runtimeCacheFolder(), driverLoaded = nvidiaDriverLoaded()): DoctorCheck {
  const ready = runtimeStatus('auto', cacheFolder, driverLoaded);
  const processors = cpus();
  const processor = `${processors[0]?.model.trim() ?? process.arch}, ${processors.length} threads`;
  const check = { name: 'devices', optional: true, fix: '' };
  if (ready?.info.device === 'gpu') return { ...check, ok: true, detail: `${ready.info.deviceName}; ${processor}` };
  if (!driverLoaded) return { ...check, ok: true, detail: processor };
  const failure = rememberedGpuFailure(cacheFolder);
  return {
    ...check,
    ok: false,
    detail: `${processor}; ${failure ?? 'there is an NVIDIA GPU that is not used'}`,
    fix: failure === null ? 'Run `face2exp setup --gpu`.' : 'Update the NVIDIA driver and run `face2exp setup --gpu`.',
  };
}
