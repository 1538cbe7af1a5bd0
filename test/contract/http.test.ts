import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Host, openHost } from '#main/host/host.ts';
import { writeClassFolders } from '../fixtures/faces.ts';

/** The host's HTTP face, attacked over real sockets. */

const folder = mkdtempSync(join(tmpdir(), 'face2exp-http-'));
const refused: string[] = [];
let host: Host;
let origin: URL;
let launch: string;
let token: string;
let imageKey: string;

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

/** Node's fetch hides Host and Origin; these requests must be able to lie about them. */
function ask(
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port: origin.port,
        path,
        method: options.method ?? 'GET',
        headers: { host: origin.host, ...options.headers },
      },
      (response) => {
        let body = '';
        response.setEncoding('latin1').on('data', (chunk: string) => (body += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(options.body);
  });
}

const signedIn = (): Record<string, string> => ({ authorization: `Bearer ${token}` });
const exchange = (value: string): Promise<Answer> =>
  ask('/session', { method: 'POST', body: JSON.stringify({ launch: value }) });

beforeAll(async () => {
  await writeClassFolders(join(folder, 'faces'), { perClass: 2 });
  host = await openHost(join(folder, 'workspace'), { log: (line) => refused.push(line) });
  await host.studio.imports.start({ path: join(folder, 'faces'), format: 'folder', role: 'labeled' }).result;
  const address = new URL(await host.listen('127.0.0.1', 0));
  origin = new URL(address.origin);
  launch = address.hash.replace('#launch=', '');
});
afterAll(async () => {
  await host.close();
  rmSync(folder, { recursive: true, force: true });
});

test('the launch token is exchanged once for a bearer token', async () => {
  expect((await exchange('wrong')).status).toBe(401);
  const first = await exchange(launch);
  expect(first.status).toBe(200);
  ({ token, imageKey } = JSON.parse(first.body) as { token: string; imageKey: string });
  expect((await exchange(launch)).status).toBe(401);
});

test('every answer carries the security headers', async () => {
  for (const path of ['/', '/rpc/system.workspace', '/image/1']) {
    const { headers } = await ask(path);
    expect(headers['content-security-policy']).toContain("script-src 'self'");
    expect(headers['content-security-policy']).not.toContain('unsafe');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['access-control-allow-origin']).toBeUndefined();
  }
});

test('procedures answer with a token and are refused, and noted, without one or with a wrong one', async () => {
  const answer = await ask('/rpc/system.workspace', { headers: signedIn() });
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body)).toMatchObject({ result: { data: { images: 14 } } });
  refused.length = 0;
  expect((await ask('/rpc/system.workspace')).status).toBe(401);
  expect((await ask('/rpc/system.workspace', { headers: { authorization: 'Bearer old-token' } })).status).toBe(401);
  expect((await ask('/rpc/system.events', { headers: { accept: 'text/event-stream' } })).status).toBe(401);
  expect(refused).toHaveLength(3);
});

test('a forged Host, the shape of DNS rebinding, and a foreign Origin are refused even with the token', async () => {
  const forged: Record<string, string>[] = [
    { host: 'attacker.example' },
    { host: `attacker.example:${origin.port}` },
    { host: `127.0.0.1.attacker.example:${origin.port}` },
    { origin: 'http://attacker.example' },
    { origin: `http://127.0.0.1:${Number(origin.port) + 1}` },
    { origin: 'null' },
  ];
  for (const headers of forged)
    expect((await ask('/rpc/system.workspace', { headers: { ...signedIn(), ...headers } })).status).toBe(401);
});

test('an unknown procedure, wrong input and a wrong method end in a clear error without a stack', async () => {
  expect((await ask('/rpc/no.such', { headers: signedIn() })).status).toBe(404);
  const wrong = await ask(`/rpc/runs.get?input=${encodeURIComponent(JSON.stringify({ id: 3 }))}`, {
    headers: signedIn(),
  });
  expect(wrong.status).toBe(400);
  expect(wrong.body).not.toContain('.ts:');
  const missing = await ask(`/rpc/runs.get?input=${encodeURIComponent(JSON.stringify({ id: 'none' }))}`, {
    headers: signedIn(),
  });
  expect(missing.status).toBe(404);
  expect(JSON.parse(missing.body)).toMatchObject({ error: { data: { studio: { code: 'not-found' } } } });
  expect((await ask('/session')).status).toBe(400);
});

test('images are sent by id with the image key alone', async () => {
  const image = await ask(`/image/1?size=32&key=${imageKey}`);
  expect(image).toMatchObject({ status: 200, headers: { 'content-type': 'image/webp' } });
  expect(image.body.slice(0, 4)).toBe('RIFF');
  expect((await ask('/image/1?size=32')).status).toBe(401);
  expect((await ask(`/image/9999?key=${imageKey}`)).status).toBe(404);
  expect((await ask(`/rpc/system.workspace`, { headers: { authorization: `Bearer ${imageKey}` } })).status).toBe(401);
});

test('a map is sent to those who are signed in, by the number of its round alone', async () => {
  expect((await ask('/map/1')).status).toBe(401);
  expect((await ask(`/map/1?key=${imageKey}`)).status).toBe(401);
  for (const path of ['/map/1', '/map/..%2f..%2fetc', '/map/1/labels/2', '/map/1/secrets', '/map/']) {
    expect((await ask(path, { headers: signedIn() })).status, path).toBe(404);
  }
  expect((await ask('/map/1', { method: 'POST', headers: signedIn() })).status).toBe(400);
});

test('no path gets out: neither in an image id, nor in a file of the UI, nor by a symbolic link in a source', async () => {
  for (const path of ['/image/..%2f..%2fetc%2fpasswd', '/image/1%00', '/image/-1', '/image/1/2', '/image/1.5']) {
    expect((await ask(`${path}?key=${imageKey}`)).status).toBe(404);
  }
  expect((await ask('/assets/none.js')).status).toBe(404);
  // Dots that the address itself resolves ask for a page of the UI, and get no more than that.
  expect((await ask(`/image/../../etc/passwd?key=${imageKey}`)).body).not.toContain('root:');
  for (const path of [
    '/..%2f..%2fpackage.json',
    '/%2e%2e/%2e%2e/package.json',
    '/assets/..%2f..%2f..%2fpackage.json',
    '/%00',
  ]) {
    expect((await ask(path)).body).not.toContain('face2exp-studio');
  }
  const faces = join(folder, 'faces', 'neutral');
  mkdirSync(join(folder, 'outside'));
  writeFileSync(join(folder, 'outside', 'secret.png'), 'secret');
  renameSync(join(faces, '0.png'), join(folder, 'outside', 'kept.png'));
  symlinkSync(join(folder, 'outside', 'kept.png'), join(faces, '0.png'));
  const page = host.studio.catalog.images.page({ label: 0, afterId: 0, limit: 10 });
  const linked = page.rows.find((row) => row.path.endsWith('0.png'))!;
  const answer = await ask(`/image/${linked.id}?key=${imageKey}`);
  expect(answer.status).toBe(401);
  expect(answer.body).toContain('outside its source');
});

test('an upload is kept for prediction; one too large, and one without a token, are refused', async () => {
  const small = await ask('/upload', { method: 'POST', headers: signedIn(), body: 'picture' });
  expect(JSON.parse(small.body)).toMatchObject({ upload: expect.stringMatching(/^[\w-]{10,64}$/) as string });
  expect((await ask('/upload', { method: 'POST', body: 'picture' })).status).toBe(401);
  const large = ask('/upload', { method: 'POST', headers: signedIn(), body: 'x'.repeat(65 * 2 ** 20) });
  // The host stops reading: the answer, or the end of the connection, is a refusal.
  await expect(large.then(({ status }) => status).catch(() => 400)).resolves.toBe(400);
});
