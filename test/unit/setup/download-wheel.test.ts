import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunCommand } from '#main/tensorflow/setup/command.ts';
import { downloadWheel, pipFailure } from '#main/tensorflow/setup/download-wheel.ts';
import { contextOf, machineThat, MISSING, pipServing, smallWheel, SUCCESS, temporaryFolder } from './fixtures.ts';

const { content, pin } = smallWheel();

describe('downloadWheel', () => {
  it('asks pip for exactly the pinned wheel, in a folder of its own', async () => {
    const calls: { program: string; args: readonly string[]; temporary: string | undefined }[] = [];
    const run: RunCommand = async (program, args, options) => {
      calls.push({ program, args, temporary: options?.environment?.['TMPDIR'] });
      return pipServing(content, pin.fileName)(program, args);
    };
    const folder = temporaryFolder();
    const path = await downloadWheel(pin, folder, contextOf(machineThat(run)));
    expect(readFileSync(path)).toEqual(content);
    const download = calls.at(-1)!;
    expect(download.program).toBe('python3');
    expect(download.args.join(' ')).toContain(
      '-m pip download --no-deps --no-cache-dir --only-binary :all: --platform manylinux_2_27_x86_64 --python-version 3.11',
    );
    expect(download.args.at(-1)).toBe('tensorflow-cpu==2.21.0');
    expect(download.temporary).toBe(join(folder, 'pip'));
    expect(readdirSync(folder)).toEqual([pin.fileName]);
  });

  it('takes the other name of Python where the first has no pip', async () => {
    const programs: string[] = [];
    const run: RunCommand = async (program, args) => {
      programs.push(program);
      return program === 'python3'
        ? { status: 1, stdout: '', stderr: 'No module named pip' }
        : pipServing(content, pin.fileName)(program, args);
    };
    await downloadWheel(pin, temporaryFolder(), contextOf(machineThat(run)));
    expect(programs).toEqual(['python3', 'python', 'python']);
  });

  it('keeps a sound wheel that is there and replaces a damaged one', async () => {
    const folder = temporaryFolder();
    const path = join(folder, pin.fileName);
    writeFileSync(path, content);
    const idle = contextOf(machineThat(() => Promise.reject(new Error('nothing is to be run'))));
    expect(await downloadWheel(pin, folder, idle)).toBe(path);
    writeFileSync(path, 'half a whe');
    await downloadWheel(pin, folder, contextOf(machineThat(pipServing(content, pin.fileName))));
    expect(readFileSync(path)).toEqual(content);
  });

  it('deletes a download with another checksum', async () => {
    const folder = temporaryFolder();
    const context = contextOf(machineThat(pipServing(Buffer.from('something else'), pin.fileName)));
    await expect(downloadWheel(pin, folder, context)).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining(pin.sha256.slice(0, 16)),
    });
    expect(existsSync(join(folder, pin.fileName))).toBe(false);
  });

  it('says what is missing where there is neither pip nor an index', async () => {
    const context = contextOf(machineThat(async () => MISSING));
    await expect(downloadWheel(pin, temporaryFolder(), context)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('Python 3 with pip was not found'),
      hint: expect.stringContaining('PIP_INDEX_URL'),
    });
  });

  it('cleans up after a pip that fails', async () => {
    const folder = temporaryFolder();
    const run: RunCommand = async (_program, args) =>
      args.includes('download') ? { status: 1, stdout: '', stderr: 'ERROR: broken' } : SUCCESS;
    await expect(downloadWheel(pin, folder, contextOf(machineThat(run)))).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('pipFailure', () => {
  it.each([
    ['OSError: [Errno 28] No space left on device', 'no-space', /disk filled up/],
    [
      "WARNING: Retrying (Retry(total=4)) after connection broken by 'NewConnectionError('…')'",
      'unavailable',
      /cannot be reached/,
    ],
    [
      'ERROR: Could not find a version that satisfies the requirement x (from versions: none)',
      'unavailable',
      /cannot be reached or does not have it/,
    ],
    [
      'ERROR: Could not find a version that satisfies the requirement x (from versions: 2.20.0)',
      'unavailable',
      /index does not have it/,
    ],
    ['ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.', 'corrupt', /checksum/],
    ['ERROR: something new\n  a detail', 'unavailable', /ERROR: something new/],
    ['', 'unavailable', /ended with 1/],
  ] as const)('reads %j', (stderr, code, message) => {
    const error = pipFailure({ status: 1, stdout: '', stderr }, pin);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.hint).toBeTruthy();
  });
});
