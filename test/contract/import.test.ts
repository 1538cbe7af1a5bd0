import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, expect, test } from 'vitest';
import { importPreviewSchema, importResultSchema } from '#shared/catalog.ts';
import { runCommand, runJson } from './command.ts';

/** import as a contract: its options, documents, exit codes and sentences, by real processes. */

const folder = mkdtempSync(join(tmpdir(), 'face2exp-import-'));
const workspace = ['--workspace', join(folder, 'workspace')];
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function write(name: string, content?: string | Buffer): Promise<string> {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  const picture = () =>
    sharp({ create: { width: 12, height: 10, channels: 3, background: '#678' } })
      .png()
      .toBuffer();
  writeFileSync(file, content ?? (await picture()));
  return file;
}

const imported = async (...parameters: string[]) =>
  importResultSchema.parse(await runJson('import', ...parameters, ...workspace));

test('a manifest with columns and classes of its own, which are remembered', async () => {
  for (const name of ['a', 'b', 'c', 'd']) await write(`faces/${name} 笑.png`);
  const rows = ['Datei,Wort', 'a 笑.png,Freude', 'b 笑.png,smirk', '"c 笑.png",SADNESS', 'none.png,sad'];
  const list = await write('list.csv', `\uFEFF${rows.join('\r\n')}\r\n`);
  const classes = await write('classes.csv', '# name,class\nFreude,happy\r\n"smirk",-\n');
  const refused = await runCommand('import', list, '--format', 'manifest', ...workspace);
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toMatch(/columns are Datei, Wort\. Say which holds the paths \(--map COLUMN=path\)/);
  const unknown = await runCommand(
    'import',
    list,
    '--format',
    'manifest',
    '--map',
    'Datei=path',
    '--map',
    'Wort=label',
    ...workspace,
  );
  expect(unknown.code).toBe(1);
  expect(unknown.stderr).toMatch(/does not know: Freude \(1\), smirk \(1\)[^]*--classes FILE/);
  const said = ['--map', 'Datei=path', '--map', 'Wort=label', '--classes', classes];
  expect(await imported(list, '--format', 'manifest', ...said)).toMatchObject({
    ...{ source: 'list.csv', format: 'manifest', added: 2, failed: 1, leftOut: [{ what: 'smirk', count: 1 }] },
    errors: [{ path: 'none.png', reason: 'There is no image there.' }],
    explanation: { reason: 'Taken as manifest, as asked.', others: [] },
  });
  writeFileSync(list, [...rows, 'd 笑.png,Freude'].join('\n'));
  expect(await imported(list, '--format', 'manifest')).toMatchObject({ added: 1, skipped: 2, failed: 1 });
});

test('wrong use of the options says so', async () => {
  const list = await write('wrong/other.csv', 'path,label\na.png,sad\n');
  const wrong: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['--map', 'path'], 2, /COLUMN=FIELD/],
    [['--classes', join(folder, 'nowhere.csv')], 1, /nowhere\.csv/],
    [['--classes', await write('bad.csv', 'happy\n')], 1, /Line 1 of .*bad\.csv is not of the form NAME,CLASS/],
    [['--classes', await write('open.csv', 'x,happy\n"y,sad\n')], 1, /Line 2 of .*open\.csv/],
    [['--classes', await write('smug.csv', 'x,smug\n')], 1, /“smug”, which “x” is to mean, is no class/],
    [['--relink'], 1, /no source named “other.csv”/],
    [['--format', 'manifest'], 1, /None of the first 1 images[^]*--images/],
  ];
  for (const [options, code, sentence] of wrong) {
    const ended = await runCommand('import', list, ...options, ...workspace);
    expect(ended.stderr, options.join(' ')).toMatch(sentence);
    expect(ended.stderr).not.toMatch(/\n\s+at /);
    expect(ended).toMatchObject({ code, stdout: '' });
  }
});

test('--explain only looks', async () => {
  await write('people/Ann/1.png');
  await write('people/Bo/1.png');
  const preview = importPreviewSchema.parse(
    await runJson('import', join(folder, 'people'), '--role', 'unlabeled', '--explain', ...workspace),
  );
  expect(preview).toMatchObject({ source: 'people', format: 'identity', total: 2, table: null });
  expect(preview.samples).toMatchObject([{ path: 'Ann/1.png', identity: 'Ann' }, { identity: 'Bo' }]);
  const { stdout } = await runCommand(
    'import',
    join(folder, 'people'),
    '--role',
    'unlabeled',
    '--explain',
    ...workspace,
  );
  expect(stdout).toMatch(/^Taken as identity: .*\nIt may also be folder: /);
  expect(stdout).toMatch(/Ann\/1\.png .*unlabeled +Ann/);
  expect((await runCommand('stats', '--source', 'people', ...workspace)).code).toBe(1);
});

test('every rejected file is named with its reason; the import itself is done', async () => {
  const picture = await write('broken/happy/good.png');
  await write('broken/happy/cut.png', readFileSync(picture).subarray(0, 60));
  await write('broken/happy/empty.png', '');
  await write('broken/happy/text.png', 'text');
  symlinkSync('loop.png', join(folder, 'broken/happy/loop.png'));
  const result = await imported(join(folder, 'broken'));
  expect(result).toMatchObject({ added: 1, failed: 4 });
  const byPath = result.errors.toSorted((one, other) => (one.path < other.path ? -1 : 1));
  expect(byPath).toEqual([
    { path: 'happy/cut.png', reason: 'The image is cut short.' },
    { path: 'happy/empty.png', reason: 'The image has no bytes.' },
    { path: 'happy/loop.png', reason: 'The symbolic link leads in a circle.' },
    { path: 'happy/text.png', reason: 'Not an image.' },
  ]);
  const report = join(folder, 'report.csv');
  const { code, stdout } = await runCommand('import', join(folder, 'broken'), '--report', report, ...workspace);
  expect(readFileSync(report, 'utf8').split('\r\n')).toEqual([
    'path,reason',
    ...byPath.map(({ path, reason }) => `${path},${reason}`),
    '',
  ]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/0 added, 1 there already, 4 failed[^]*happy\/text\.png: Not an image\./);
});

test('--copy keeps the images in the workspace; --relink follows a moved folder', async () => {
  await write('kept/sad/1.png');
  expect(await imported(join(folder, 'kept'), '--copy')).toMatchObject({ added: 1 });
  rmSync(join(folder, 'kept'), { recursive: true });
  expect(readFileSync(join(folder, 'workspace/images/kept/sad/1.png')).length).toBeGreaterThan(0);
  await write('moving/sad/1.png');
  await imported(join(folder, 'moving'));
  renameSync(join(folder, 'moving'), join(folder, 'moved'));
  expect(await imported(join(folder, 'moved'), '--source', 'moving', '--relink')).toMatchObject({
    ...{ source: 'moving', added: 0, skipped: 1, relinkedFrom: join(folder, 'moving') },
  });
});

test('votes are joined to a source that is there', async () => {
  const row = (usage: string): string => `3,${Array<number>(2304).fill(9).join(' ')},${usage}`;
  const csv = await write('fer2013.csv', ['emotion,pixels,Usage', row('Training'), row('PublicTest'), ''].join('\n'));
  await imported(csv, '--source', 'fer');
  const header = 'Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF';
  const list = await write(
    'fer2013new.csv',
    `${header}\nTraining,fer0.png,0,9,0,0,1,0,0,0,0,0\nPublicTest,fer1.png,0,0,0,9,1,0,0,0,0,0\n`,
  );
  expect(await imported(list, '--source', 'fer')).toMatchObject({
    ...{ source: 'fer', format: 'ferplus', added: 2, votes: { joined: 2, unmatched: 0, agreeing: 1 } },
  });
  const { stdout } = await runCommand('import', list, ...workspace);
  expect(stdout).toMatch(/2 images have votes; the most voted choice is the label of 50\.00 %/);
});
