import { existsSync, readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SetupContext } from './context.ts';

export interface Gpu {
  readonly name: string;
  readonly driverVersion: string;
  /** Such as 8.6; TensorFlow is built for a range of them. */
  readonly computeCapability: number;
}

/** CUDA 12 runs on any driver from this on (NVIDIA's minor version compatibility). */
const OLDEST_DRIVER = 525;
/** TensorFlow 2.17 and newer have no kernels for older ones. */
const LOWEST_COMPUTE_CAPABILITY = 6;

/** True where the kernel has an NVIDIA driver: on plain Linux, or passed through by WSL 2. Costs no process. */
export function nvidiaDriverLoaded(): boolean {
  return existsSync('/proc/driver/nvidia/version') || existsSync('/usr/lib/wsl/lib/libcuda.so.1');
}

/** The first GPU that the NVIDIA driver answers for, or null. */
export async function findGpu({ machine, signal }: SetupContext): Promise<Gpu | null> {
  const query = ['--query-gpu=name,driver_version,compute_cap', '--format=csv,noheader'];
  for (const program of ['nvidia-smi', '/usr/lib/wsl/lib/nvidia-smi']) {
    const { status, stdout } = await machine.run(program, query, signal && { signal });
    const [name, driverVersion, computeCapability] = (stdout.split('\n')[0] ?? '')
      .split(',')
      .map((field) => field.trim());
    if (status === 0 && name && driverVersion)
      return { name, driverVersion, computeCapability: Number(computeCapability) };
  }
  return null;
}

/** A sentence on why TensorFlow cannot run on this GPU, known before anything is downloaded; null when it may. */
export function gpuObstacle(gpu: Gpu): string | null {
  if (Number.parseInt(gpu.driverVersion, 10) < OLDEST_DRIVER) {
    return `The GPU cannot be used: its driver ${gpu.driverVersion} is older than ${OLDEST_DRIVER}.`;
  }
  if (gpu.computeCapability < LOWEST_COMPUTE_CAPABILITY) {
    return `The GPU cannot be used: the ${gpu.name} has compute capability ${gpu.computeCapability}, below ${LOWEST_COMPUTE_CAPABILITY}.`;
  }
  return null;
}

/** A GPU runtime that failed its check is not tried again until the driver changes or the person asks for it. */
interface RememberedFailure {
  readonly driverVersion: string;
  readonly reason: string;
}

function failureFile(cacheFolder: string): string {
  return join(cacheFolder, 'gpu-failure.json');
}

export async function rememberGpuFailure(cacheFolder: string, gpu: Gpu, reason: string): Promise<void> {
  const failure: RememberedFailure = { driverVersion: gpu.driverVersion, reason };
  await writeFile(failureFile(cacheFolder), `${JSON.stringify(failure)}\n`);
}

export async function forgetGpuFailure(cacheFolder: string): Promise<void> {
  await rm(failureFile(cacheFolder), { force: true });
}

/** The sentence on why the GPU runtime failed its check here; null when it did not, or with another driver than `driverVersion`. */
export function rememberedGpuFailure(cacheFolder: string, driverVersion?: string): string | null {
  if (!existsSync(failureFile(cacheFolder))) return null;
  const failure = JSON.parse(readFileSync(failureFile(cacheFolder), 'utf8')) as RememberedFailure;
  return driverVersion === undefined || failure.driverVersion === driverVersion ? failure.reason : null;
}
