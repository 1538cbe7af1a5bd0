import { readdirSync, readFileSync } from 'node:fs';

/**
 * The most memory that a process and those it started have held so far: the sum of their peaks of resident memory, in which pages that
 * several of them share count once for each.
 *
 * @returns bytes; null where the system does not tell (only Linux does), or the process has ended.
 */
export function peakResidentBytes(processId: number): number | null {
  return withChildren(processId, 'VmHWM');
}

/** As {@link peakResidentBytes}, of what they hold now. */
export function residentBytes(processId: number): number | null {
  return withChildren(processId, 'VmRSS');
}

/** A process with those it started; itself alone where the system does not tell. */
export function processTree(processId: number): number[] {
  if (process.platform !== 'linux') return [processId];
  return [processId, ...childrenOf(processId).flatMap(processTree)];
}

/** Fields of proc_pid_status(5). Not getrusage's ru_maxrss, which starts at what the parent held when it forked. */
function withChildren(processId: number, field: 'VmHWM' | 'VmRSS'): number | null {
  if (process.platform !== 'linux') return null;
  const kilobytes = readOrNull(`/proc/${processId}/status`)?.match(new RegExp(`^${field}:\\s*(\\d+) kB$`, 'm'))?.[1];
  if (kilobytes === undefined) return null;
  return childrenOf(processId).reduce(
    (sum, child) => sum + (withChildren(child, field) ?? 0),
    Number(kilobytes) * 1024,
  );
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
