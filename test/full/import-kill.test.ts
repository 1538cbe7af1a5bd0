import { expect, test } from 'vitest';
import { killImports } from '../fixtures/import-kills.ts';

test('kill -9 during 80 imports more', { timeout: 900_000 }, async () => {
  expect(
    await killImports({
      rounds: 80,
      kinds: ['folder', 'list', 'folder', 'list', 'folder', 'list', 'folder', 'copies'],
      seed: 2,
    }),
  ).toBeGreaterThanOrEqual(20);
});
