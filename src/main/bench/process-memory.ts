import { readdirSync, readFileSync } from 'node:fs';

/**
 * The most memory that a process and those it started have held so far: the sum of their peaks of resident memory, in which pages that
 * several of them share count once for each.
 *
 * @returns bytes; null where the system does not tell (only Linux does), or the process has ended.
 */
export function peakResidentBytes(processId: number): number | null {
  if (process.platform !== 'linux') return null;
  const own = peakOf(processId);
  if (own === null) return null;
  return childrenOf(processId).reduce((sum, child) => sum + (peakResidentBytes(child) ?? 0), own);
}

/** VmHWM, of proc_pid_status(5). Not getrusage's ru_maxrss, which starts at what the parent held when it forked. */
function peakOf(processId: number): number | null {
  const kilobytes = readOrNull(`/proc/${processId}/status`)?.match(/^VmHWM:\s*(\d+) kB$/m)?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}

function childrenOf(processId: number): number[] {
  return listOrEmpty(`/proc/${processId}/task`).flatMap((thread) => {
    const text = readOrNull(`/proc/${processId}/task/${thread}/children`) ?? '';
    return text.split(' ').filter(Boolean).map(Number);
  });
}

/** A process may end at any moment, and its files with it. */
function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

function listOrEmpty(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return ['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '');
}
