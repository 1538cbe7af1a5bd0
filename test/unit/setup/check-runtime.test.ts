import { cpus } from 'node:os';
import { describe, expect, it } from 'vitest';
import { checkRuntime } from '#main/tensorflow/setup/check-runtime.ts';
import type { CommandResult } from '#main/tensorflow/setup/command.ts';
import { contextOf, machineThat, SOUND_REPORT } from './fixtures.ts';

function checkAgainst(device: 'cpu' | 'gpu', result: Partial<CommandResult>): ReturnType<typeof checkRuntime> {
  return checkRuntime(
    device,
    'A100',
    contextOf(machineThat(async () => ({ status: 0, stdout: '', stderr: '', ...result }))),
  );
}

const printed = (changes: object): Partial<CommandResult> => ({
  stdout: JSON.stringify({ ...SOUND_REPORT, ...changes }),
});

describe('checkRuntime', () => {
  it('names what it computes on', async () => {
    expect(await checkAgainst('cpu', printed({}))).toEqual({
      version: '2.21.0',
      device: 'cpu',
      deviceName: cpus()[0]?.model.trim(),
    });
    expect(await checkAgainst('gpu', printed({ onGpu: true }))).toEqual({
      version: '2.21.0',
      device: 'gpu',
      deviceName: 'A100',
    });
  });

  it('refuses a build that computes wrongly', async () => {
    await expect(checkAgainst('cpu', printed({ convolutionSum: 35 }))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('35 instead of 36'),
    });
    await expect(checkAgainst('cpu', printed({ filterGradient: [4, 4, 4, 4, 4, 4, 4, 4, 5] }))).rejects.toThrow(
      /computes wrongly/,
    );
    await expect(checkAgainst('cpu', printed({ filterGradient: [4] }))).rejects.toThrow(/computes wrongly/);
  });

  it('refuses another version', async () => {
    await expect(checkAgainst('cpu', printed({ version: '2.9.1' }))).rejects.toThrow(/2\.9\.1, not 2\.21\.0/);
  });

  it('says why the GPU is not seen, in the words of TensorFlow', async () => {
    const stderr =
      'I0000 00:00:1.2 3 a.cc:1] hello\nE0000 00:00:1.2 3 cuda.cc:52] failed call to cuInit: UNKNOWN ERROR (303)\n';
    await expect(checkAgainst('gpu', { ...printed({}), stderr })).rejects.toMatchObject({
      message: expect.stringContaining('does not see the GPU (failed call to cuInit: UNKNOWN ERROR (303))'),
      hint: expect.stringContaining('--cpu'),
    });
  });

  it('says why it does not run', async () => {
    await expect(checkAgainst('cpu', { status: 'SIGILL' })).rejects.toThrow(/AVX/);
    await expect(checkAgainst('cpu', { status: 'SIGSEGV' })).rejects.toThrow(
      /does not run \(its check ended with SIGSEGV\)/,
    );
    const stderr = 'node:internal\n\nError: libstdc++.so.6: version GLIBCXX_3.4.30 not found\n    at x';
    await expect(checkAgainst('cpu', { status: 1, stderr })).rejects.toThrow(/GLIBCXX_3\.4\.30 not found/);
  });
});
