import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { knownWorkerSchema } from '#shared/workers.ts';
import { type Catalog, openCatalog } from '#main/catalog/catalog.ts';
import { WorkerList } from '#main/host/services/worker-list.ts';

let folder: string;
let catalog: Catalog;
let workers: WorkerList;

beforeEach(() => {
  process.env['FACE2EXP_CLUSTER_SECRET'] = 'of the tests, and long enough';
  folder = mkdtempSync(join(tmpdir(), 'face2exp-workers-'));
  catalog = openCatalog(join(folder, 'catalog.sqlite'));
  workers = new WorkerList(catalog);
});
afterEach(() => {
  catalog.close();
  rmSync(folder, { recursive: true, force: true });
});

test('workers are kept in the order they came, are found by address or name, and go by either', () => {
  workers.add({ address: 'gpu-1:7070', name: 'Attic' });
  workers.add({ address: 'gpu-2:7070', name: '' });
  const again = new WorkerList(catalog);
  expect(again.list()).toEqual([
    { address: 'gpu-1:7070', name: 'Attic' },
    { address: 'gpu-2:7070', name: '' },
  ]);
  expect(again.remove('Attic')).toEqual([{ address: 'gpu-2:7070', name: '' }]);
  expect(again.remove('gpu-2:7070')).toEqual([]);
  expect(() => again.remove('gpu-2:7070')).toThrow('No worker is called “gpu-2:7070”.');
});

test('one address or one name twice is refused; two without a name are not', () => {
  workers.add({ address: 'gpu-1:7070', name: 'Attic' });
  expect(() => workers.add({ address: 'gpu-1:7070', name: '' })).toThrow('gpu-1:7070 is known already as “Attic”.');
  expect(() => workers.add({ address: 'gpu-2:7070', name: 'Attic' })).toThrow('Another worker is called “Attic”.');
  workers.add({ address: 'gpu-2:7070', name: '' });
  expect(workers.add({ address: 'gpu-3:7070', name: '' })).toHaveLength(3);
});

test('addresses are written in one way, and what is none is refused with what to write', () => {
  expect(knownWorkerSchema.parse({ address: ' [::1]:7070 ' })).toEqual({ address: '[::1]:7070', name: '' });
  const { error } = knownWorkerSchema.safeParse({ address: 'gpu-1' });
  expect(error?.issues[0]?.message).toBe('“gpu-1” is no address.');
});

test('a worker that is not there is told of with what to do', async () => {
  expect(await workers.look('127.0.0.1:9')).toMatchObject({
    state: 'unreached',
    problem: {
      code: 'unavailable',
      message: expect.stringMatching(/^Worker 127\.0\.0\.1:9 cannot be reached: /) as string,
      hint: 'Start it there.',
    },
  });
});
