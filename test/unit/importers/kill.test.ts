import { expect, test } from 'vitest';
import { killImports } from '../../fixtures/import-kills.ts';

test(
  'kill -9 during 20 imports loses no row that was kept, doubles none, and leaves the catalog whole',
  { timeout: 240_000 },
  async () => {
    expect(await killImports({ rounds: 20, kinds: ['folder', 'list'], seed: 1 })).toBeGreaterThanOrEqual(5);
  },
);
