import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
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

type Request = Parameters<typeof ask>[1];

/** Asks, expects the refusal, and expects one line of the log that names the path and holds nothing secret. */
async function expectRefused(path: string, request: Request, status = 401): Promise<Answer> {
  refused.length = 0;
  const answer = await ask(path, request);
  const name = `${request?.method ?? 'GET'} ${path} ${JSON.stringify(request?.headers ?? {})}`;
  expect(answer.status, name).toBe(status);
  expect(refused, name).toHaveLength(1);
  expect(refused[0], name).toContain(path.split('?')[0]!);
  for (const secret of [token, imageKey, launch].filter(Boolean)) expect(refused[0], name).not.toContain(secret);
  return answer;
}
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
  await expectRefused('/session', { method: 'POST', body: JSON.stringify({ launch: 'wrong' }) });
  await expectRefused('/session', { method: 'POST', body: '{}' });
  const first = await exchange(launch);
  expect(first.status).toBe(200);
  ({ token, imageKey } = JSON.parse(first.body) as { token: string; imageKey: string });
  await expectRefused('/session', { method: 'POST', body: JSON.stringify({ launch }) });
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

/** Everything behind the token, each as its rightful caller would ask for it. */
const GUARDED: readonly (readonly [path: string, request?: { method?: string; body?: string }])[] = [
  ['/rpc/system.workspace'],
  ['/rpc/runs.start', { method: 'POST', body: '{}' }],
  ['/rpc/system.events'],
  ['/image/1'],
  ['/map/1'],
  ['/map/1/labels'],
  ['/upload', { method: 'POST', body: 'picture' }],
];

test('procedures answer to those with the token', async () => {
  const answer = await ask('/rpc/system.workspace', { headers: signedIn() });
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body)).toMatchObject({ result: { data: { images: 14 } } });
});

test.each(GUARDED.map(([path, request]) => ({ path, request })))(
  '$path is refused, and that noted, without a token and with a wrong or cut one',
  async ({ path, request }) => {
    const headers: Record<string, string>[] = [
      {},
      { authorization: `Bearer ${'x'.repeat(token.length)}` },
      { authorization: `Bearer ${token.slice(0, -1)}` },
      { authorization: 'Bearer ' },
      { authorization: `Basic ${Buffer.from(`:${token}`).toString('base64')}` },
      { cookie: `token=${token}` },
    ];
    for (const given of headers) await expectRefused(path, { ...request, headers: given });
    await expectRefused(`${path}?token=${token}`, request);
    if (!path.startsWith('/image')) await expectRefused(`${path}?key=${imageKey}`, request);
  },
);

test('an event stream opens with the token in its parameters, and neither without one nor with another', async () => {
  const parameters = (value: string): string => encodeURIComponent(JSON.stringify({ token: value }));
  const headers = { accept: 'text/event-stream' };
  await expectRefused('/rpc/system.events', { headers });
  await expectRefused(`/rpc/system.events?connectionParams=${parameters('wrong')}`, { headers });
  await expectRefused(`/rpc/system.events?connectionParams=${parameters(imageKey)}`, { headers });
  await expectRefused('/rpc/system.events?connectionParams=nonsense', { headers });
  const opened = await firstLine(`/rpc/system.events?connectionParams=${parameters(token)}`);
  expect(opened).toContain('200 OK');
});

/** The first line of an answer to a request whose head is written by hand. */
function firstLine(path: string, head: Record<string, string> = { Host: origin.host }): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: Number(origin.port) }, () => {
      const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
    });
    socket.once('data', (chunk: Buffer) => {
      socket.destroy();
      resolve(chunk.toString('latin1').split('\r\n')[0]!);
    });
    socket.on('error', reject).setTimeout(10_000, () => reject(new Error('No answer.')));
  });
}

test('no web socket is opened: asked for without the token it is refused and noted, and with it answered as any request', async () => {
  const upgrade = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  };
  for (const [path] of GUARDED.filter(([, request]) => request === undefined)) {
    refused.length = 0;
    expect(await firstLine(path, { Host: origin.host, ...upgrade }), path).toContain('401');
    expect(refused, path).toHaveLength(1);
  }
  refused.length = 0;
  const rebound = { Host: `attacker.example:${origin.port}`, Authorization: `Bearer ${token}`, ...upgrade };
  expect(await firstLine('/rpc/system.workspace', rebound)).toContain('401');
  expect(refused).toHaveLength(1);
  const allowed = { Host: origin.host, Authorization: `Bearer ${token}`, ...upgrade };
  expect(await firstLine('/rpc/system.workspace', allowed)).toContain('200');
});

test('a forged Host, the shape of DNS rebinding, and a foreign Origin are refused even with the token', async () => {
  const forged: Record<string, string>[] = [
    { host: 'attacker.example' },
    { host: `attacker.example:${origin.port}` },
    { host: `127.0.0.1.attacker.example:${origin.port}` },
    { host: `localhost.:${origin.port}` },
    { host: '127.0.0.1' },
    { host: `127.0.0.1:${Number(origin.port) + 1}` },
    { origin: 'http://attacker.example' },
    { origin: `http://attacker.example:${origin.port}` },
    { origin: `http://127.0.0.1:${Number(origin.port) + 1}` },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
  ];
  for (const headers of forged) {
    for (const [path, request] of [...GUARDED, ['/'] as const, ['/session', { method: 'POST', body: '{}' }] as const]) {
      await expectRefused(path, { ...request, headers: { ...signedIn(), ...headers } });
    }
  }
  refused.length = 0;
  expect(await firstLine('/', { Host: '' })).toContain('401');
  expect(refused).toHaveLength(1);
});

test('the token of a host that was closed opens nothing at the next one', async () => {
  const workspace = join(folder, 'second');
  const open = async (): Promise<{ opened: Host; address: URL; lines: string[] }> => {
    const lines: string[] = [];
    const opened = await openHost(workspace, { log: (line) => lines.push(line) });
    return { opened, address: new URL(await opened.listen('127.0.0.1', 0)), lines };
  };
  const ask = ({ origin: at }: URL, bearer: string): Promise<Response> =>
    fetch(`${at}/rpc/system.workspace`, { headers: { authorization: `Bearer ${bearer}` } });
  const earlier = await open();
  const old = earlier.opened.studio.lock.address.token;
  expect((await ask(earlier.address, old)).status).toBe(200);
  await earlier.opened.close();
  const later = await open();
  try {
    expect((await ask(later.address, old)).status).toBe(401);
    expect(later.lines).toHaveLength(1);
  } finally {
    await later.opened.close();
  }
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
  expect((await ask(`/image/9999?key=${imageKey}`)).status).toBe(404);
  await expectRefused('/image/1?size=32', {});
  await expectRefused('/image/1?size=32&key=wrong', {});
  await expectRefused('/rpc/system.workspace', { headers: { authorization: `Bearer ${imageKey}` } });
});

test('a map is sent to those who are signed in, by the number of its round alone', async () => {
  for (const path of ['/map/1', '/map/..%2f..%2fetc', '/map/1/labels/2', '/map/1/secrets', '/map/', '/map/-1']) {
    await expectRefused(path, { headers: signedIn() }, 404);
  }
  await expectRefused('/map/1', { method: 'POST', headers: signedIn() }, 400);
});

test('no path gets out: neither in an image id, nor in a file of the UI, nor by a symbolic link in a source', async () => {
  for (const path of [
    '/image/..%2f..%2fetc%2fpasswd',
    '/image/%2e%2e%2f1',
    '/image/1%00',
    '/image/-1',
    '/image/1/2',
    '/image/1.5',
    '/image/1e3',
    `/image/${'9'.repeat(400)}`,
  ]) {
    await expectRefused(`${path}?key=${imageKey}`, {}, 404);
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
  const answer = await expectRefused(`/image/${linked.id}?key=${imageKey}`, {});
  expect(answer.body).toContain('outside its source');
});

const UPLOAD_LIMIT = 64 * 2 ** 20;
const uploadsKept = (): string[] => readdirSync(join(folder, 'workspace', 'cache', 'uploads'));

test('an upload is kept for prediction under a name of the host', async () => {
  const small = await ask('/upload', { method: 'POST', headers: signedIn(), body: 'picture' });
  const { upload } = JSON.parse(small.body) as { upload: string };
  expect(upload).toMatch(/^[\w-]{10,64}$/);
  expect(uploadsKept()).toEqual([upload]);
  await expectRefused('/upload', { headers: signedIn() }, 400);
});

test('an upload that says it is too large is refused before it is read, and one that does not say so while it is read', async () => {
  const kept = uploadsKept();
  const said = { ...signedIn(), 'content-length': String(UPLOAD_LIMIT + 1) };
  await expectRefused('/upload', { method: 'POST', headers: said }, 400);
  const silent = { ...signedIn(), 'transfer-encoding': 'chunked' };
  const body = 'x'.repeat(UPLOAD_LIMIT + 2 ** 20);
  refused.length = 0;
  // The host stops reading: the answer, or the end of the connection, is a refusal.
  const answer = ask('/upload', { method: 'POST', headers: silent, body });
  await expect(answer.then(({ status }) => status).catch(() => 400)).resolves.toBe(400);
  await expect.poll(() => refused).toEqual(['POST /upload: The picture is larger than 64 MB.']);
  expect(uploadsKept()).toEqual(kept);
});

test('what is no request of this studio ends in a sentence, not in a fault', async () => {
  await expectRefused('//', { headers: signedIn() }, 400);
  await expectRefused('/%ff', { headers: signedIn() }, 400);
  await expectRefused('/session', { method: 'POST', body: 'x'.repeat(5000) }, 400);
});

// The last test: it uses up the minute's wrong tries.
test('who tries launch tokens is stopped, for a while even with a right one', async () => {
  const right = new URL(await newAddress()).hash.replace('#launch=', '');
  const tries: string[] = [];
  for (let attempt = 0; attempt < 30; attempt++) {
    const guess = { method: 'POST', body: JSON.stringify({ launch: `guess-${attempt}` }) };
    tries.push((JSON.parse((await expectRefused('/session', guess)).body) as { message: string }).message);
  }
  expect(tries.filter((message) => message === 'Too many wrong sign-ins.').length).toBeGreaterThanOrEqual(20);
  expect(JSON.parse((await exchange(right)).body)).toMatchObject({ message: 'Too many wrong sign-ins.' });
  // Who is signed in goes on working.
  expect((await ask('/rpc/system.workspace', { headers: signedIn() })).status).toBe(200);
});

async function newAddress(): Promise<string> {
  const answer = await ask('/rpc/system.newWindow', {
    method: 'POST',
    headers: { ...signedIn(), 'content-type': 'application/json' },
    body: '{}',
  });
  return (JSON.parse(answer.body) as { result: { data: { url: string } } }).result.data.url;
}
