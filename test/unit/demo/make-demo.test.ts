import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeDemo } from '#main/demo/make-demo.ts';
import type { DemoProgress } from '#main/demo/make-demo.ts';
import { planDemo } from '#main/demo/plan.ts';

const sizes = { train: 70, validation: 21, test: 14, unlabeled: 100, unlabeledPeople: 20 };
const total = 205;

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'demo-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return join(folder, 'demo');
}

async function digest(directory: string): Promise<string> {
  const hash = createHash('sha256');
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.sort()) hash.update(file.slice(directory.length)).update(await readFile(file));
  return hash.digest('hex');
}

describe('makeDemo', () => {
  it('draws every planned image and reports how far it is', async () => {
    const directory = await emptyFolder();
    const reports: DemoProgress[] = [];
    const result = await makeDemo({ directory, seed: 1, sizes, onProgress: (progress) => reports.push(progress) });
    expect(result).toMatchObject({
      labeled: { root: join(directory, 'labeled'), counts: { train: 70, validation: 21, test: 14 } },
      unlabeled: { root: join(directory, 'unlabeled'), count: 100, people: 20 },
      images: total,
      drawn: total,
    });
    expect(reports.map(({ done }) => done)).toEqual([64, 128, 192, total]);
    expect(reports.every((report) => report.total === total && report.imagesPerSecond > 0)).toBe(true);
    for (const { path } of planDemo(1, sizes)) {
      const png = await readFile(join(directory, path));
      expect(png.subarray(1, 4).toString()).toBe('PNG');
    }
  });

  it('keeps the true classes of the unlabeled images aside', async () => {
    const directory = await emptyFolder();
    const { truth } = await makeDemo({ directory, seed: 1, sizes });
    const [header, ...lines] = (await readFile(truth, 'utf8')).trimEnd().split('\n');
    expect(header).toBe('path,label');
    const expected = planDemo(1, sizes).filter(({ set }) => set === 'unlabeled');
    expect(lines).toEqual(expected.map(({ path, label }) => `${path},${label}`));
  });

  it('makes the same bytes from the same seed, and others from another', async () => {
    const [first, again, other] = [await emptyFolder(), await emptyFolder(), await emptyFolder()];
    await makeDemo({ directory: first, seed: 1, sizes });
    await makeDemo({ directory: again, seed: 1, sizes });
    await makeDemo({ directory: other, seed: 2, sizes });
    expect(await digest(again)).toBe(await digest(first));
    expect(await digest(other)).not.toBe(await digest(first));
  });

  it('goes on after it was stopped, to the same bytes', async () => {
    const [whole, stopped] = [await emptyFolder(), await emptyFolder()];
    await makeDemo({ directory: whole, seed: 1, sizes });
    const controller = new AbortController();
    const interrupted = makeDemo({
      directory: stopped,
      seed: 1,
      sizes,
      signal: controller.signal,
      onProgress: ({ done }) => done >= 128 && controller.abort(),
    });
    await expect(interrupted).rejects.toMatchObject({
      code: 'cancelled',
      message: expect.stringContaining(`128 of ${total}`),
      hint: expect.any(String),
    });
    const { drawn } = await makeDemo({ directory: stopped, seed: 1, sizes });
    expect(drawn).toBe(total - 128);
    expect(await digest(stopped)).toBe(await digest(whole));
  });

  it('draws a half-written image again after a crash', async () => {
    const directory = await emptyFolder();
    await makeDemo({ directory, seed: 1, sizes });
    const finished = await digest(directory);
    const markerPath = join(directory, 'demo.json');
    const marker = JSON.parse(await readFile(markerPath, 'utf8'));
    await writeFile(markerPath, JSON.stringify({ ...marker, done: 64 }));
    await writeFile(join(directory, planDemo(1, sizes)[70]!.path), 'half');
    expect((await makeDemo({ directory, seed: 1, sizes })).drawn).toBe(total - 64);
    expect(await digest(directory)).toBe(finished);
  });

  it('adds nothing to a finished demo but what has gone missing', async () => {
    const directory = await emptyFolder();
    await makeDemo({ directory, seed: 1, sizes });
    const finished = await digest(directory);
    expect((await makeDemo({ directory, seed: 1, sizes })).drawn).toBe(0);
    const images = planDemo(1, sizes);
    await rm(join(directory, images[3]!.path));
    await rm(join(directory, images[200]!.path));
    expect((await makeDemo({ directory, seed: 1, sizes })).drawn).toBe(2);
    expect(await digest(directory)).toBe(finished);
  });

  it('never mixes two demos, and leaves a folder of other files alone', async () => {
    const directory = await emptyFolder();
    await makeDemo({ directory, seed: 1, sizes });
    const conflict = { code: 'conflict', hint: expect.any(String) };
    await expect(makeDemo({ directory, seed: 2, sizes })).rejects.toMatchObject(conflict);
    await expect(makeDemo({ directory, seed: 1, sizes: { ...sizes, test: 7 } })).rejects.toMatchObject(conflict);
    await rm(join(directory, 'demo.json'));
    await expect(makeDemo({ directory, seed: 1, sizes })).rejects.toMatchObject(conflict);
  });

  it('says so when its own note is damaged', async () => {
    const directory = await emptyFolder();
    await makeDemo({ directory, seed: 1, sizes });
    await writeFile(join(directory, 'demo.json'), '{"seed":');
    await expect(makeDemo({ directory, seed: 1, sizes })).rejects.toMatchObject({ code: 'corrupt' });
  });

  it.each([0, -1, 1.5, NaN])('refuses %d images', async (train) => {
    const directory = await emptyFolder();
    await expect(makeDemo({ directory, seed: 1, sizes: { ...sizes, train } })).rejects.toMatchObject({
      code: 'bad-input',
    });
  });
});
