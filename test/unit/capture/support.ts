import * as tf from '@tensorflow/tfjs';
import { afterEach } from 'vitest';
import type { SessionOptions } from '#main/tensorflow/capture/config-proto.ts';
import { GraphSession } from '#main/tensorflow/capture/session.ts';
import { loadTensorFlow } from '#main/tensorflow/runtime.ts';

// One thread adds numbers in one order, so that runs can be compared bit by bit. TensorFlow reads this when it is loaded.
process.env['TF_NUM_INTRAOP_THREADS'] = '1';
const { library } = await loadTensorFlow();

const open: GraphSession[] = [];

afterEach(async () => {
  for (const session of open.splice(0)) await session.close();
  tf.disposeVariables();
});

/** A session that is closed, and whose variables are disposed, when the test ends. */
export function openSession(options: SessionOptions = {}): GraphSession {
  const session = new GraphSession(library, options);
  open.push(session);
  return session;
}

/** Numbers in [-1, 1), the same at every run of the tests. */
export function numbers(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    // Park and Miller's generator.
    state = (state * 48271) % 2147483647;
    return (state / 2147483647) * 2 - 1;
  });
}
