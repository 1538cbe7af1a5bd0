import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { Access, checkOrigin } from '#main/host/http/security.ts';

const asRequest = (headers: Record<string, string>): IncomingMessage => ({ headers }) as unknown as IncomingMessage;
const url = (path: string): URL => new URL(path, 'http://studio.invalid');
const ours = new Set(['127.0.0.1:4000', 'localhost:4000']);

test('a launch token opens once', () => {
  const access = new Access('bearer-token');
  const launch = access.newLaunchToken();
  expect(access.exchange(launch)).toEqual({ token: 'bearer-token', imageKey: access.imageKey });
  expect(() => access.exchange(launch)).toThrow('used already');
});

test('a newer launch token voids the one before', () => {
  const access = new Access('bearer-token');
  const old = access.newLaunchToken();
  const current = access.newLaunchToken();
  expect(() => access.exchange(old)).toThrow('used already');
  expect(access.exchange(current).token).toBe('bearer-token');
});

test('guessing is slowed down, even for a right token, and for a minute only', () => {
  const access = new Access('bearer-token');
  const launch = access.newLaunchToken();
  for (let attempt = 0; attempt < 10; attempt++) expect(() => access.exchange('wrong', 1000)).toThrow('used already');
  expect(() => access.exchange(launch, 2000)).toThrow('Too many');
  expect(access.exchange(launch, 62_000).token).toBe('bearer-token');
});

test('requests show the bearer token; images their own key, which opens nothing else', () => {
  const access = new Access('bearer-token');
  expect(access.allowsRequest(asRequest({ authorization: 'Bearer bearer-token' }), url('/rpc/x'))).toBe(true);
  expect(access.allowsRequest(asRequest({ authorization: 'Bearer bearer-tokem' }), url('/rpc/x'))).toBe(false);
  expect(access.allowsRequest(asRequest({}), url('/rpc/x'))).toBe(false);
  expect(access.allowsRequest(asRequest({ authorization: `Bearer ${access.imageKey}` }), url('/rpc/x'))).toBe(false);
  const parameters = encodeURIComponent(JSON.stringify({ token: 'bearer-token' }));
  expect(access.allowsRequest(asRequest({}), url(`/rpc/x?connectionParams=${parameters}`))).toBe(true);
  expect(access.allowsRequest(asRequest({}), url('/rpc/x?connectionParams=%7Bnot'))).toBe(false);
  expect(access.allowsImage(url(`/image/1?key=${access.imageKey}`))).toBe(true);
  expect(access.allowsImage(url('/image/1?key=bearer-token'))).toBe(false);
  expect(access.allowsImage(url('/image/1'))).toBe(false);
});

test('a foreign host, a foreign origin and a cross-site request are refused', () => {
  const check = (headers: Record<string, string>) => () => checkOrigin(asRequest(headers), ours);
  expect(check({ host: '127.0.0.1:4000' })).not.toThrow();
  expect(check({ host: 'localhost:4000', origin: 'http://localhost:4000' })).not.toThrow();
  expect(check({ host: 'attacker.example:4000' })).toThrow('not this studio');
  expect(check({ host: '127.0.0.1:4001' })).toThrow('not this studio');
  expect(check({})).toThrow('not this studio');
  expect(check({ host: '127.0.0.1:4000', origin: 'http://attacker.example' })).toThrow('may not use');
  expect(check({ host: '127.0.0.1:4000', origin: 'null' })).toThrow('may not use');
  expect(check({ host: '127.0.0.1:4000', origin: 'http://127.0.0.1:4001' })).toThrow('may not use');
  expect(check({ host: '127.0.0.1:4000', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' })).toThrow(
    'Another page',
  );
});
