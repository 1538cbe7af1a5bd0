import { fileURLToPath } from 'node:url';
import { defineConfig } from '@playwright/test';

/** The browser is the one that `npm test` has found or installed; without FACE2EXP_BROWSER it is Playwright's own. */
const browser = process.env['FACE2EXP_BROWSER'];

export default defineConfig({
  testDir: fileURLToPath(new URL('e2e', import.meta.url)),
  outputDir: fileURLToPath(new URL('../test-results', import.meta.url)),
  // Each test starts a host of its own; two at once are what the smallest machine bears.
  workers: 2,
  forbidOnly: process.env['CI'] !== undefined,
  timeout: 120_000,
  expect: { timeout: 15_000 },
  use: {
    ...(browser === undefined ? {} : { launchOptions: { executablePath: browser } }),
    viewport: { width: 1280, height: 800 },
    trace: 'retain-on-failure',
  },
});
