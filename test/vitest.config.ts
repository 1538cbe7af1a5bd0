import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Each file gets a process of its own: TensorFlow can be loaded once a process, and SQLite tests must not share state. */
export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    include: ['test/unit/**/*.test.ts', 'test/contract/**/*.test.ts', 'test/layers.test.ts'],
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
