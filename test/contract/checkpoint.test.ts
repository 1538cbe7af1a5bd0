import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { imagePredictionSchema } from '#shared/prediction.ts';
import { evaluationSchema } from '#shared/training.ts';
import type { CheckpointReport } from '#main/training/checkpoint-report.ts';
import type { ExportReport } from '#main/training/checkpoint-export.ts';
import type { ImportReport } from '#main/training/checkpoint-import.ts';
import { writeClassFolders } from '../fixtures/faces.ts';
import { runCommand, runJson } from './command.ts';

/** `checkpoint inspect`, `import` and `export`, and the commands that open what they made, by real processes. */

const GOLDENS = join(import.meta.dirname, '..', 'goldens', 'checkpoints');
const RELEASED = join(GOLDENS, 'released-legacy.pth.tar');
const folder = mkdtempSync(join(tmpdir(), 'face2exp-checkpoint-'));
const workspace = ['--workspace', join(folder, 'workspace')];
const labeled = join(folder, 'labeled');

beforeAll(async () => {
  await writeClassFolders(join(labeled, 'val'), { perClass: 2, seed: 8 });
  await runJson('import', labeled, '--format', 'folder', '--source', 'faces', ...workspace);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('inspect lists tensors and how networks fit, and reads no workspace', async () => {
  const report = await runJson<CheckpointReport>(
    'checkpoint',
    'inspect',
    RELEASED,
    '--workspace',
    join(folder, 'none'),
  );
  expect(report).toMatchObject({ kind: 'pytorch-legacy', step: 1200, missing: [], extra: [], misshaped: [] });
  expect(report.tensors).toHaveLength(316);
  expect(report.tensors[0]).toEqual({ name: 'teacher_state_dict/conv1.weight', dtype: 'F32', shape: [2, 3, 7, 7] });
  expect(report.networks.map(({ network, classes }) => [network, classes])).toEqual([
    ['base', 7],
    ['adaptation', 7],
  ]);
  expect(existsSync(join(folder, 'none'))).toBe(false);
});

test('a hostile file ends with 1 and a sentence that names it', async () => {
  for (const [command, ...rest] of [['inspect'], ['import', '--as', 'bad']] as const) {
    const { code, stdout, stderr } = await runCommand(
      'checkpoint',
      command!,
      join(GOLDENS, 'bad', 'os-system.pth'),
      ...rest,
      ...workspace,
    );
    expect(stderr).toMatch(/os-system\.pth cannot be read: it names "posix\.system" of Python/);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  }
});

test('predict opens a checkpoint by what is in it, under any name', async () => {
  const picture = join(labeled, 'val', 'sad', readdirSync(join(labeled, 'val', 'sad'))[0]!);
  const probabilities: unknown[] = [];
  const misnamed = join(folder, 'weights.bin');
  await runJson(
    'checkpoint',
    'export',
    RELEASED,
    '--network',
    'adaptation',
    '--format',
    'onnx',
    '--to',
    misnamed,
    ...workspace,
  );
  for (const checkpoint of [RELEASED, join(GOLDENS, 'released-zip.pth.tar'), misnamed]) {
    const [prediction] = await runJson<unknown[]>('predict', picture, '--checkpoint', checkpoint, ...workspace);
    probabilities.push(imagePredictionSchema.parse(prediction).faces[0]!.probabilities);
  }
  expect(probabilities[1]).toEqual(probabilities[0]);
  expect(probabilities[2]).toEqual(probabilities[0]);
});

test('an imported network is evaluated by its name, and exported in every format', async () => {
  const imported = await runJson<ImportReport>(
    'checkpoint',
    'import',
    RELEASED,
    '--as',
    'released',
    '--image-size',
    '48',
    ...workspace,
  );
  expect(imported).toMatchObject({ name: 'released', missing: [], extra: [] });
  expect(imported.file).toBe(join(folder, 'workspace', 'networks', 'released.safetensors'));
  expect(imported.classes.slice(0, 2)).toEqual(['neutral', 'happy']);
  const evaluation = evaluationSchema.parse(
    await runJson(
      ...['evaluate', '--checkpoint', 'released', '--network', 'base', '--split', 'validation'],
      ...workspace,
    ),
  );
  expect(evaluation).toMatchObject({ network: 'base', step: 1200, count: 14 });
  for (const format of ['safetensors', 'pytorch', 'onnx', 'saved-model']) {
    const target = join(folder, 'exports', `base.${format}`);
    const report = await runJson<ExportReport>(
      ...['checkpoint', 'export', 'released', '--network', 'base', '--format', format, '--to', target],
      ...workspace,
    );
    expect(report).toMatchObject({ file: target, format, network: 'base', missing: [], extra: [], misshaped: [] });
    // A state_dict says nothing about pictures; the others carry their size.
    const size = ['--as', format, '--image-size', '48'];
    if (format === 'pytorch') await runJson('checkpoint', 'import', target, ...size, ...workspace);
    const place = format === 'pytorch' ? format : target;
    const again = await runJson('evaluate', '--checkpoint', place, '--split', 'validation', ...workspace);
    const { nll, confusion } = evaluationSchema.parse(again);
    expect({ nll, confusion }).toEqual({ nll: evaluation.nll, confusion: evaluation.confusion });
  }
  const second = await runCommand('checkpoint', 'import', RELEASED, '--as', 'released', ...workspace);
  expect(second.code).toBe(1);
  expect(second.stderr).toMatch(/there already/);
});

test('a run starts from PyTorch’s weights, and is exported whole as the released program reads it', async () => {
  await writeClassFolders(join(folder, 'train', 'train'), { perClass: 3 });
  await runJson('import', join(folder, 'train'), '--format', 'folder', '--source', 'train', ...workspace);
  const common = [
    '--labeled',
    'train',
    '--unlabeled',
    'train',
    '--total-steps',
    '2',
    '--eval-step',
    '2',
    '--resize',
    '32',
  ];
  const small = ['--arch', 'resnet18', '--width', '4', '--batch-size', '4', '--mu', '1', '--finetune-epochs', '0'];
  const first = await runJson<{ run: string }>('train', '--name', 'first', ...common, ...small, ...workspace);
  const whole = join(folder, 'run.pth.tar');
  const report = await runJson<ExportReport>(
    'checkpoint',
    'export',
    first.run,
    '--format',
    'pytorch',
    '--to',
    whole,
    ...workspace,
  );
  expect(report).toMatchObject({ kind: 'pytorch-zip', network: null, step: 2, missing: [], extra: [] });
  expect(report.networks.map(({ network }) => network)).toEqual(['base', 'adaptation']);
  const names = new Set(report.tensors.map(({ name }) => name));
  for (const name of ['teacher_state_dict/fc.bias', 'student_optimizer/state/0/momentum_buffer', 'best_top1']) {
    expect(names).toContain(name);
  }
  const second = await runJson<{ status: string }>(
    ...['train', '--name', 'second', '--pretrained', whole],
    ...[...common, ...small, ...workspace],
  );
  expect(second.status).toBe('finished');
  const { code, stderr } = await runCommand(
    'train',
    '--name',
    'third',
    '--pretrained',
    join(GOLDENS, 'bad', 'html.pth'),
    ...common,
    ...small,
    ...workspace,
  );
  expect(stderr).toMatch(/html\.pth cannot be read: it is a web page/);
  expect(code).toBe(1);
});

test('wrong usage ends with 2, what is not there with 1', async () => {
  writeFileSync(join(folder, 'empty'), '');
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['checkpoint', 'export', RELEASED, '--to', 'x.h5'], 2, /cannot be told from its name/],
    [['checkpoint', 'import', RELEASED, '--as', '../x'], 2, /cannot be named/],
    [['checkpoint', 'import', RELEASED, '--as', 'x', '--classes', 'a,b'], 1, /7 classes apart, and 2 are named/],
    [['checkpoint', 'export', RELEASED, '--format', 'keras', '--to', 'x'], 2, /safetensors/],
    [['checkpoint', 'export', 'nobody', '--format', 'onnx', '--to', join(folder, 'x')], 1, /no run nobody/],
    [
      ['checkpoint', 'export', RELEASED, '--network', 'ema', '--format', 'onnx', '--to', join(folder, 'x')],
      1,
      /no network named ema/,
    ],
    [['checkpoint', 'inspect', join(folder, 'nowhere.pth')], 1, /No such file/],
    [['checkpoint', 'inspect', folder], 1, /is no file/],
    [['predict', 'x.png', '--checkpoint', 'nobody'], 1, /no checkpoint nobody|no picture/],
  ];
  for (const [parameters, expected, sentence] of cases) {
    const { code, stderr } = await runCommand(...parameters, ...workspace);
    expect(stderr).toMatch(sentence);
    expect(code).toBe(expected);
  }
});
