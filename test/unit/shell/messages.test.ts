import type { IpcMain } from 'electron';
import { beforeEach, expect, test, vi } from 'vitest';
import { answerRequests } from '../../../src/main/shell/messages.ts';
import { ipcMain } from './electron-double.ts';

const chooseFolder = vi.fn(() => Promise.resolve('/faces'));

beforeEach(() => {
  chooseFolder.mockClear();
  answerRequests(ipcMain as unknown as IpcMain, {
    'shell:choose-folder': chooseFolder,
    'shell:choose-image': () => Promise.resolve(null),
    'shell:show-work': () => Promise.resolve(),
  });
});

const ask = (senderFrame: unknown): unknown => ipcMain.handlers.get('shell:choose-folder')?.({ senderFrame });

test('the window’s page is answered', async () => {
  expect(await ask({ url: 'studio://app/data', parent: null })).toBe('/faces');
});

test.each([
  ['a frame that is gone', null],
  ['another site', { url: 'https://example.org/', parent: null }],
  ['another host of the scheme', { url: 'studio://elsewhere/', parent: null }],
  ['a page without an address', { url: '', parent: null }],
  ['a frame inside the page', { url: 'studio://app/', parent: {} }],
])('%s is refused', (_who, senderFrame) => {
  expect(() => ask(senderFrame)).toThrow('A page that is not the studio asked the shell for “shell:choose-folder”.');
  expect(chooseFolder).not.toHaveBeenCalled();
});

test('each request has an answer, and there are no others', () => {
  expect([...ipcMain.handlers.keys()]).toEqual(['shell:choose-folder', 'shell:choose-image', 'shell:show-work']);
});
