import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { downloadFromIndex, findLink, packageIndexAddress } from '#main/tensorflow/setup/package-index.ts';
import { contextOf, machineThat, MISSING, smallWheel, temporaryFolder } from './fixtures.ts';

const { content, pin } = smallWheel();
const context = contextOf(machineThat(async () => MISSING, { fetch }));
const closings: (() => void)[] = [];
afterEach(() => closings.splice(0).forEach((close) => close()));

/** A package index on this machine that remembers what it was asked. */
async function serve(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ index: URL; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  closings.push(() => server.close());
  return { index: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/simple/`), requests };
}

function sendPageOrFile(request: IncomingMessage, response: ServerResponse): void {
  if (request.url === '/simple/tensorflow-cpu/') {
    response.end(`<a href="../../files/${pin.fileName}#sha256=0">${pin.fileName}</a>`);
    return;
  }
  const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
  response.writeHead(start > 0 ? 206 : 200).end(content.subarray(start));
}

describe('packageIndexAddress', () => {
  it('is what pip or uv were told, with a slash at the end', () => {
    expect(packageIndexAddress({ PIP_INDEX_URL: 'http://mirror.test/simple' })?.href).toBe(
      'http://mirror.test/simple/',
    );
    expect(packageIndexAddress({ UV_DEFAULT_INDEX: 'http://b.test/', PIP_INDEX_URL: 'http://a.test/' })?.href).toBe(
      'http://a.test/',
    );
    expect(packageIndexAddress({})).toBeNull();
  });

  it('refuses what is not a web address', () => {
    expect(() => packageIndexAddress({ PIP_INDEX_URL: 'mirror.test/simple' })).toThrow(
      expect.objectContaining({ code: 'bad-input' }),
    );
  });
});

describe('findLink', () => {
  const base = new URL('http://mirror.test/simple/x/');

  it('takes the link whose text is the file', () => {
    const page = `<a href="x-1.whl">x-1.whl</a>\n<a data-requires-python="&gt;=3" href='/f/x-2.whl?a=1&amp;b=2#sha256=3'>\n x-2.whl </a>`;
    expect(findLink(page, 'x-2.whl', base)?.href).toBe('http://mirror.test/f/x-2.whl?a=1&b=2#sha256=3');
    expect(findLink(page, 'x-3.whl', base)).toBeNull();
  });
});

describe('downloadFromIndex', () => {
  it('follows the project page to the file and tells how far it is', async () => {
    const { index } = await serve(sendPageOrFile);
    const path = join(temporaryFolder(), pin.fileName);
    const reported: number[] = [];
    await downloadFromIndex(index, pin, path, (done) => reported.push(done), context);
    expect(readFileSync(path)).toEqual(content);
    expect(reported.at(-1)).toBe(content.length);
    expect(existsSync(`${path}.part`)).toBe(false);
  });

  it('continues a download that was cut short', async () => {
    const { index, requests } = await serve(sendPageOrFile);
    const path = join(temporaryFolder(), pin.fileName);
    writeFileSync(`${path}.part`, content.subarray(0, 100));
    await downloadFromIndex(index, pin, path, () => undefined, context);
    expect(readFileSync(path)).toEqual(content);
    expect(requests.at(-1)?.headers.range).toBe('bytes=100-');
  });

  it('starts over where the server cannot continue', async () => {
    const { index } = await serve((request, response) => {
      delete request.headers.range;
      sendPageOrFile(request, response);
    });
    const path = join(temporaryFolder(), pin.fileName);
    writeFileSync(`${path}.part`, content.subarray(0, 100));
    await downloadFromIndex(index, pin, path, () => undefined, context);
    expect(readFileSync(path)).toEqual(content);
  });

  it('keeps what came of a download that breaks off, and says that the network failed', async () => {
    const { index } = await serve((request, response) => {
      if (request.url?.startsWith('/simple')) return sendPageOrFile(request, response);
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 50));
      setTimeout(() => response.destroy(), 200);
    });
    const path = join(temporaryFolder(), pin.fileName);
    await expect(downloadFromIndex(index, pin, path, () => undefined, context)).rejects.toMatchObject({
      code: 'unavailable',
      hint: expect.stringContaining('continues'),
    });
    expect(readFileSync(`${path}.part`)).toEqual(content.subarray(0, 50));
  });

  it('sends name and password as a header, not in the address', async () => {
    const { index, requests } = await serve(sendPageOrFile);
    index.username = 'lab';
    index.password = 'pass%20word';
    await downloadFromIndex(index, pin, join(temporaryFolder(), pin.fileName), () => undefined, context);
    // "lab:pass word" in Base64.
    expect(requests.map(({ headers }) => headers.authorization)).toEqual([
      'Basic bGFiOnBhc3Mgd29yZA==',
      'Basic bGFiOnBhc3Mgd29yZA==',
    ]);
  });

  it.each([
    [404, /has no tensorflow_cpu/],
    [503, /cannot be reached/],
  ])('says what status %i means', async (status, message) => {
    const { index } = await serve((_request, response) => response.writeHead(status).end());
    const path = join(temporaryFolder(), pin.fileName);
    await expect(downloadFromIndex(index, pin, path, () => undefined, context)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(message),
    });
  });

  it('says that nothing listens', async () => {
    const path = join(temporaryFolder(), pin.fileName);
    const nowhere = new URL('http://127.0.0.1:9/simple/');
    await expect(downloadFromIndex(nowhere, pin, path, () => undefined, context)).rejects.toMatchObject({
      code: 'unavailable',
    });
  });
});
