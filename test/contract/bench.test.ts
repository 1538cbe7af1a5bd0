import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { runCommand, runJson, startCommand } from './command.ts';

/** The command `bench` as a contract: its document, its sentences, and that nothing of it is left behind. Figures mean nothing here. */

const folder = mkdtempSync(join(tmpdir(), 'face2exp-bench-contract-'));
const temporary = join(folder, 'temporary');
mkdirSync(temporary);
// Where commands started from here put their temporary files.
process.env['TMPDIR'] = temporary;
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const alone = <Value extends z.ZodType>(value: Value) => z.strictObject({ ours: value, peer: z.null() });
const positive = z.number().positive();

const measurementSchema = z.strictObject({
  name: z.string(),
  unit: z.enum(['ms', 'images/s']),
  better: z.enum(['lower', 'higher']),
  ours: positive,
  peer: z.null(),
  ratio: z.null(),
  pairwiseRatio: z.null(),
  precision: z.enum(['float32', 'bfloat16', 'float16']).nullable(),
  spread: alone(z.tuple([positive, positive])),
  blocks: alone(z.array(positive)),
  repetitions: z.number().int().positive(),
  memory: alone(positive.nullable()),
  versions: alone(z.record(z.string(), z.string())),
  notes: z.array(z.string()),
});
const documentSchema = z.strictObject({
  benchmarks: z.array(measurementSchema),
  machine: z.strictObject({
    device: z.enum(['cpu', 'gpu']),
    mixedPrecision: z.enum(['float32', 'bfloat16', 'float16']),
    threads: z.number().int().positive(),
  }),
  quick: z.literal(true),
});

async function measured(...parameters: string[]): Promise<z.infer<typeof documentSchema>> {
  return documentSchema.parse(await runJson('bench', ...parameters, '--quick'));
}

test('steps are timed in milliseconds, fewer are better', async () => {
  const { benchmarks, machine } = await measured('step', '--threads', '1');
  expect(machine.threads).toBe(1);
  const names = benchmarks.map(({ name }) => name).filter((name) => name.endsWith('/float32'));
  expect(names).toEqual(['step/resnet18-32px-b2/float32', 'step/meta-resnet18-32px-b2-mu1/float32']);
  for (const benchmark of benchmarks) {
    expect(benchmark).toMatchObject({ unit: 'ms', better: 'lower', blocks: { ours: { length: 2 } } });
    expect(Object.keys(benchmark.versions.ours).sort()).toEqual(['TensorFlow', 'node']);
    expect(benchmark.precision === 'float32').toBe(benchmark.name.endsWith('/float32'));
  }
});

test('a benchmark is chosen by its name', async () => {
  const { benchmarks } = await measured('inference/resnet18-32px-b2/float32');
  expect(benchmarks).toMatchObject([
    { name: 'inference/resnet18-32px-b2/float32', unit: 'images/s', better: 'higher' },
  ]);
});

test('the pipeline reads generated pictures, or those of a folder', async () => {
  const { benchmarks } = await measured('pipeline');
  expect(benchmarks).toMatchObject([{ name: 'pipeline/224px-b2-mu1', unit: 'images/s', precision: null }]);
  const images = join(folder, 'images');
  mkdirSync(images);
  writeFileSync(join(images, 'broken.jpg'), 'not a picture');
  const { code, stderr } = await runCommand('bench', 'pipeline', '--quick', '--images', images);
  expect(stderr).toMatch(/broken\.jpg.*\n.*--images/);
  expect(code).toBe(1);
});

test('the catalog is timed on as many rows as are wanted', async () => {
  const schema = z.object({ benchmarks: z.array(z.object({ name: z.string(), ours: positive, unit: z.string() })) });
  const { benchmarks } = schema.parse(await runJson('bench', 'catalog', '--rows', '500'));
  expect(benchmarks.map(({ name }) => name)).toContain('catalog/insert');
  expect(benchmarks.every(({ name }) => name.startsWith('catalog/'))).toBe(true);
});

test('what cannot be measured ends with a sentence', async () => {
  const wrong: readonly (readonly [readonly string[], RegExp, number])[] = [
    [['nonsense'], /no benchmark nonsense.*\n.*step.*pipeline.*inference.*catalog/, 2],
    [['step', '--threads', '0'], /threads/, 2],
    [['pipeline', '--quick', '--images', join(folder, 'nowhere')], /nowhere/, 1],
    [
      ['pipeline', '--quick', '--peer-python', join(folder, 'no-python')],
      /no program .*no-python\.\n.*--peer-python/,
      1,
    ],
  ];
  for (const [parameters, sentence, expected] of wrong) {
    const { code, stdout, stderr } = await runCommand('bench', ...parameters);
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
  }
});

test.runIf(process.platform === 'linux')('Ctrl-C ends it with all its processes', async () => {
  const running = startCommand('bench', 'pipeline');
  await running.sees(/blocks/);
  const children = childrenOf(running.child.pid!);
  expect(children.length).toBeGreaterThan(0);
  running.child.kill('SIGINT');
  const { code, stdout, stderr } = await running.ended;
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('The benchmark was stopped.');
  for (let attempt = 0; attempt < 100 && children.some(isThere); attempt++) await sleep(50);
  expect(children.filter(isThere)).toEqual([]);
});

test('nothing is left in the folder for temporary files', () => {
  expect(readdirSync(temporary).filter((name) => name.startsWith('face2exp-bench-'))).toEqual([]);
});

function childrenOf(processId: number): string[] {
  const threads = readdirSync(`/proc/${processId}/task`);
  const texts = threads.map((thread) => readFileSync(`/proc/${processId}/task/${thread}/children`, 'utf8'));
  return texts.flatMap((text) => text.split(' ').filter(Boolean));
}

function isThere(processId: string): boolean {
  return readdirSync('/proc').includes(processId);
}
