import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StudioError, toStudioError } from '#shared/errors.ts';
import type { RuntimeInfo } from '#shared/runtime.ts';
import { acquireFolderLock, type LockHolder } from '../../bootstrap/folder-lock.mjs';
import { checkRuntime } from './check-runtime.ts';
import { compileBinding } from './compile-binding.ts';
import { type SetupContext, type SetupProgress, thisMachine } from './context.ts';
import { findGpu, forgetGpuFailure, type Gpu, gpuObstacle, rememberedGpuFailure, rememberGpuFailure } from './gpu.ts';
import { type RuntimeDevice, runtimeCacheFolder, runtimeLayout } from './layout.ts';
import { pinnedWheels } from './pins.ts';
import { runtimeStatus } from './status.ts';
import { unpackRuntime } from './unpack-runtime.ts';

export type { SetupProgress };

const REPORT_INTERVAL_MS = 100;

export interface EnsureRuntimeOptions {
  /** 'auto' (the default): the GPU where an NVIDIA driver answers and TensorFlow works with it, else the CPU. */
  readonly device?: RuntimeDevice | 'auto';
  readonly onProgress?: (progress: SetupProgress) => void;
  readonly signal?: AbortSignal;
}

/**
 * Makes the TensorFlow runtime ready: downloads the pinned wheels, unpacks the libraries, compiles the binding, checks that it computes
 * rightly. Returns at once when that was done before. May be interrupted at any moment; the next call continues after the last whole
 * step. Two processes may call it at once: one works, the other waits.
 *
 * @param surroundings replaced by tests.
 * @returns the runtime that is ready.
 * @throws StudioError 'unavailable' (no network, pip, compiler, or it does not run here), 'no-space', 'corrupt' (wrong checksum),
 *   'unsupported' (platform), 'cancelled'.
 */
export async function ensureRuntime(
  { device = 'auto', onProgress, signal }: EnsureRuntimeOptions = {},
  surroundings: Partial<Pick<SetupContext, 'machine' | 'cacheFolder' | 'wheels'>> = {},
): Promise<RuntimeInfo> {
  const context: SetupContext = {
    machine: thisMachine,
    cacheFolder: runtimeCacheFolder(),
    wheels: pinnedWheels,
    ...surroundings,
    report: throttledReport(onProgress ?? (() => undefined)),
    signal,
  };
  try {
    signal?.throwIfAborted();
    return await (device === 'auto' ? ensureBest(context) : ensureDevice(device, context));
  } catch (error) {
    if (!signal?.aborted) throw toStudioError(error);
    throw new StudioError('cancelled', 'The set-up of TensorFlow was stopped.', {
      hint: 'Run it again: it continues.',
      cause: error,
    });
  }
}

/** Bytes are counted in small pieces: only so many reports are passed on, but every new message, and the last of each count. */
function throttledReport(onProgress: (progress: SetupProgress) => void): SetupContext['report'] {
  let last = { message: '', at: 0 };
  return (stage, message, bytes) => {
    const now = performance.now();
    const isLast = bytes !== undefined && bytes.done >= bytes.total;
    if (message === last.message && !isLast && now - last.at < REPORT_INTERVAL_MS) return;
    last = { message, at: now };
    onProgress({ stage, message, done: bytes?.done ?? 0, total: bytes?.total ?? null });
  };
}

/** The GPU where it works, else the CPU after saying why. */
async function ensureBest(context: SetupContext): Promise<RuntimeInfo> {
  const driverLoaded = context.machine.nvidiaDriverLoaded();
  const ready = runtimeStatus('auto', context.cacheFolder, driverLoaded);
  if (ready?.info.device === 'gpu') return ready.info;
  const gpu = driverLoaded ? await findGpu(context) : null;
  if (gpu === null) return ensureDevice('cpu', context);
  let obstacle = gpuObstacle(gpu) ?? rememberedGpuFailure(context.cacheFolder, gpu.driverVersion);
  if (obstacle === null) {
    try {
      return await ensureDevice('gpu', context);
    } catch (error) {
      if (context.signal?.aborted) throw error;
      obstacle = toStudioError(error).message;
    }
  }
  context.report('check', `${obstacle} The CPU is used instead.`);
  return ensureDevice('cpu', context);
}

async function ensureDevice(device: RuntimeDevice, context: SetupContext): Promise<RuntimeInfo> {
  const { cacheFolder, signal, report } = context;
  const ready = runtimeStatus(device, cacheFolder);
  if (ready !== null) return ready.info;
  const lock = await acquireFolderLock(join(cacheFolder, 'setup.lock'), {
    signal,
    onWait: (holder) => report('wait', `Waiting for another set-up to finish (${describeHolder(holder)})`),
  });
  try {
    return runtimeStatus(device, cacheFolder)?.info ?? (await setUp(device, context));
  } finally {
    lock.release();
  }
}

function describeHolder(holder: LockHolder | null): string {
  return holder === null ? 'it is starting' : `process ${holder.processes[0]?.pid} on ${holder.host}`;
}

async function setUp(device: RuntimeDevice, context: SetupContext): Promise<RuntimeInfo> {
  const gpu = device === 'gpu' ? await requireGpu(context) : null;
  const layout = runtimeLayout(device, context.cacheFolder);
  await unpackRuntime(device, layout, context);
  await compileBinding(layout, context);
  try {
    const info: RuntimeInfo = { ...(await checkRuntime(device, gpu?.name ?? '', context)), path: layout.folder };
    await writeFileAtomically(layout.manifest, `${JSON.stringify(info)}\n`);
    if (gpu !== null) await forgetGpuFailure(context.cacheFolder);
    return info;
  } catch (error) {
    const failedOnGpu = gpu !== null && !context.signal?.aborted;
    if (failedOnGpu) await rememberGpuFailure(context.cacheFolder, gpu, toStudioError(error).message);
    throw error;
  }
}

async function requireGpu(context: SetupContext): Promise<Gpu> {
  const gpu = await findGpu(context);
  const obstacle = gpu === null ? null : gpuObstacle(gpu);
  if (gpu !== null && obstacle === null) return gpu;
  throw new StudioError('unavailable', obstacle ?? 'The GPU cannot be used: no NVIDIA driver answers (nvidia-smi).', {
    hint: 'Install a current NVIDIA driver, or run `face2exp setup --cpu`.',
  });
}

/** Written aside, flushed, renamed: a reader sees the whole file or none. */
async function writeFileAtomically(path: string, content: string): Promise<void> {
  const partial = `${path}.partial`;
  await writeFile(partial, content, { flush: true });
  await rename(partial, path);
}
