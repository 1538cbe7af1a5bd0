import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Configuration } from 'electron-builder';
import { expect, test } from 'vitest';

const require = createRequire(import.meta.url);
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** electron-builder's own reading and checking of its configuration. */
async function configuration(): Promise<Configuration> {
  const builder = require('app-builder-lib/out/util/config/config') as {
    getConfig: (root: string, file: string, given: null) => Promise<Configuration>;
    validateConfiguration: (configuration: Configuration, log: object) => Promise<void>;
  };
  const read = await builder.getConfig(ROOT, 'resources/electron-builder.yml', null);
  await builder.validateConfiguration(read, { add: () => undefined, isEnabled: false });
  return read;
}

test('the configuration is one electron-builder takes, with the fuses set', async () => {
  const { electronFuses, asar } = await configuration();
  expect(asar).toBe(true);
  expect(electronFuses).toEqual({
    runAsNode: false,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    grantFileProtocolExtraPrivileges: false,
  });
});

test('what plain Node reads lies outside the archive, and the shell inside', async () => {
  const { asarUnpack } = await configuration();
  expect(asarUnpack).toEqual(['package.json', 'out/renderer/**', 'src/**', 'node_modules/**']);
});

test('there is a package for each system', async () => {
  const { linux, mac, win } = await configuration();
  expect([linux?.target, mac?.target, win?.target]).toEqual([['AppImage', 'deb'], ['dmg'], ['nsis']]);
});
