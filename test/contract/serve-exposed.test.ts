import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as plain } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterAll, describe, expect, test } from 'vitest';
import { type Running, runCommand, startCommand } from './command.ts';

/** A studio that other machines reach: never without encryption, and by the names it was given alone. */
const folder = mkdtempSync(join(tmpdir(), 'face2exp-exposed-'));
const workspace = ['--workspace', join(folder, 'workspace')];
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  [['--host', '0.0.0.0'], 'On 0.0.0.0 other machines would reach the studio'],
  [['--behind', 'https://faces.lab'], 'other machines would reach the studio, or are meant to'],
  [['--host', '0.0.0.0', '--expose'], 'needs one of --tls and --behind'],
  [['--expose', '--behind', 'http://faces.lab'], 'is no origin of a proxy that encrypts'],
  [['--expose', '--tls', 'one.pem'], 'does not name two files'],
  [['--expose', '--tls', '/nowhere/a.pem,/nowhere/b.pem'], 'No such file or folder: /nowhere/a.pem'],
])('serve %s is refused', async (flags, sentence) => {
  const { code, stderr } = await runCommand('serve', ...flags, ...workspace);
  expect(code).toBeGreaterThan(0);
  expect(stderr).toContain(sentence);
});

test('files that are no certificate are refused', async () => {
  const file = join(folder, 'no.pem');
  writeFileSync(file, 'no certificate');
  const { stderr } = await runCommand('serve', '--expose', '--tls', `${file},${file}`, ...workspace);
  expect(stderr).toContain('are no certificate and its key');
});

/** What a request is told that was let in, but has no token. */
const LET_IN = /^This window is not signed in/;

async function served(...flags: string[]): Promise<{ running: Running; url: URL }> {
  const running = startCommand('serve', ...flags, '--json', ...workspace);
  const [, address] = await running.sees(/"url":\s*"([^"]+)"/);
  return { running, url: new URL(address!) };
}

test('behind a proxy its address is the proxy’s, and the proxy’s name is let in', async () => {
  const { running, url } = await served('--expose', '--behind', 'https://faces.lab', '--port', '28931');
  expect(url.origin).toBe('https://faces.lab');
  const ask = (headers: Record<string, string>) => refusalOf({ port: 28_931, headers, secure: false });
  expect(await ask({ host: 'faces.lab', origin: 'https://faces.lab' })).toMatch(LET_IN);
  expect(await ask({ host: 'elsewhere.lab' })).toContain('The host “elsewhere.lab” is not this studio');
  running.child.kill('SIGTERM');
  await running.ended;
});

const openssl = spawnSync('openssl', ['version']).status === 0;
if (!openssl) console.log('Skipped: there is no openssl here to make a certificate with.');

describe.skipIf(!openssl)('with a certificate', () => {
  test('it speaks TLS alone, to the names it was given', async () => {
    const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')];
    const subject = ['-subj', '/CN=faces.lab', '-days', '1', '-nodes', '-newkey', 'rsa:2048', '-x509'];
    expect(spawnSync('openssl', ['req', ...subject, '-keyout', key, '-out', certificate]).status).toBe(0);
    const { running, url } = await served(
      '--host',
      '127.0.0.1',
      '--expose',
      '--tls',
      `${certificate},${key}`,
      '--name',
      'faces.lab',
    );
    expect(url.protocol).toBe('https:');
    expect(url.hostname).toBe('faces.lab');
    const port = Number(url.port);
    const ask = (host: string, secure: boolean) => refusalOf({ port, headers: { host }, secure });
    expect(await ask(`faces.lab:${port}`, true)).toMatch(LET_IN);
    expect(await ask(`elsewhere.lab:${port}`, true)).toContain(`The host “elsewhere.lab:${port}” is not this studio`);
    await expect(ask(`faces.lab:${port}`, false)).rejects.toThrow();
    running.child.kill('SIGTERM');
    await running.ended;
  });
});

/** What a request without a token is told; both refusals have the same status. */
async function refusalOf({
  port,
  headers,
  secure,
}: {
  port: number;
  headers: Record<string, string>;
  secure: boolean;
}): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: '/rpc/system.workspace', headers, rejectUnauthorized: false };
    (secure ? request : plain)(options, (response) => {
      expect(response.statusCode).toBe(401);
      json(response).then((body) => resolve((body as { message: string }).message), reject);
    })
      .on('error', reject)
      .end();
  });
}
