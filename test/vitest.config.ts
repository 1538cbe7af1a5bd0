import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const EVERY_TIME = ['test/unit/**/*.test.ts', 'test/contract/**/*.test.ts', 'test/layers.test.ts'];

/** Which tests each mode runs: `npm test`, `npm run test:full`, `npm run test:real`. */
const SUITES: Readonly<Record<string, string[]>> = {
  test: EVERY_TIME,
  full: [...EVERY_TIME, 'test/full/**/*.test.ts'],
  real: ['test/real/**/*.test.ts'],
};

/** Each file gets a process of its own: TensorFlow can be loaded once a process, and SQLite tests must not share state. */
export default defineConfig(({ mode }) => ({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    include: SUITES[mode] ?? EVERY_TIME,
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
}));
