import { mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkBrowser, checkDisk, checkElectron, checkNode } from '#main/bootstrap/doctor-checks.ts';
import { checkDevices, checkRuntimeStatus } from '#main/tensorflow/setup/doctor-checks.ts';
import { rememberGpuFailure } from '#main/tensorflow/setup/gpu.ts';
import { runtimeCacheFolder, runtimeLayout } from '#main/tensorflow/setup/layout.ts';
import { runtimeStatus } from '#main/tensorflow/setup/status.ts';
import { StudioError } from '#shared/errors.ts';
import { temporaryFolder } from './fixtures.ts';

/** A cache in which the set-up has finished. */
function readyCache(
  device: 'cpu' | 'gpu',
  manifest = JSON.stringify({ version: '2.21.0', device, deviceName: 'Chip', path: '/old' }),
): string {
  const cacheFolder = temporaryFolder();
  const layout = runtimeLayout(device, cacheFolder);
  mkdirSync(dirname(layout.binding), { recursive: true });
  writeFileSync(layout.binding, '');
  writeFileSync(layout.manifest, manifest);
  return cacheFolder;
}

describe('runtimeCacheFolder', () => {
  it('is one for all checkouts of a person', () => {
    expect(runtimeCacheFolder({ FACE2EXP_RUNTIME_DIR: '/big/disk', XDG_CACHE_HOME: '/x' })).toBe('/big/disk');
    expect(runtimeCacheFolder({ XDG_CACHE_HOME: '/x' })).toBe('/x/face2exp-studio');
    expect(runtimeCacheFolder({})).toBe(join(homedir(), '.cache/face2exp-studio'));
  });
});

describe('runtimeStatus', () => {
  it('is ready after the whole set-up, wherever the cache was moved to', () => {
    const cacheFolder = readyCache('cpu');
    expect(runtimeStatus('auto', cacheFolder, false)?.info).toEqual({
      version: '2.21.0',
      device: 'cpu',
      deviceName: 'Chip',
      path: runtimeLayout('cpu', cacheFolder).folder,
    });
    expect(runtimeStatus('gpu', cacheFolder)).toBeNull();
    expect(runtimeStatus('cpu', temporaryFolder())).toBeNull();
  });

  it.each(['', '{"version"', '{"version":"2.21.0"}'])('is not ready with the damaged manifest %j', (manifest) => {
    expect(runtimeStatus('cpu', readyCache('cpu', manifest))).toBeNull();
  });
});

describe('the doctor', () => {
  it('tells whether TensorFlow is set up', () => {
    expect(checkRuntimeStatus(readyCache('cpu'))).toMatchObject({
      ok: true,
      fix: '',
      detail: expect.stringContaining('2.21.0 for the CPU'),
    });
    expect(checkRuntimeStatus(temporaryFolder())).toMatchObject({ ok: false, fix: 'Run `face2exp setup`.' });
  });

  it('tells what TensorFlow computes on', () => {
    expect(checkDevices(readyCache('gpu'), true)).toMatchObject({ ok: true, detail: expect.stringMatching(/^Chip; /) });
    expect(checkDevices(readyCache('cpu'), false)).toMatchObject({ ok: true, fix: '' });
  });

  it('tells why the GPU is not used', async () => {
    const cacheFolder = readyCache('cpu');
    expect(checkDevices(cacheFolder, true)).toMatchObject({ ok: false, fix: 'Run `face2exp setup --gpu`.' });
    const gpu = { name: 'M40', driverVersion: '550', computeCapability: 5.2 };
    await rememberGpuFailure(cacheFolder, gpu, 'It does not run.');
    expect(checkDevices(cacheFolder, true)).toMatchObject({
      ok: false,
      detail: expect.stringContaining('It does not run.'),
    });
  });

  it('tells of Node, Electron and the disk', () => {
    expect(checkNode('24.1.0')).toMatchObject({ ok: true, fix: '' });
    expect(checkNode('22.9.0')).toMatchObject({ ok: false, fix: expect.stringContaining('npm start') });
    expect(checkElectron('/opt/electron')).toMatchObject({ ok: true, detail: '/opt/electron' });
    expect(checkElectron(null)).toMatchObject({
      ok: false,
      optional: true,
      fix: expect.stringContaining('install-electron'),
    });
    expect(checkDisk('/data', 5e9)).toMatchObject({ ok: true, detail: '5.0 GB free at /data' });
    expect(checkDisk('/data', 1e9)).toMatchObject({ ok: false });
  });

  it('tells of the browser', async () => {
    expect(await checkBrowser(async () => ({ path: '/b', kind: 'chrome' }))).toMatchObject({
      ok: true,
      detail: 'chrome: /b',
    });
    expect(await checkBrowser(async () => null)).toMatchObject({ ok: false, optional: true });
    const refuse = () => Promise.reject(new StudioError('bad-input', 'It cannot be run.', { hint: 'Unset it.' }));
    expect(await checkBrowser(refuse)).toMatchObject({ ok: false, detail: 'It cannot be run.', fix: 'Unset it.' });
  });
});
