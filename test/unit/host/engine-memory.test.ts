import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { MemorySampler, deviceBytesOf, engineMemory } from '#main/host/services/engine-memory.ts';

const MEBIBYTE = 2 ** 20;

/** A process that holds some memory that it wrote to, and says when it does. */
async function processHolding(mebibytes: number): Promise<number> {
  const program = `globalThis.held = Buffer.alloc(${mebibytes} * 2 ** 20, 1); console.log('held'); setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child.pid!;
}

test.runIf(process.platform === 'linux' || process.platform === 'darwin')(
  'the memory of a process is what it holds now; one that has ended is unknown',
  async () => {
    const [small, large] = await Promise.all([processHolding(1), processHolding(200)]);
    const [least, most] = await Promise.all([small, large].map((id) => engineMemory(id!, false)));
    const difference = (most!.hostBytes! - least!.hostBytes!) / MEBIBYTE;
    expect(difference).toBeGreaterThan(150);
    expect(difference).toBeLessThan(260);
    expect(most!.deviceBytes).toBeNull();
    expect(await engineMemory(2 ** 22 + 1, false)).toEqual({ hostBytes: null, deviceBytes: null });
  },
);

test('memory of GPUs is summed over them, and unknown where the driver names no such process', async () => {
  const answer = '17, 1200\n99, 3000\n17, 800\n18, [N/A]\n';
  expect(deviceBytesOf(answer, [17])).toBe(2_000 * MEBIBYTE);
  expect(deviceBytesOf(answer, [17, 99])).toBe(5_000 * MEBIBYTE);
  expect(deviceBytesOf(answer, [18])).toBeNull();
  expect(deviceBytesOf('', [17])).toBeNull();
  const asked: string[] = [];
  const ask = async (program: string): Promise<string | null> => {
    asked.push(program);
    return program === 'nvidia-smi' ? null : `${process.pid}, 10\n`;
  };
  expect((await engineMemory(process.pid, true, ask)).deviceBytes).toBe(10 * MEBIBYTE);
  expect(asked.filter((program) => program.includes('nvidia'))).toEqual(['nvidia-smi', '/usr/lib/wsl/lib/nvidia-smi']);
});

test.runIf(process.platform === 'linux')('samples are some seconds apart, and what fails is told', async () => {
  const kept: number[] = [];
  const errors: unknown[] = [];
  const sampler = new MemorySampler(
    ({ step }) => kept.push(step),
    (error) => errors.push(error),
  );
  sampler.note(1, undefined, false);
  for (const step of [2, 3, 4]) sampler.note(step, process.pid, false);
  await sampler.settled();
  sampler.note(5, process.pid, false);
  await sampler.settled();
  expect(kept).toEqual([2]);
  const failing = new MemorySampler(
    () => {
      throw new Error('the disk is full');
    },
    (error) => errors.push(error),
  );
  failing.note(1, process.pid, false);
  await failing.settled();
  expect(errors).toMatchObject([{ message: 'the disk is full' }]);
});
