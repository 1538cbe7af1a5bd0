import { expect, test } from 'vitest';
import type { WorkerLoad } from '#shared/cluster.ts';
import { csvOfLoads, longestStep } from '../../../src/renderer/views/runs/cluster/loads.ts';
import { lookWords, withNamed, workerName } from '../../../src/renderer/views/workers/worker-words.ts';

const unreached = (message: string) => ({ state: 'unreached', problem: { code: 'unavailable', message } }) as const;

test('how a worker is, in words that do not repeat its name', () => {
  const runtime = { version: '2.21.0', device: 'gpu', deviceName: 'NVIDIA H100' } as const;
  expect(lookWords({ state: 'ready', hostName: 'gpu-1', runtime })).toEqual({
    state: 'Ready',
    detail: 'NVIDIA H100, TensorFlow 2.21.0',
  });
  expect(lookWords({ state: 'busy', work: 'Train r1, here' })).toEqual({ state: 'Busy', detail: 'Train r1, here' });
  const refused = { code: 'unauthorized', message: 'Worker gpu-1:7070 refuses: The secret is another one there.' };
  expect(lookWords({ state: 'refused', problem: refused }).detail).toBe('The secret is another one there.');
});

test.each([
  ['Worker a:1 cannot be reached: connect ECONNREFUSED 127.0.0.1:1.', 'Nothing listens there.'],
  ['Worker a:1 cannot be reached: getaddrinfo ENOTFOUND a.', 'No machine of that name is known.'],
  ['Worker a:1 cannot be reached: nothing came back for 5 seconds.', 'Nothing came back for 5 seconds.'],
])('%s', (message, words) => {
  expect(lookWords(unreached(message))).toEqual({ state: 'Not reached', detail: words });
});

test('workers of a run that the workspace does not know stand after those it knows', () => {
  const known = [{ address: 'a:1', name: 'Attic' }];
  const both = withNamed(known, ['b:1', 'a:1']);
  expect(both.map(workerName)).toEqual(['Attic', 'b:1']);
});

const LOADS: WorkerLoad[] = [
  {
    ...{ rank: 0, address: 'a:1', step: 40, imagesPerSecond: 31.5, isStraggling: false },
    ...{ dataMilliseconds: 1, computeMilliseconds: 50, exchangeMilliseconds: 60 },
  },
  {
    ...{ rank: 1, address: 'b:1', step: 40, imagesPerSecond: 31, isStraggling: true },
    ...{ dataMilliseconds: 2, computeMilliseconds: 100, exchangeMilliseconds: 10.5 },
  },
];

test('loads are drawn to the longest step, and are a table for a spreadsheet', () => {
  expect(longestStep(LOADS)).toBe(112.5);
  expect(longestStep([])).toBe(0);
  expect(csvOfLoads(LOADS).trim().split('\r\n')).toEqual([
    'rank,worker,step,images/s,Images ms,Computing ms,Exchange ms,others wait for it',
    '0,a:1,40,31.5,1,50,60,no',
    '1,b:1,40,31,2,100,10.5,yes',
  ]);
});
