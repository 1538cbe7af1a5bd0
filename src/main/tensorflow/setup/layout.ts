import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { RuntimeInfo } from '#shared/runtime.ts';

/**
 * Where the TensorFlow runtime lies. One cache serves every checkout of a person:
 *
 *     <cache>/tensorflow-2.21.0-cpu-linux-x64/
 *       tensorflow/   the two libraries and the C headers, as the wheel lays them out
 *       nvidia/       CUDA libraries, GPU runtime only: TensorFlow's own search path expects them beside tensorflow/
 *       binding/      <tfjs version>/tfjs_binding.node, compiled on this machine
 *       runtime.json  written last, after the smoke test: its presence means "ready"
 */

export const TENSORFLOW_VERSION = '2.21.0';

/** A runtime flavour: which build of TensorFlow, not where the arithmetic happens to run. */
export type RuntimeDevice = RuntimeInfo['device'];

type Environment = Readonly<Record<string, string | undefined>>;

/** The folder shared by all checkouts: FACE2EXP_RUNTIME_DIR, else in the XDG cache folder. */
export function runtimeCacheFolder(environment: Environment = process.env): string {
  if (environment['FACE2EXP_RUNTIME_DIR']) return environment['FACE2EXP_RUNTIME_DIR'];
  return join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'face2exp-studio');
}

/** Every path inside one runtime folder. */
export interface RuntimeLayout {
  readonly folder: string;
  /** The library to load: it holds the whole C API. */
  readonly library: string;
  /** Needed by the other and found beside it. */
  readonly frameworkLibrary: string;
  readonly includeFolder: string;
  readonly binding: string;
  readonly manifest: string;
}

export function runtimeLayout(device: RuntimeDevice, cacheFolder = runtimeCacheFolder()): RuntimeLayout {
  const folder = join(cacheFolder, `tensorflow-${TENSORFLOW_VERSION}-${device}-${process.platform}-${process.arch}`);
  const libraryFolder = join(folder, 'tensorflow');
  const suffix = process.platform === 'darwin' ? '.2.dylib' : '.so.2';
  return {
    folder,
    library: join(libraryFolder, `libtensorflow_cc${suffix}`),
    frameworkLibrary: join(libraryFolder, `libtensorflow_framework${suffix}`),
    includeFolder: join(libraryFolder, 'include'),
    binding: join(folder, 'binding', tfjsPackage().version, 'tfjs_binding.node'),
    manifest: join(folder, 'runtime.json'),
  };
}

/** The installed tfjs package whose C++ binding is compiled: its folder and version. */
export function tfjsPackage(): { folder: string; version: string } {
  const packageFile = createRequire(import.meta.url).resolve('@tensorflow/tfjs-node-gpu/package.json');
  const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string };
  return { folder: join(packageFile, '..'), version };
}
