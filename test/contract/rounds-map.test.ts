import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSafetensors } from '#main/interchange/safetensors.ts';
import { queryPageSchema } from '#shared/query.ts';
import { roundMapSchema } from '#shared/map.ts';
import { classNames } from '#shared/expressions.ts';
import { RandomStream } from '#shared/random.ts';
import { writeIdentityFolders } from '../fixtures/faces.ts';
import { runCommand, runJson } from './command.ts';

/** The map of a round from the command line, over embeddings that another program wrote. */

const folder = mkdtempSync(join(tmpdir(), 'face2exp-map-'));
const workspaceFolder = join(folder, 'workspace');
const workspace = ['--workspace', workspaceFolder];
const FACES = 120;

beforeAll(async () => {
  await writeIdentityFolders(join(folder, 'people'), { identities: 30, perIdentity: 4 });
  await runJson('import', join(folder, 'people'), '--format', 'identity', '--role', 'unlabeled', ...workspace);
  const page = await runJson('query', '--source', 'people', '--limit', '500', ...workspace);
  const { rows } = queryPageSchema.parse(page);
  const classes = classNames(7);
  const stream = new RandomStream(4, 'demo');
  const probabilities = (label: number): number[] => classes.map((_, column) => (column === label ? 0.76 : 0.04));
  const lines = rows.map(({ path }, place) => {
    const label = place % 7;
    const embedding = Array.from({ length: 12 }, (_, index) => (index % 7 === label ? 2 : 0) + 0.3 * stream.normal());
    return JSON.stringify({ path, probabilities: probabilities(label), embedding });
  });
  writeFileSync(join(folder, 'with.jsonl'), lines.join('\n'));
  await runJson(
    'pseudo-label',
    '--from',
    join(folder, 'with.jsonl'),
    '--source',
    'people',
    '--name',
    'torch',
    ...workspace,
  );
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const map = (...options: string[]) => runJson('rounds', 'map', ...options, ...workspace);

test('a map is told of before it is made, made, and kept in the round’s folder', { timeout: 120_000 }, async () => {
  const before = roundMapSchema.parse(await map('torch', '--show'));
  expect(before).toMatchObject({ map: null, isStale: false, embeddings: { name: 'torch', points: FACES, size: 12 } });
  expect(before.estimate).toBeGreaterThan(0);
  const made = roundMapSchema.parse(await map('torch', '--sample', '100', '--neighbours', '6', '--seed', '5'));
  expect(made.map).toMatchObject({ points: FACES, landmarks: 100, neighbours: 6, seed: 5, components: 12 });
  const file = join(workspaceFolder, 'rounds', String(made.round), 'map.safetensors');
  const first = await readSafetensors(file);
  expect([...first.tensors].map(([name, { dtype, shape }]) => [name, dtype, shape])).toEqual([
    ['ids', 'I64', [FACES]],
    ['positions', 'F32', [FACES, 2]],
    ['landmark', 'U8', [FACES]],
  ]);
  await map('torch', '--sample', '100', '--neighbours', '6', '--seed', '5');
  const again = await readSafetensors(file);
  expect(again.tensors.get('positions')).toEqual(first.tensors.get('positions'));
  const text = await runCommand('rounds', 'map', 'torch', '--show', ...workspace);
  expect(text.stdout).toContain('120 faces: 100 laid out with 6 neighbours each, 20 placed between those');
});

test('what cannot be mapped says why', { timeout: 120_000 }, async () => {
  const wrong: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['nothing'], 1, /no round “nothing”/],
    [['torch', '--sample', '7'], 2, /sample/],
    [['torch', '--neighbours', '500'], 2, /neighbours/],
  ];
  for (const [options, code, sentence] of wrong) {
    const ended = await runCommand('rounds', 'map', ...options, ...workspace);
    expect(ended.stderr, options.join(' ')).toMatch(sentence);
    expect(ended.code, options.join(' ')).toBe(code);
  }
});
