import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Connection, type StreamListener } from '../../../src/renderer/api/connection.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});

afterEach(() => {
  vi.useRealTimers();
});

/** A connection whose streams the test opens and breaks. */
function tested() {
  const streams: { listener: StreamListener; isClosed: boolean }[] = [];
  const connection = new Connection((listener) => {
    const stream = { listener, isClosed: false };
    streams.push(stream);
    return () => (stream.isClosed = true);
  });
  return { connection, streams };
}

test('each failed try doubles the wait, up to fifteen seconds', () => {
  const { connection, streams } = tested();
  connection.start();
  for (const wait of [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]) {
    const tries = streams.length;
    streams.at(-1)!.listener.onLost();
    expect(connection.state()).toEqual({ status: 'lost', retryAt: Date.now() + wait });
    vi.advanceTimersByTime(wait - 1);
    expect(streams).toHaveLength(tries);
    vi.advanceTimersByTime(1);
    expect(streams).toHaveLength(tries + 1);
  }
});

test('an open stream starts the waits over', () => {
  const { connection, streams } = tested();
  connection.start();
  streams[0]!.listener.onLost();
  vi.advanceTimersByTime(500);
  streams[1]!.listener.onOpen();
  expect(connection.state()).toEqual({ status: 'open' });
  streams[1]!.listener.onLost();
  expect(connection.state()).toEqual({ status: 'lost', retryAt: 500 + 500 });
});

test('the bar stays while a try goes on, so that it does not flicker', () => {
  const { connection, streams } = tested();
  connection.start();
  streams[0]!.listener.onLost();
  vi.advanceTimersByTime(500);
  expect(connection.state().status).toBe('lost');
});

test('trying now closes the stream before, and what that one still says counts for nothing', () => {
  const { connection, streams } = tested();
  connection.start();
  connection.start();
  expect(streams[0]!.isClosed).toBe(true);
  streams[1]!.listener.onOpen();
  streams[0]!.listener.onLost();
  expect(connection.state()).toEqual({ status: 'open' });
});

test('stopping closes the stream and tries no more', () => {
  const { connection, streams } = tested();
  connection.start();
  streams[0]!.listener.onLost();
  connection.stop();
  vi.advanceTimersByTime(60_000);
  expect(streams).toHaveLength(1);
  expect(connection.state()).toEqual({ status: 'connecting' });
});
