import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CommandResult, RunCommand } from '#main/tensorflow/setup/command.ts';
import { compileBinding } from '#main/tensorflow/setup/compile-binding.ts';
import { runtimeLayout } from '#main/tensorflow/setup/layout.ts';
import { contextOf, machineThat, MISSING, SUCCESS, temporaryFolder, workingCompiler } from './fixtures.ts';

const layoutOf = (): ReturnType<typeof runtimeLayout> => runtimeLayout('cpu', temporaryFolder());

function compileWith(run: RunCommand, environment: Record<string, string> = {}): Promise<void> {
  return compileBinding(layoutOf(), contextOf(machineThat(run, { environment })));
}

describe('compileBinding', () => {
  it('compiles the two sources of tfjs with the headers it needs against the unpacked libraries', async () => {
    const layout = layoutOf();
    const calls: string[][] = [];
    const run: RunCommand = async (program, args) => {
      calls.push([program, ...args]);
      return workingCompiler(program, args);
    };
    await compileBinding(layout, contextOf(machineThat(run)));
    expect(readFileSync(layout.binding, 'utf8')).toBe('binding');
    expect(readdirSync(dirname(layout.binding))).toEqual(['tfjs_binding.node']);
    const [call = []] = calls;
    expect(call[0]).toBe('g++');
    const sources = call.filter((argument) => argument.endsWith('.cc'));
    expect(sources).toHaveLength(2);
    expect(sources.every((source) => existsSync(source))).toBe(true);
    const included = call.filter((_argument, index) => call[index - 1] === '-I');
    expect(existsSync(`${included[0]}/node_api.h`)).toBe(true);
    expect(included).toContain(layout.includeFolder);
    expect(call).toContain(layout.library);
    expect(call).toContain(layout.frameworkLibrary);
  });

  it('compiles once', async () => {
    const layout = layoutOf();
    mkdirSync(dirname(layout.binding), { recursive: true });
    writeFileSync(layout.binding, 'there');
    await compileBinding(layout, contextOf(machineThat(() => Promise.reject(new Error('nothing is to be run')))));
    expect(readFileSync(layout.binding, 'utf8')).toBe('there');
  });

  it('tries the compilers by their usual names, or the one that CXX names', async () => {
    const tried: string[] = [];
    const run: RunCommand = async (program, args) => {
      tried.push(program);
      return program === 'clang++' ? workingCompiler(program, args) : MISSING;
    };
    await compileWith(run);
    expect(tried).toEqual(['g++', 'c++', 'clang++']);
    await expect(compileWith(run, { CXX: 'my-c++' })).rejects.toMatchObject({
      message: expect.stringContaining('my-c++'),
    });
  });

  it('says that there is no compiler', async () => {
    await expect(compileWith(async () => MISSING)).rejects.toMatchObject({
      code: 'unavailable',
      message: 'No C++ compiler was found.',
      hint: expect.stringContaining('g++'),
    });
  });

  it.each([
    ['binding.cc:1: fatal error: x.h: No such file', 'unavailable', /x\.h: No such file/],
    ['/tmp/cc.s: No space left on device', 'no-space', /disk filled up/],
    ['', 'unavailable', /ended with 1/],
  ] as const)('says what %j means and leaves nothing behind', async (stderr, code, message) => {
    const layout = layoutOf();
    const failing = async (program: string, args: readonly string[]): Promise<CommandResult> => {
      await workingCompiler(program, args);
      return { ...SUCCESS, status: 1, stderr };
    };
    await expect(compileBinding(layout, contextOf(machineThat(failing)))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    expect(readdirSync(dirname(layout.binding))).toEqual([]);
  });
});
