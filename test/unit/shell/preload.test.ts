import { expect, test, vi } from 'vitest';
import type { StudioShell } from '../../../src/shared/shell.ts';
import { contextBridge, ipcRenderer } from './electron-double.ts';

vi.mock('electron', () => import('./electron-double.ts'));
await import('../../../src/preload/index.ts');
const exposed = contextBridge.exposeInMainWorld.mock.calls;
const [name, studioShell] = exposed[0] as [string, StudioShell];

test('the page gets the shell’s few functions, and nothing of Electron', async () => {
  expect(exposed).toHaveLength(1);
  expect(name).toBe('studioShell');
  expect(Object.keys(studioShell).sort()).toEqual([
    'chooseFolder',
    'chooseImage',
    'onHostStatus',
    'pathOf',
    'platform',
    'showWork',
  ]);
  expect(studioShell.platform).toBe(process.platform);
  expect(await studioShell.chooseFolder()).toBe('answer to shell:choose-folder');
  expect(await studioShell.chooseImage()).toBe('answer to shell:choose-image');
  expect(studioShell.pathOf(new File([], 'face.png'))).toBe('/dropped/face.png');
});

test('the page hears of the host, without the event, until it stops listening', () => {
  const heard: unknown[][] = [];
  const stop = studioShell.onHostStatus((...values) => heard.push(values));
  ipcRenderer.emit('shell:host-status', { sender: ipcRenderer }, { state: 'ready' });
  stop();
  ipcRenderer.emit('shell:host-status', { sender: ipcRenderer }, { state: 'starting' });
  expect(heard).toEqual([[{ state: 'ready' }]]);
});
