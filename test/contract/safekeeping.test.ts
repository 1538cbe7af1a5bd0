import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { catalogStatsSchema } from '#shared/catalog.ts';
import { backupResultSchema } from '#shared/export.ts';
import { queryPageSchema } from '#shared/query.ts';
import { openCatalog } from '#main/catalog/catalog.ts';
import { type Running, runCommand, runJson, startCommand } from './command.ts';

/** Backups, restoring and crashes, by real processes. Kills are real. */

/** How often a host is killed among decisions; `test:full` repeats it more. */
const KILLS = process.env['MODE'] === 'full' ? 50 : 4;
const IMAGES = 2_000;

const folder = mkdtempSync(join(tmpdir(), 'face2exp-safekeeping-'));
let number = 0;
let directory: string;
let workspace: string[];
let serving: Running | undefined;

/** A workspace with a catalog of images whose files nobody looks at. */
beforeEach(async () => {
  directory = join(folder, String(++number));
  workspace = ['--workspace', directory];
  await runCommand('stats', ...workspace);
  const catalog = openCatalog(join(directory, 'catalog.sqlite'));
  const { id } = catalog.sources.add({ name: 'faces', root: '/data', format: 'folder', role: 'labeled' });
  catalog.images.insertBatch(
    id,
    Array.from({ length: IMAGES }, (_, index) => ({
      ...({ split: 'train', encoding: 'file', identity: null, width: 48, height: 48 } as const),
      path: `${index}.png`,
      label: index % 7,
    })),
  );
  catalog.close();
});
afterEach(async () => {
  serving?.child.kill('SIGKILL');
  await serving?.ended;
  serving = undefined;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const imageCount = async (): Promise<number> => catalogStatsSchema.parse(await runJson('stats', ...workspace)).images;

/** Overwrites pages in the middle of the catalog, behind those that are read when it is opened. */
function damageCatalog(): void {
  const handle = openSync(join(directory, 'catalog.sqlite'), 'r+');
  for (let page = 40; page < 60; page++) writeSync(handle, Buffer.alloc(4_096, 0x5a), 0, 4_096, page * 4_096);
  closeSync(handle);
}

async function serve(): Promise<void> {
  serving = startCommand('serve', ...workspace);
  await serving.sees(/#launch=/);
}

async function kill(): Promise<void> {
  serving!.child.kill('SIGKILL');
  expect((await serving!.ended).signal).toBe('SIGKILL');
}

/** Takes an image out, or back in, over HTTP as a window does. Settles when the host has answered. */
function decide(id: number, excluded: boolean): Promise<void> {
  const { url, token } = JSON.parse(readFileSync(join(directory, 'host.lock'), 'utf8')) as {
    url: string;
    token: string;
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${url}/rpc/catalog.setExcluded`,
      { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' } },
      (response) => {
        response.resume().on('end', () => {
          if (response.statusCode === 200) resolve();
          else reject(new Error(`Status ${response.statusCode}`));
        });
        response.on('error', reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(JSON.stringify({ ids: [id], excluded }));
  });
}

test(
  'kill -9 among decisions: none that was answered is lost, and the catalog is sound',
  { timeout: 600_000 },
  async () => {
    const decided = new Map<number, boolean>();
    let next = 1;
    for (let round = 0; round < KILLS; round++) {
      await serve();
      /** The decision that was on its way when the host died may or may not have come to be. */
      let open: number | undefined;
      const deciding = (async () => {
        for (;;) {
          const id = (open = 1 + (next++ % 500));
          const excluded = !(decided.get(id) ?? false);
          await decide(id, excluded);
          decided.set(id, excluded);
        }
      })();
      setTimeout(() => serving!.child.kill('SIGKILL'), 40 + 37 * (round % 8));
      await expect(deciding).rejects.toThrow();
      await kill();
      const answered = [...decided].filter(([, excluded]) => excluded).map(([id]) => id);
      const page = queryPageSchema.parse(
        await runJson('query', '--excluded', 'only', '--limit', String(IMAGES), ...workspace),
      );
      const found = page.rows.map(({ id }) => id);
      const settled = (ids: number[]): number[] => ids.filter((id) => id !== open).sort((one, other) => one - other);
      expect(settled(found)).toEqual(settled(answered));
      decided.set(open!, found.includes(open!));
      expect((await runCommand('stats', ...workspace)).code).toBe(0);
    }
    expect(decided.size).toBeGreaterThan(KILLS);
    const catalog = openCatalog(join(directory, 'catalog.sqlite'));
    expect(catalog.integrityCheck()).toEqual([]);
    expect(catalog.imageCount()).toBe(IMAGES - [...decided.values()].filter(Boolean).length);
    catalog.close();
  },
);

test('a backup is made while a host works, and restored once it is gone; the catalog before is kept', async () => {
  await serve();
  const asked = join(directory, 'mine.sqlite');
  expect(backupResultSchema.parse(await runJson('backup', asked, ...workspace))).toEqual({ file: asked });
  const { file } = backupResultSchema.parse(await runJson('backup', ...workspace));
  expect(file.startsWith(join(directory, 'backups', 'catalog-'))).toBe(true);
  await decide(1, true);
  const refused = await runCommand('restore', asked, ...workspace);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('is open in another studio');
  serving!.child.kill('SIGINT');
  expect((await serving!.ended).code).toBe(0);
  expect(await imageCount()).toBe(IMAGES - 1);
  const restored = await runJson<{ keptAside: string }>('restore', asked, ...workspace);
  expect(await imageCount()).toBe(IMAGES);
  expect(existsSync(restored.keptAside)).toBe(true);
  await runJson('restore', restored.keptAside, ...workspace);
  expect(await imageCount()).toBe(IMAGES - 1);
});

test('after a crash a damaged catalog is found, told with its backup, found again, and restored', async () => {
  await serve();
  const { file } = backupResultSchema.parse(await runJson('backup', ...workspace));
  await kill();
  damageCatalog();
  for (let start = 0; start < 2; start++) {
    const { code, stderr } = await runCommand('stats', ...workspace);
    expect(code).toBe(1);
    expect(stderr).toMatch(/damaged/);
    expect(stderr).toContain(`restore "${file}"`);
  }
  await runJson('restore', file, ...workspace);
  expect(await imageCount()).toBe(IMAGES);
  expect(readdirSync(directory).some((name) => name.includes('before-restore'))).toBe(true);
});

test('a catalog that is no database any more is told the same way', async () => {
  const { file } = backupResultSchema.parse(await runJson('backup', ...workspace));
  const handle = openSync(join(directory, 'catalog.sqlite'), 'r+');
  writeSync(handle, Buffer.alloc(4_096, 0x5a), 0, 4_096, 0);
  closeSync(handle);
  const { code, stderr } = await runCommand('stats', ...workspace);
  expect(code).toBe(1);
  expect(stderr).toContain(`restore "${file}"`);
});

test('a backup that cannot be used is refused, and the catalog stays', async () => {
  const { code, stderr } = await runCommand('restore', join(directory, 'nothing.sqlite'), ...workspace);
  expect(code).toBe(1);
  expect(stderr).toContain('nothing.sqlite');
  expect(await imageCount()).toBe(IMAGES);
});
