import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { StudioError } from '#shared/errors.ts';
import type { RuntimeInfo } from '#shared/runtime.ts';
import type { CommandResult } from './command.ts';
import type { SetupContext } from './context.ts';
import { type RuntimeDevice, TENSORFLOW_VERSION } from './layout.ts';
import type { SmokeTestReport } from './smoke-test.ts';

const SMOKE_TEST = fileURLToPath(new URL('smoke-test.ts', import.meta.url));
/** A GPU newer than the build compiles its kernels at first use, which takes minutes. */
const LONGEST_SMOKE_TEST_MS = 10 * 60_000;

/** 4 places of a 3×3 window of ones over 4×4 ones, 9 products each; every weight is used at the 4 places. */
const EXPECTED_SUM = 36;
const EXPECTED_GRADIENT = 4;

/**
 * Runs the smoke test of an unpacked runtime in a child process.
 *
 * @param gpuName the GPU's own name, for a GPU runtime.
 * @returns what is known of the runtime after it has passed, all but its path.
 * @throws StudioError 'unavailable' saying why the runtime cannot be used on this machine.
 */
export async function checkRuntime(
  device: RuntimeDevice,
  gpuName: string,
  { machine, cacheFolder, report, signal }: SetupContext,
): Promise<Omit<RuntimeInfo, 'path'>> {
  report('check', `Checking TensorFlow on the ${device.toUpperCase()}`);
  const limit = AbortSignal.timeout(LONGEST_SMOKE_TEST_MS);
  const result = await machine
    .run(process.execPath, [SMOKE_TEST, device, cacheFolder], {
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    })
    .catch((error: unknown) => {
      if (limit.aborted) throw unusable(device, 'its check did not end within 10 minutes');
      throw error;
    });
  const smokeTest = readReport(device, result);
  const { convolutionSum, filterGradient } = smokeTest;
  if (
    convolutionSum !== EXPECTED_SUM ||
    filterGradient.length !== 9 ||
    filterGradient.some((g) => g !== EXPECTED_GRADIENT)
  ) {
    throw unusable(device, `it computes wrongly (${convolutionSum} instead of ${EXPECTED_SUM})`);
  }
  if (smokeTest.version !== TENSORFLOW_VERSION) {
    throw unusable(device, `it says it is version ${smokeTest.version}, not ${TENSORFLOW_VERSION}`);
  }
  if (device === 'gpu' && !smokeTest.onGpu) {
    throw unusable(device, `TensorFlow does not see the GPU${loggedError(result.stderr)}`);
  }
  return { version: smokeTest.version, device, deviceName: device === 'gpu' ? gpuName : processorName() };
}

function processorName(): string {
  return cpus()[0]?.model.trim() || process.arch;
}

function readReport(device: RuntimeDevice, { status, stdout, stderr }: CommandResult): SmokeTestReport {
  if (status === 0) return JSON.parse(stdout) as SmokeTestReport;
  const cause = new Error(`The smoke test ended with ${status}:\n${stderr.trim()}`);
  if (status === 'SIGILL') throw unusable(device, 'this processor lacks instructions (AVX) that it needs', cause);
  throw unusable(device, `${telltaleLine(stderr)} (its check ended with ${status})`, cause);
}

/** The last error that TensorFlow logged, "E0000 time thread file:line] message", in parentheses. */
function loggedError(stderr: string): string {
  const message = [...stderr.matchAll(/^E\d{4} [^\]]*\] (.+)$/gm)].at(-1)?.[1];
  return message === undefined ? '' : ` (${message})`;
}

/** The line of the output that names the fault: Node prints the thrown error after the source line, loaders print one line. */
function telltaleLine(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.trim());
  return lines.find((line) => /error|cannot|failed|undefined symbol|not found/i.test(line)) ?? 'it does not run';
}

function unusable(device: RuntimeDevice, why: string, cause?: unknown): StudioError {
  return new StudioError(
    'unavailable',
    `TensorFlow for the ${device.toUpperCase()} cannot be used on this machine: ${why}.`,
    {
      hint:
        device === 'gpu'
          ? 'Update the NVIDIA driver, or run `face2exp setup --cpu`.'
          : 'Delete the runtime folder that `face2exp doctor` names and run `face2exp setup` again.',
      cause,
    },
  );
}
