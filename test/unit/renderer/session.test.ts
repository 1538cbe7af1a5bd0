import { describe, expect, test } from 'vitest';
import { SessionStore, launchTokenOf } from '../../../src/renderer/api/session-store.ts';

test('the launch token is found in a printed address, in its fragment, and by itself', () => {
  expect(launchTokenOf('http://127.0.0.1:4000/#launch=abc_DEF-1')).toBe('abc_DEF-1');
  expect(launchTokenOf('#launch=abc')).toBe('abc');
  expect(launchTokenOf('  xEtHJfw_Sh5aTVxD8o_GbsJoSTG5RQYIrFjiAPzxz5A \n')).toBe(
    'xEtHJfw_Sh5aTVxD8o_GbsJoSTG5RQYIrFjiAPzxz5A',
  );
  expect(launchTokenOf('http://127.0.0.1:4000/')).toBeNull();
  expect(launchTokenOf('')).toBeNull();
});

const KEPT = JSON.stringify({ token: 'kept', imageKey: 'kept-images' });

/** A browser's storage, and a host that knows one launch token. */
function testedWindow(options: { kept?: string; accepts?: object; down?: boolean }) {
  const stored = new Map(options.kept === undefined ? [] : [['face2exp.session', options.kept]]);
  const asked: unknown[] = [];
  const store = new SessionStore({
    storage: {
      getItem: (key) => stored.get(key) ?? null,
      setItem: (key, value) => void stored.set(key, value),
      removeItem: (key) => void stored.delete(key),
    },
    fetch: (_input, init) => {
      if (options.down === true) return Promise.reject(new TypeError('Failed to fetch'));
      const body: unknown = JSON.parse(String(init?.body));
      asked.push(body);
      return Promise.resolve(
        JSON.stringify(body) === JSON.stringify(options.accepts)
          ? Response.json({ token: 'new', imageKey: 'new-images' })
          : Response.json({ code: 'unauthorized', message: 'This address was used already.' }, { status: 401 }),
      );
    },
  });
  return { store, stored, asked };
}

describe('opening a window', () => {
  test('a launch token is exchanged once and what it gave is kept', async () => {
    const { store, stored, asked } = testedWindow({ accepts: { launch: 'good' } });
    await store.open({ launch: 'good', shell: false });
    expect(store.state()).toEqual({ status: 'signed-in', session: { token: 'new', imageKey: 'new-images' } });
    expect(asked).toEqual([{ launch: 'good' }]);
    expect(JSON.parse(stored.get('face2exp.session')!)).toEqual({ token: 'new', imageKey: 'new-images' });
  });

  test('without one the kept session is used and the host is not asked', async () => {
    const { store, asked } = testedWindow({ kept: KEPT });
    await store.open({ launch: null, shell: false });
    expect(store.current().token).toBe('kept');
    expect(asked).toEqual([]);
  });

  test('a used token does not cost a session that was kept', async () => {
    const { store } = testedWindow({ kept: KEPT });
    await store.open({ launch: 'used', shell: false });
    expect(store.current().token).toBe('kept');
  });

  test('a used token with nothing kept says why', async () => {
    const { store } = testedWindow({});
    await store.open({ launch: 'used', shell: false });
    expect(store.state()).toEqual({ status: 'signed-out', reason: 'This address was used already.' });
  });

  test('a damaged kept session is as good as none', async () => {
    const { store } = testedWindow({ kept: '{"token":1}' });
    await store.open({ launch: null, shell: false });
    expect(store.state()).toEqual({ status: 'signed-out', reason: null });
  });

  test('the desktop shell needs no token, and a host that restarted is asked again', async () => {
    const { store, asked } = testedWindow({ kept: KEPT, accepts: {} });
    await store.open({ launch: null, shell: true });
    expect(store.current().token).toBe('new');
    expect(asked).toEqual([{}]);
  });

  test('a host that does not answer is told as such', async () => {
    const { store } = testedWindow({ down: true });
    await store.open({ launch: 'good', shell: false });
    expect(store.state()).toEqual({
      status: 'signed-out',
      reason: 'The studio does not answer. Is it still running?',
    });
  });
});

test('a refused session is forgotten, and whoever listens is told once', async () => {
  const { store, stored } = testedWindow({ kept: KEPT });
  await store.open({ launch: null, shell: false });
  let told = 0;
  store.subscribe(() => told++);
  store.refused();
  store.refused();
  expect(told).toBe(1);
  expect(stored.size).toBe(0);
  expect(() => store.current()).toThrow('not signed in');
});

test('a pasted address signs in, and one that is none is explained', async () => {
  const { store } = testedWindow({ accepts: { launch: 'good' } });
  await store.signIn('http://127.0.0.1:4000/');
  expect(store.state()).toMatchObject({ status: 'signed-out', reason: expect.stringContaining('#launch=') });
  await store.signIn('http://127.0.0.1:4000/#launch=good');
  expect(store.state().status).toBe('signed-in');
});
