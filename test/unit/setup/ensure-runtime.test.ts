import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { CommandOptions, CommandResult, RunCommand } from '#main/tensorflow/setup/command.ts';
import { ensureRuntime, type EnsureRuntimeOptions, type SetupProgress } from '#main/tensorflow/setup/ensure-runtime.ts';
import { runtimeLayout } from '#main/tensorflow/setup/layout.ts';
import { runtimeStatus } from '#main/tensorflow/setup/status.ts';
import {
  machineThat,
  MISSING,
  pipServing,
  smallWheel,
  SOUND_REPORT,
  temporaryFolder,
  workingCompiler,
} from './fixtures.ts';

const { content, pin } = smallWheel();

/** A machine where everything works, whose parts a test replaces; counts what was run. */
class FakeMachine {
  readonly cacheFolder = temporaryFolder();
  readonly counts = { download: 0, compile: 0, check: 0 };
  driverLoaded = false;
  freeBytes = 100e9;
  wheels = [pin];
  download: RunCommand = pipServing(content, pin.fileName);
  compile: RunCommand = workingCompiler;
  check: (device: string) => CommandResult = (device) => ({
    status: 0,
    stdout: JSON.stringify({ ...SOUND_REPORT, onGpu: device === 'gpu' }),
    stderr: '',
  });
  nvidiaSmi: CommandResult = MISSING;

  readonly run: RunCommand = async (program, args, options) => {
    options?.signal?.throwIfAborted();
    if (program.endsWith('nvidia-smi')) return this.nvidiaSmi;
    if (args[1] === 'pip')
      return this.#count('download', args.includes('download'), this.download, program, args, options);
    if (args.includes('-shared')) return this.#count('compile', true, this.compile, program, args, options);
    this.counts.check++;
    return this.check(args[1] ?? '');
  };

  #count(
    what: 'download' | 'compile',
    counts: boolean,
    run: RunCommand,
    program: string,
    args: readonly string[],
    options?: CommandOptions,
  ) {
    if (counts) this.counts[what]++;
    return run(program, args, options);
  }

  ensure(options: EnsureRuntimeOptions = {}) {
    return ensureRuntime(options, {
      cacheFolder: this.cacheFolder,
      wheels: () => this.wheels,
      machine: machineThat(this.run, {
        nvidiaDriverLoaded: () => this.driverLoaded,
        freeBytes: async () => this.freeBytes,
      }),
    });
  }
}

let fake: FakeMachine;
beforeEach(() => {
  fake = new FakeMachine();
});

describe('ensureRuntime', () => {
  it('downloads, unpacks, compiles and checks, and leaves nothing else in the cache', async () => {
    const progress: SetupProgress[] = [];
    const info = await fake.ensure({ device: 'cpu', onProgress: (step) => progress.push(step) });
    const layout = runtimeLayout('cpu', fake.cacheFolder);
    expect(info).toMatchObject({ version: '2.21.0', device: 'cpu', path: layout.folder });
    expect(readdirSync(fake.cacheFolder)).toEqual([info.path.split('/').at(-1)]);
    expect(readdirSync(layout.folder).sort()).toEqual(['binding', 'runtime.json', 'tensorflow']);
    expect(readFileSync(layout.library, 'utf8')).toBe('the library'.repeat(100));
    expect(existsSync(join(layout.folder, 'tensorflow/python'))).toBe(false);
    expect([...new Set(progress.map(({ stage }) => stage))]).toEqual(['download', 'unpack', 'compile', 'check']);
    // 1100 + 13 + 12 bytes of the three members that are wanted.
    expect(progress.filter(({ stage }) => stage === 'unpack').at(-1)).toMatchObject({ done: 1125, total: 1125 });
  });

  it('does nothing when it is done', async () => {
    const first = await fake.ensure();
    expect(await fake.ensure()).toEqual(first);
    expect(fake.counts).toEqual({ download: 1, compile: 1, check: 1 });
    expect(runtimeStatus('auto', fake.cacheFolder)?.info).toEqual(first);
  });

  it('lets one of two calls work and the other wait', async () => {
    const [one, other] = await Promise.all([fake.ensure(), fake.ensure()]);
    expect(one).toEqual(other);
    expect(fake.counts.download).toBe(1);
  });

  it('continues after the last whole step', async () => {
    fake.compile = async () => MISSING;
    await expect(fake.ensure()).rejects.toThrow(/No C\+\+ compiler/);
    expect(runtimeStatus('cpu', fake.cacheFolder)).toBeNull();
    fake.compile = workingCompiler;
    await fake.ensure();
    expect(fake.counts.download).toBe(1);
  });

  it('does not fetch again what an interrupted run has unpacked', async () => {
    const second = smallWheel('tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_28_x86_64.whl');
    fake.wheels = [pin, second.pin];
    const fetched: string[] = [];
    fake.download = async (program, args) => {
      const platform = args[args.indexOf('--platform') + 1] ?? '';
      if (args.includes('download')) fetched.push(platform);
      if (platform === 'manylinux_2_28_x86_64' && fetched.length === 2)
        return { status: 1, stdout: '', stderr: 'timed out' };
      const { content: bytes, pin: wheel } = platform === 'manylinux_2_27_x86_64' ? { content, pin } : second;
      return pipServing(bytes, wheel.fileName)(program, args);
    };
    await expect(fake.ensure()).rejects.toMatchObject({ code: 'unavailable' });
    await fake.ensure();
    expect(fetched).toEqual(['manylinux_2_27_x86_64', 'manylinux_2_28_x86_64', 'manylinux_2_28_x86_64']);
  });

  it('compiles and checks again when tfjs was updated', async () => {
    await fake.ensure();
    rmSync(runtimeLayout('cpu', fake.cacheFolder).binding);
    expect(runtimeStatus('cpu', fake.cacheFolder)).toBeNull();
    await fake.ensure();
    expect(fake.counts).toEqual({ download: 1, compile: 2, check: 2 });
  });

  it('is not ready before its check has passed', async () => {
    fake.check = () => ({ status: 'SIGILL', stdout: '', stderr: '' });
    await expect(fake.ensure()).rejects.toMatchObject({ code: 'unavailable' });
    expect(runtimeStatus('cpu', fake.cacheFolder)).toBeNull();
  });

  it('takes over from a set-up that was killed', async () => {
    const lock = join(fake.cacheFolder, 'setup.lock');
    mkdirSync(lock);
    // No process has this number: it is above the largest that Linux gives.
    const processes = [{ pid: 2 ** 22 + 1, startedAt: null }];
    writeFileSync(join(lock, 'holder.json'), JSON.stringify({ token: 'killed', host: hostname(), processes }));
    await fake.ensure();
    expect(existsSync(lock)).toBe(false);
  });

  it('refuses before the download what the disk cannot hold', async () => {
    fake.freeBytes = 1e8;
    await expect(fake.ensure()).rejects.toMatchObject({
      code: 'no-space',
      message: expect.stringContaining('there are 0.1 GB'),
    });
    expect(fake.counts.download).toBe(0);
  });

  it('can be stopped', async () => {
    const abort = new AbortController();
    fake.download = async (program, args) => {
      if (args.includes('download')) abort.abort();
      return pipServing(content, pin.fileName)(program, args);
    };
    await expect(fake.ensure({ signal: abort.signal })).rejects.toMatchObject({ code: 'cancelled' });
    expect(readdirSync(fake.cacheFolder)).not.toContain('setup.lock');
    await fake.ensure();
  });
});

describe('ensureRuntime with a GPU', () => {
  beforeEach(() => {
    fake.driverLoaded = true;
    fake.nvidiaSmi = { status: 0, stdout: 'NVIDIA A100, 550.54.15, 8.0\n', stderr: '' };
  });

  it('prefers it, and remembers its name', async () => {
    expect(await fake.ensure()).toMatchObject({ device: 'gpu', deviceName: 'NVIDIA A100' });
    expect(runtimeStatus('auto', fake.cacheFolder, true)?.info.device).toBe('gpu');
    expect(runtimeStatus('auto', fake.cacheFolder, false)).toBeNull();
  });

  it('falls back to the CPU after saying why, and tries again only with another driver or when asked', async () => {
    fake.check = (device) => ({
      status: device === 'gpu' ? 'SIGABRT' : 0,
      stdout: JSON.stringify(SOUND_REPORT),
      stderr: 'CUDA_ERROR_INVALID_PTX',
    });
    const messages: string[] = [];
    const onProgress = ({ message }: SetupProgress): void => void messages.push(message);
    expect(await fake.ensure({ onProgress })).toMatchObject({ device: 'cpu' });
    expect(messages).toContainEqual(expect.stringMatching(/INVALID_PTX.*The CPU is used instead\.$/));
    expect(fake.counts.check).toBe(2);

    expect(await fake.ensure()).toMatchObject({ device: 'cpu' });
    expect(fake.counts.check).toBe(2);

    await expect(fake.ensure({ device: 'gpu' })).rejects.toMatchObject({ code: 'unavailable' });
    expect(fake.counts.check).toBe(3);

    fake.nvidiaSmi = { status: 0, stdout: 'NVIDIA A100, 570.1, 8.0\n', stderr: '' };
    fake.check = (device) => ({
      status: 0,
      stdout: JSON.stringify({ ...SOUND_REPORT, onGpu: device === 'gpu' }),
      stderr: '',
    });
    expect(await fake.ensure()).toMatchObject({ device: 'gpu' });
  });

  it.each([
    ['NVIDIA A100, 470.82, 8.0', /driver 470\.82 is older than 525/],
    ['Tesla M40, 550.54, 5.2', /compute capability 5\.2, below 6/],
  ])('downloads nothing for %s', async (gpu, reason) => {
    fake.nvidiaSmi = { status: 0, stdout: `${gpu}\n`, stderr: '' };
    await expect(fake.ensure({ device: 'gpu' })).rejects.toThrow(reason);
    expect(fake.counts.download).toBe(0);
    expect(await fake.ensure()).toMatchObject({ device: 'cpu' });
  });

  it('uses the CPU where no driver answers, and says so to who asks for the GPU', async () => {
    fake.nvidiaSmi = { status: 9, stdout: '', stderr: "couldn't communicate with the NVIDIA driver" };
    expect(await fake.ensure()).toMatchObject({ device: 'cpu' });
    await expect(fake.ensure({ device: 'gpu' })).rejects.toThrow(/no NVIDIA driver answers/);
  });
});
