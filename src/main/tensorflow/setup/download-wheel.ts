import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { StudioError } from '#shared/errors.ts';
import type { CommandResult } from './command.ts';
import type { SetupContext } from './context.ts';
import { downloadFromIndex, packageIndexAddress } from './package-index.ts';
import { parseWheelName, type PinnedWheel } from './pins.ts';

const PYTHON_NAMES = ['python3', 'python'];
const PROGRESS_INTERVAL_MS = 500;

/**
 * Fetches one wheel into `folder` and checks it against its pin: through pip, which knows this machine's index, proxy and
 * certificates, or straight from the package index where there is no pip. A wheel that is already there and sound is kept.
 *
 * @returns the path of the wheel.
 * @throws StudioError 'unavailable' (no network, no pip and no index), 'no-space', 'corrupt' (wrong checksum).
 */
export async function downloadWheel(wheel: PinnedWheel, folder: string, context: SetupContext): Promise<string> {
  const path = join(folder, wheel.fileName);
  if (existsSync(path)) {
    if ((await sha256(path, context.signal)) === wheel.sha256) return path;
    await rm(path);
  }
  await mkdir(folder, { recursive: true });
  const reportBytes = (done: number): void => {
    context.report('download', `Downloading ${wheelTitle(wheel)}`, {
      done: Math.min(done, wheel.bytes),
      total: wheel.bytes,
    });
  };
  const python = await findPip(context);
  if (python !== null) await downloadThroughPip(python, wheel, folder, reportBytes, context);
  else await downloadFromIndex(requireIndex(context), wheel, path, reportBytes, context);
  await requireChecksum(path, wheel, context);
  return path;
}

/** "tensorflow-cpu 2.21.0". */
export function wheelTitle(wheel: PinnedWheel): string {
  const { project, version } = parseWheelName(wheel.fileName);
  return `${project} ${version}`;
}

function requireIndex({ machine }: SetupContext): URL {
  const index = packageIndexAddress(machine.environment);
  if (index !== null) return index;
  throw new StudioError('unavailable', 'TensorFlow cannot be downloaded: Python 3 with pip was not found.', {
    hint: 'Install it (Debian and Ubuntu: `apt install python3-pip`), or set PIP_INDEX_URL to a Python package index.',
  });
}

/** The Python program that has pip, or null. */
async function findPip({ machine, signal }: SetupContext): Promise<string | null> {
  for (const python of PYTHON_NAMES) {
    const { status } = await machine.run(python, ['-m', 'pip', '--version'], signal === undefined ? {} : { signal });
    if (status === 0) return python;
  }
  return null;
}

async function downloadThroughPip(
  python: string,
  wheel: PinnedWheel,
  folder: string,
  reportBytes: (done: number) => void,
  { machine, signal }: SetupContext,
): Promise<void> {
  const { project, version, pythonVersion, platforms } = parseWheelName(wheel.fileName);
  // pip writes to TMPDIR first: a folder of our own is on the disk whose space was checked, can be watched to see how far the download
  // is whatever pip's version prints, and leaves nothing behind when it is killed.
  const temporary = join(folder, 'pip');
  await rm(temporary, { recursive: true, force: true });
  const delivered = join(temporary, 'delivered');
  await mkdir(delivered, { recursive: true });
  const watching = new AbortController();
  const watched = watchFolderSize(temporary, reportBytes, watching.signal);
  try {
    const platformArguments = platforms.flatMap((platform) => ['--platform', platform]);
    const result = await machine.run(
      python,
      // prettier-ignore
      ['-m', 'pip', 'download', '--no-deps', '--no-cache-dir', '--only-binary', ':all:', ...platformArguments,
       '--python-version', pythonVersion, '--progress-bar', 'off', '--dest', delivered, `${project}==${version}`],
      {
        environment: { TMPDIR: temporary, PIP_DISABLE_PIP_VERSION_CHECK: '1', LC_ALL: 'C' },
        ...(signal === undefined ? {} : { signal }),
      },
    );
    if (result.status !== 0) throw pipFailure(result, wheel);
    await rename(join(delivered, wheel.fileName), join(folder, wheel.fileName));
  } finally {
    watching.abort();
    await watched;
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Reports the size of the largest file under a folder until told to stop: pip downloads one file, then may copy it. */
async function watchFolderSize(folder: string, report: (bytes: number) => void, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await delay(PROGRESS_INTERVAL_MS, undefined, { signal }).catch(ignoreAbort);
    const sizes = await Promise.all((await listFiles(folder)).map(fileSize));
    const largest = Math.max(0, ...sizes);
    if (largest > 0) report(largest);
  }
}

async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(vanished([]));
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function fileSize(path: string): Promise<number> {
  return stat(path).then(({ size }) => size, vanished(0));
}

/** pip moves and deletes its files while they are looked at. */
function vanished<T>(instead: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === 'ENOENT') return instead;
    throw error;
  };
}

function ignoreAbort(error: Error): void {
  if (error.name !== 'AbortError') throw error;
}

const NETWORK_TROUBLE =
  /NewConnectionError|ConnectTimeoutError|ReadTimeoutError|ProtocolError|ProxyError|SSLError|Max retries exceeded|Temporary failure in name resolution|Connection (reset|refused|aborted)|timed out|HTTP error (403|407|5\d\d)|IncompleteRead/i;

/** What pip's output means for the person. */
export function pipFailure({ status, stdout, stderr }: CommandResult, wheel: PinnedWheel): StudioError {
  const output = `${stdout}\n${stderr}`;
  const cause = new Error(`pip ended with ${status}:\n${output.trim()}`);
  const title = wheelTitle(wheel);
  if (/No space left on device|Errno 28/.test(output)) {
    return new StudioError('no-space', `The disk filled up while downloading ${title}.`, {
      hint: 'Free some space and run again, or set FACE2EXP_RUNTIME_DIR to a folder on a larger disk.',
      cause,
    });
  }
  if (NETWORK_TROUBLE.test(output)) {
    return new StudioError('unavailable', `${title} could not be downloaded: the package index cannot be reached.`, {
      hint: "Check the network and pip's settings (`pip config list`, PIP_INDEX_URL, proxy), then run again.",
      cause,
    });
  }
  if (/No matching distribution|Could not find a version/.test(output)) {
    // With no retries left to warn about, pip says the same of an index that it cannot reach.
    const why = /from versions: none/.test(output) ? 'cannot be reached or does not have it' : 'does not have it';
    return new StudioError('unavailable', `pip found no ${wheel.fileName}: its package index ${why}.`, {
      hint: 'Check the network and `pip config list` (PIP_INDEX_URL, PIP_NO_INDEX): it needs a full mirror of the Python package index.',
      cause,
    });
  }
  if (/do not match the hashes|hash mismatch/i.test(output)) {
    return new StudioError(
      'corrupt',
      `The download of ${wheel.fileName} does not have the checksum that the package index names.`,
      {
        hint: 'Run again; if it happens again, the package index or a proxy serves something else.',
        cause,
      },
    );
  }
  const lines = stderr.trim().split('\n');
  const lastLine = lines.findLast((line) => line.startsWith('ERROR:')) ?? lines.at(-1);
  return new StudioError('unavailable', `pip could not download ${title}: ${lastLine || `it ended with ${status}`}.`, {
    hint: 'Run again; if it fails again, check that `pip download` works on this machine.',
    cause,
  });
}

/** @throws StudioError 'corrupt' after deleting a file that does not have the pinned checksum. */
async function requireChecksum(path: string, wheel: PinnedWheel, { report, signal }: SetupContext): Promise<void> {
  report('download', `Checking ${wheelTitle(wheel)}`);
  const found = await sha256(path, signal);
  if (found === wheel.sha256) return;
  await rm(path);
  throw new StudioError(
    'corrupt',
    `The download of ${wheel.fileName} does not have the expected checksum (SHA-256 ${found.slice(0, 16)}…, not ${wheel.sha256.slice(0, 16)}…).`,
    { hint: 'It was deleted. Run again; if it happens again, the package index or a proxy serves something else.' },
  );
}

async function sha256(path: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, ...(signal && { signal }) })) {
    hash.update(chunk as Buffer);
  }
  return hash.digest('hex');
}
