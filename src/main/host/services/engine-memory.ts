import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { MemorySample } from '#shared/training.ts';
import { processTree, residentBytes } from '../../bench/process-memory.ts';

const run = promisify(execFile);

/** A program that answers later than this is not waited for: the next sample asks again. */
const ANSWER_MILLISECONDS = 4_000;

export interface EngineMemory {
  readonly hostBytes: number | null;
  readonly deviceBytes: number | null;
}

/** Asks a program of the system. @returns what it printed; null where there is no such program, or it does not answer. */
export type Ask = (program: string, parameters: readonly string[]) => Promise<string | null>;

const askSystem: Ask = async (program, parameters) => {
  try {
    return (await run(program, parameters, { timeout: ANSWER_MILLISECONDS })).stdout;
  } catch {
    return null; // no such program here: what it would tell stays unknown
  }
};

/**
 * Memory a process holds now: of the machine with all it started (Linux, macOS), and of NVIDIA's GPUs. Null is "unknown": on other systems, and
 * where the GPU's driver does not name processes, as in most containers.
 *
 * @param usesDevice asks for the GPU's, which takes a process of its own.
 */
export async function engineMemory(processId: number, usesDevice: boolean, ask = askSystem): Promise<EngineMemory> {
  const [hostBytes, deviceBytes] = await Promise.all([
    hostMemory(processId, ask),
    usesDevice ? deviceMemory(processId, ask) : null,
  ]);
  return { hostBytes, deviceBytes };
}

async function hostMemory(processId: number, ask: Ask): Promise<number | null> {
  if (process.platform === 'linux') return residentBytes(processId);
  if (process.platform !== 'darwin') return null;
  const kilobytes = Number((await ask('ps', ['-o', 'rss=', '-p', String(processId)]))?.trim());
  return Number.isFinite(kilobytes) && kilobytes > 0 ? kilobytes * 1024 : null;
}

async function deviceMemory(processId: number, ask: Ask): Promise<number | null> {
  const query = ['--query-compute-apps=pid,used_memory', '--format=csv,noheader,nounits'];
  for (const program of ['nvidia-smi', '/usr/lib/wsl/lib/nvidia-smi']) {
    const answer = await ask(program, query);
    if (answer !== null) return deviceBytesOf(answer, processTree(processId));
  }
  return null;
}

/** Lines of "pid, MiB" as nvidia-smi prints them, one for each GPU a process is on. @returns bytes; null where none is on any. */
export function deviceBytesOf(answer: string, processIds: readonly number[]): number | null {
  const own = answer
    .split('\n')
    .map((line) => line.split(',').map(Number))
    .filter(([id, mebibytes]) => processIds.includes(id!) && Number.isFinite(mebibytes));
  return own.length === 0 ? null : own.reduce((sum, [, mebibytes]) => sum + mebibytes! * 2 ** 20, 0);
}

/** The least time between two samples: a run of days keeps some ten thousand a day. */
const SAMPLE_MILLISECONDS = 5_000;

/** Samples the memory of an engine while it makes steps, some seconds apart and one at a time. */
export class MemorySampler {
  readonly #keep: (sample: MemorySample) => void;
  readonly #onError: (error: unknown) => void;
  #sampledAt = -Infinity;
  #pending: Promise<void> = Promise.resolve();
  #isBusy = false;

  /** @param onError gets what the asking or the keeping threw; sampling goes on. */
  constructor(keep: (sample: MemorySample) => void, onError: (error: unknown) => void) {
    this.#keep = keep;
    this.#onError = onError;
  }

  /** @param step that was done last. @param processId of the engine; undefined once it has ended. */
  note(step: number, processId: number | undefined, usesDevice: boolean): void {
    const now = performance.now();
    if (processId === undefined || this.#isBusy || now - this.#sampledAt < SAMPLE_MILLISECONDS) return;
    this.#sampledAt = now;
    this.#isBusy = true;
    this.#pending = engineMemory(processId, usesDevice)
      .then((memory) => {
        if (memory.hostBytes !== null || memory.deviceBytes !== null) this.#keep({ step, ...memory });
      })
      .catch(this.#onError)
      .finally(() => (this.#isBusy = false));
  }

  /** Settles once no sample is under way. */
  settled(): Promise<void> {
    return this.#pending;
  }
}
