import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type IncomingMessage, type RequestListener, createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import { expect, onTestFinished, test } from 'vitest';
import type { HostAddress } from '../../../src/main/shell/host-process.ts';
import { forwardTo } from '../../../src/main/shell/studio-protocol.ts';
import { StudioError } from '../../../src/shared/errors.ts';

/** A real HTTP server on a Unix socket, and the shell's way to it. */
async function forwarder(listener: RequestListener): Promise<(request: Request) => Promise<Response>> {
  const folder = mkdtempSync(join(tmpdir(), 'protocol-'));
  const socket = join(folder, 'host.sock');
  const server = createServer(listener).listen(socket);
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  });
  return forwardTo(() => Promise.resolve({ socket, token: 'secret' }));
}

/** A POST whose body is a stream, as Electron makes them. */
function streamingRequest(body: ReadableStream<Uint8Array>): Request {
  return new Request('studio://app/upload', { method: 'POST', body, duplex: 'half' } as RequestInit);
}

test('a request reaches the host as it is, with the token and without one of the page’s own', async () => {
  let seen: IncomingMessage | undefined;
  const forward = await forwarder((request, response) => {
    seen = request;
    response.setHeader('X-Host', 'yes');
    response.end('the page');
  });
  const response = await forward(
    new Request('studio://app/image/7?size=96&name=a%2Fb', {
      headers: { Authorization: 'Bearer forged', Accept: 'image/webp', 'Accept-Encoding': 'gzip' },
    }),
  );
  expect(response.status).toBe(200);
  expect(response.headers.get('x-host')).toBe('yes');
  expect(response.headers.has('connection')).toBe(false);
  expect(await response.text()).toBe('the page');
  expect(seen).toMatchObject({ method: 'GET', url: '/image/7?size=96&name=a%2Fb' });
  expect(seen?.headers).toMatchObject({
    authorization: 'Bearer secret',
    host: 'app',
    accept: 'image/webp',
    'accept-encoding': 'identity',
  });
});

test('a range is asked for and answered by the host', async () => {
  const content = 'abcdefghij';
  const forward = await forwarder((request, response) => {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    response.writeHead(206, { 'Content-Range': `bytes ${first}-${last}/${content.length}` });
    response.end(content.slice(Number(first), Number(last) + 1));
  });
  const response = await forward(new Request('studio://app/file', { headers: { Range: 'bytes=2-4' } }));
  expect(response.status).toBe(206);
  expect(response.headers.get('content-range')).toBe('bytes 2-4/10');
  expect(await response.text()).toBe('cde');
});

test('a body streams to the host: its first part arrives before the last is made', async () => {
  const firstPartArrived = Promise.withResolvers<undefined>();
  const forward = await forwarder((request, response) => {
    request.once('data', () => firstPartArrived.resolve(undefined));
    request.pipe(response);
  });
  const encoder = new TextEncoder();
  let part = 0;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      part++;
      if (part === 2) await firstPartArrived.promise;
      controller.enqueue(encoder.encode(`part ${part};`));
      if (part === 3) controller.close();
    },
  });
  const response = await forward(streamingRequest(body));
  expect(await response.text()).toBe('part 1;part 2;part 3;');
});

test('a body that breaks off ends the request', async () => {
  const forward = await forwarder((request, response) => {
    request.on('end', () => response.end('complete')).resume();
  });
  const body = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error('disk gone')) });
  expect((await forward(streamingRequest(body))).status).toBe(503);
});

test('events stream to the page one by one, and closing them tells the host', async () => {
  const hostSawTheEnd = Promise.withResolvers<undefined>();
  const sendSecond = Promise.withResolvers<undefined>();
  const forward = await forwarder((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write('data: 1\n\n');
    void sendSecond.promise.then(() => response.write('data: 2\n\n'));
    response.on('close', () => hostSawTheEnd.resolve(undefined));
  });
  const response = await forward(new Request('studio://app/rpc/system.events'));
  // Electron reads the answer through exactly this, and destroys it when the page goes away.
  const stream = Readable.fromWeb(response.body as NodeReadableStream<Uint8Array>);
  const events = stream[Symbol.asyncIterator]();
  expect(String((await events.next()).value)).toBe('data: 1\n\n');
  sendSecond.resolve(undefined);
  expect(String((await events.next()).value)).toBe('data: 2\n\n');
  stream.destroy();
  await hostSawTheEnd.promise;
});

test('a host that dies in the middle of an answer is an error, not a short answer', async () => {
  const forward = await forwarder((_request, response) => {
    response.write('half');
    setTimeout(() => response.destroy(), 20);
  });
  const response = await forward(new Request('studio://app/file'));
  await expect(response.text()).rejects.toThrow();
});

test.each([204, 304])('status %i has no body', async (status) => {
  const forward = await forwarder((_request, response) => response.writeHead(status).end());
  const response = await forward(new Request('studio://app/'));
  expect(response.status).toBe(status);
  expect(response.body).toBeNull();
});

test('the host’s content security policy is kept, and a strict one stands in for it', async () => {
  const forward = await forwarder((request, response) => {
    if (request.url === '/own') response.setHeader('Content-Security-Policy', "default-src 'self'");
    response.end();
  });
  const policyOf = async (path: string): Promise<string | null> =>
    (await forward(new Request(`studio://app${path}`))).headers.get('content-security-policy');
  expect(await policyOf('/own')).toBe("default-src 'self'");
  expect(await policyOf('/none')).toMatch(/^default-src 'none'; script-src 'self';/);
});

test('nothing but studio://app is forwarded', async () => {
  let requests = 0;
  const forward = await forwarder((_request, response) => {
    requests++;
    response.end();
  });
  expect((await forward(new Request('studio://elsewhere/'))).status).toBe(404);
  expect(requests).toBe(0);
});

test('waits for a host that starts', async () => {
  const ready = await forwarder((_request, response) => response.end('here'));
  const address = Promise.withResolvers<HostAddress>();
  const waiting = forwardTo(() => address.promise)(new Request('studio://app/'));
  const late = new Promise((resolve) => setTimeout(resolve, 30, 'still waiting'));
  expect(await Promise.race([waiting, late])).toBe('still waiting');
  address.resolve({ socket: '/nowhere.sock', token: '' });
  expect((await waiting).status).toBe(503);
  expect(await (await ready(new Request('studio://app/'))).text()).toBe('here');
});

test('without a host the page gets the reason and what to do', async () => {
  const error = new StudioError('unavailable', 'The studio’s host could not start.', { hint: 'Run doctor.' });
  const response = await forwardTo(() => Promise.reject(error))(new Request('studio://app/'));
  expect(response.status).toBe(503);
  expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(await text(response.body!)).toBe('The studio’s host could not start.\nRun doctor.');
});
