import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type HostCommand, HostProcess, type HostTiming } from '../../../src/main/shell/host-process.ts';
import type { HostStatus } from '../../../src/shared/shell.ts';
import { fakeHost } from './fake-host.ts';

const TIMING: HostTiming = { restartDelays: [20, 40, 80], soundAfter: 60_000, endWithin: 200 };

function supervise(command: HostCommand, timing = TIMING): { host: HostProcess; statuses: HostStatus[] } {
  const statuses: HostStatus[] = [];
  const host = new HostProcess(command, (status) => statuses.push(status), timing);
  onTestFinished(() => host.close());
  host.start();
  return { host, statuses };
}

/** What a fake host answers; rejects when the connection breaks, as it does when the host is asked to kill itself. */
function get(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path }, (response) => resolve(text(response)))
      .on('error', reject)
      .end();
  });
}

test('gives the address once the host listens, also to those who asked before', async () => {
  const fake = fakeHost('listen');
  const { host, statuses } = supervise(fake.command);
  expect(statuses).toEqual([{ state: 'starting' }]);
  expect(await host.address()).toEqual({ socket: fake.socket, token: 'secret' });
  expect(statuses).toEqual([{ state: 'starting' }, { state: 'ready' }]);
});

test('restarts a host that was killed; who asks meanwhile waits for the new one', async () => {
  const fake = fakeHost('listen');
  const { host, statuses } = supervise(fake.command);
  const { socket } = await host.address();
  await expect(get(socket, '/crash')).rejects.toThrow();
  await vi.waitFor(() => expect(statuses.at(-1)).toEqual({ state: 'restarting', attempt: 1, delay: 20 }));
  expect(await get((await host.address()).socket, '/again')).toContain('/again');
  expect(statuses.at(-1)).toEqual({ state: 'ready' });
  expect(fake.log()).toEqual(['started', 'started']);
});

test('pauses longer after each crash and gives up after the last', async () => {
  const fake = fakeHost('crash-when-listening');
  const { host, statuses } = supervise(fake.command);
  await vi.waitFor(() => expect(statuses.at(-1)?.state).toBe('failed'), { timeout: 20_000 });
  expect(statuses).toEqual([
    { state: 'starting' },
    { state: 'ready' },
    { state: 'restarting', attempt: 1, delay: 20 },
    { state: 'ready' },
    { state: 'restarting', attempt: 2, delay: 40 },
    { state: 'ready' },
    { state: 'restarting', attempt: 3, delay: 80 },
    { state: 'ready' },
    {
      state: 'failed',
      error: {
        code: 'unavailable',
        message: 'The studio’s host ended 4 times in a row: exit code 3.',
        hint: 'a line before the crash',
      },
    },
  ]);
  expect(fake.log()).toEqual(['started', 'started', 'started', 'started']);
  await expect(host.address()).rejects.toThrow('ended 4 times in a row');
});

test('a crash after a sound while counts as the first', async () => {
  const fake = fakeHost('crash-when-listening');
  const { statuses } = supervise(fake.command, { ...TIMING, soundAfter: 0 });
  // One more than the pauses there are: counted in a row, it would have given up by then.
  const restarts = (): HostStatus[] => statuses.filter(({ state }) => state === 'restarting');
  await vi.waitFor(() => expect(restarts().length).toBeGreaterThan(TIMING.restartDelays.length), { timeout: 20_000 });
  expect(restarts().every((status) => status.state === 'restarting' && status.attempt === 1)).toBe(true);
});

test('a host that says why it cannot start is not started again until asked', async () => {
  const fake = fakeHost('refuse');
  const { host, statuses } = supervise(fake.command);
  await expect(host.address()).rejects.toMatchObject({
    code: 'unavailable',
    message: 'The studio’s host could not start: exit code 1.',
    hint: 'The workspace is open in another studio.\nUse its window.',
  });
  expect(statuses.map(({ state }) => state)).toEqual(['starting', 'failed']);
  host.start();
  await expect(host.address()).rejects.toThrow('could not start');
  expect(fake.log()).toEqual(['started', 'started']);
});

test('a missing program is an error in words', async () => {
  const { host } = supervise({ program: '/nowhere/node', arguments: [], environment: {} });
  await expect(host.address()).rejects.toMatchObject({
    message: expect.stringMatching(/could not start: .*\/nowhere\/node.*ENOENT/) as string,
    hint: expect.stringContaining('doctor') as string,
  });
});

test('a program that is no host is ended', async () => {
  const { host } = supervise(fakeHost('babble').command);
  await expect(host.address()).rejects.toMatchObject({
    hint: 'It said “hello” instead of where it listens.',
  });
});

test('closing lets the host end in order', async () => {
  const fake = fakeHost('listen');
  const { host, statuses } = supervise(fake.command);
  await host.address();
  await host.close();
  expect(fake.log()).toEqual(['started', 'ended']);
  expect(statuses.at(-1)).toEqual({ state: 'ready' });
});

test('closing kills a host that does not end', async () => {
  const { host } = supervise(fakeHost('deaf').command);
  await host.address();
  const begun = performance.now();
  await host.close();
  expect(performance.now() - begun).toBeGreaterThanOrEqual(TIMING.endWithin - 5);
});

test('closing during a pause cancels the restart', async () => {
  const fake = fakeHost('crash-when-listening');
  const { host, statuses } = supervise(fake.command, { ...TIMING, restartDelays: [60_000] });
  await vi.waitFor(() => expect(statuses.at(-1)?.state).toBe('restarting'), { timeout: 20_000 });
  await host.close();
  expect(fake.log()).toEqual(['started']);
});

test('closing before anything was started is nothing', async () => {
  const host = new HostProcess(fakeHost('listen').command, () => undefined, TIMING);
  await expect(host.close()).resolves.toBeUndefined();
});
