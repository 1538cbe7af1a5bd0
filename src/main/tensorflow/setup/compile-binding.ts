import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { StudioError } from '#shared/errors.ts';
import type { CommandResult } from './command.ts';
import type { SetupContext } from './context.ts';
import { type RuntimeLayout, tfjsPackage } from './layout.ts';

/** Node-API level of the binding: any Node from 20 on has it, so one build serves every version. */
const NODE_API_VERSION = 8;

/**
 * Compiles tfjs's C++ binding against the unpacked libraries, unless it is there. It uses only Node-API, so that one compiler call does
 * it, with the headers of the package node-api-headers and no node-gyp.
 *
 * @throws StudioError 'unavailable' when there is no compiler or it fails, 'no-space'.
 */
export async function compileBinding(layout: RuntimeLayout, context: SetupContext): Promise<void> {
  if (existsSync(layout.binding)) return;
  context.report('compile', 'Compiling the TensorFlow binding (about 10 seconds)');
  await mkdir(dirname(layout.binding), { recursive: true });
  const partial = `${layout.binding}.partial`;
  const compilerArguments = [...(await bindingSources()), ...bindingFlags(layout), '-o', partial];
  try {
    await runFirstCompiler(compilerArguments, context);
    await rename(partial, layout.binding);
  } finally {
    await rm(partial, { force: true });
  }
}

async function bindingSources(): Promise<string[]> {
  const folder = join(tfjsPackage().folder, 'binding');
  return (await readdir(folder)).filter((name) => name.endsWith('.cc')).map((name) => join(folder, name));
}

function bindingFlags(layout: RuntimeLayout): string[] {
  const { include_dir: nodeApiHeaders } = createRequire(import.meta.url)('node-api-headers') as { include_dir: string };
  const includeFolders = [nodeApiHeaders, tfjsPackage().folder, layout.includeFolder];
  // The binding finds the libraries relative to itself, so that the cache may be moved.
  const platformFlags =
    process.platform === 'darwin'
      ? ['-undefined', 'dynamic_lookup', '-Wl,-rpath,@loader_path/../../tensorflow']
      : ['-Wl,-rpath,$ORIGIN/../../tensorflow'];
  return [
    '-O2',
    '-std=c++17',
    '-shared',
    '-fPIC',
    `-DNAPI_VERSION=${NODE_API_VERSION}`,
    ...includeFolders.flatMap((folder) => ['-I', folder]),
    layout.library,
    layout.frameworkLibrary,
    ...platformFlags,
  ];
}

async function runFirstCompiler(compilerArguments: string[], { machine, signal }: SetupContext): Promise<void> {
  const named = machine.environment['CXX'];
  for (const compiler of named ? [named] : ['g++', 'c++', 'clang++']) {
    const result = await machine.run(compiler, compilerArguments, {
      environment: { LC_ALL: 'C' },
      ...(signal && { signal }),
    });
    if (result.status === 0) return;
    if (result.status !== 'missing') throw compilerFailure(compiler, result);
  }
  throw new StudioError(
    'unavailable',
    named ? `The C++ compiler that CXX names was not found: ${named}.` : 'No C++ compiler was found.',
    {
      hint: 'Install one (Debian and Ubuntu: `apt install g++`; macOS: `xcode-select --install`), then run again: it continues from here.',
    },
  );
}

function compilerFailure(compiler: string, { status, stderr }: CommandResult): StudioError {
  const cause = new Error(`${compiler} ended with ${status}:\n${stderr.trim()}`);
  if (/No space left on device/.test(stderr)) {
    return new StudioError('no-space', 'The disk filled up while compiling the TensorFlow binding.', {
      hint: 'Free some space (the compiler also uses the temporary folder) and run again.',
      cause,
    });
  }
  const firstError = stderr.split('\n').find((line) => /error/i.test(line)) ?? `it ended with ${status}`;
  return new StudioError('unavailable', `${compiler} could not compile the TensorFlow binding: ${firstError.trim()}.`, {
    hint: 'GCC 8 or Clang 7 and newer can; CXX chooses another compiler.',
    cause,
  });
}
