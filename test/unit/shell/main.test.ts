import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type * as InstallationModule from '../../../src/main/shell/installation.ts';
import type * as Double from './electron-double.ts';
import { type FakeBehaviour, type FakeHost, fakeHost } from './fake-host.ts';

/** The whole shell on a double of Electron and a real child process as its host. */
let fake: FakeHost;

vi.mock(import('../../../src/main/shell/installation.ts'), async (original) => ({
  ...(await original<typeof InstallationModule>()),
  hostCommand: () => fake.command,
}));

let electron: typeof Double;

beforeEach(async () => {
  // A fresh shell on a fresh double for each test.
  vi.resetModules();
  vi.doMock('electron', () => import('./electron-double.ts'));
  electron = await import('./electron-double.ts');
});

afterEach(async () => {
  await quit();
});

/** Quits as Electron does, and waits until the shell has let it. */
async function quit(): Promise<void> {
  electron.app.quit.mockClear();
  const event = new electron.RefusableEvent();
  electron.app.emit('will-quit', event);
  if (event.isRefused) await vi.waitFor(() => expect(electron.app.quit).toHaveBeenCalled());
}

async function startShell(behaviour: FakeBehaviour = 'listen'): Promise<Double.BrowserWindow> {
  fake = fakeHost(behaviour);
  await import('../../../src/main/shell/main.ts');
  electron.app.becomeReady();
  await vi.waitFor(() => expect(electron.BrowserWindow.all).toHaveLength(1));
  return electron.BrowserWindow.all[0]!;
}

/** A request of the page, by the way Electron takes it. */
function request(address: string): Promise<Response> {
  const [scheme, handler] = electron.protocol.handle.mock.calls[0] as [string, (request: Request) => Promise<Response>];
  expect(scheme).toBe('studio');
  return handler(new Request(address));
}

const statesSent = (window: Double.BrowserWindow): string[] =>
  window.webContents.send.mock.calls.map(([, status]) => (status as { state: string }).state);

test('opens one window, locked down, on the studio’s address', async () => {
  const window = await startShell();
  expect(electron.app.enableSandbox).toHaveBeenCalledOnce();
  const { preload, ...preferences } = window.options.webPreferences;
  expect(preload).toMatch(/out[/\\]preload[/\\]index\.cjs$/);
  expect(preferences).toEqual({
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    webSecurity: true,
    webviewTag: false,
    navigateOnDragDrop: false,
    spellcheck: false,
    devTools: true,
  });
  expect(window.loadURL.mock.calls).toEqual([['studio://app/']]);
  expect(electron.defaultSession.setPermissionRequestHandler).toHaveBeenCalledOnce();
  expect(electron.Menu.setApplicationMenu).toHaveBeenCalledOnce();
});

test('registers its scheme before Electron is ready, with no more rights than it needs', async () => {
  fake = fakeHost('listen');
  await import('../../../src/main/shell/main.ts');
  expect(electron.protocol.registerSchemesAsPrivileged.mock.calls).toEqual([
    [
      [
        {
          scheme: 'studio',
          privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true, codeCache: true },
        },
      ],
    ],
  ]);
  expect(electron.BrowserWindow.all).toEqual([]);
});

test('passes the page’s requests to the host, with its token', async () => {
  await startShell();
  const response = await request('studio://app/rpc/system.workspace');
  expect(await response.text()).toBe('Bearer secret /rpc/system.workspace');
});

test('keeps its page where it is', async () => {
  const { webContents } = await startShell();
  const event = new electron.RefusableEvent({ url: 'https://example.org/', isMainFrame: true });
  webContents.emit('will-frame-navigate', event);
  expect(event.isRefused).toBe(true);
  expect(webContents.windowOpenHandler?.({ url: 'https://example.org/' })).toEqual({ action: 'deny' });
  expect(electron.shell.openExternal).not.toHaveBeenCalled();
});

test('shows the native dialogs over its window', async () => {
  const window = await startShell();
  const page = { senderFrame: { url: 'studio://app/', parent: null } };
  expect(await electron.ipcMain.handlers.get('shell:choose-folder')?.(page)).toBeNull();
  electron.dialog.showOpenDialog.mockResolvedValueOnce({ canceled: false, filePaths: ['/faces/a.png'] });
  expect(await electron.ipcMain.handlers.get('shell:choose-image')?.(page)).toBe('/faces/a.png');
  expect(electron.dialog.showOpenDialog.mock.calls).toEqual([
    [window, { properties: ['openDirectory', 'createDirectory'] }],
    [window, expect.objectContaining({ properties: ['openFile'] })],
  ]);
});

test('a second start brings the first one’s window to the front, at the link it was given', async () => {
  const window = await startShell();
  electron.app.emit('second-instance', {}, ['/opt/studio', '.']);
  expect(window.restore).toHaveBeenCalledOnce();
  expect(window.focus).toHaveBeenCalledOnce();
  expect(window.loadURL).toHaveBeenCalledTimes(1);
  electron.app.emit('second-instance', {}, ['/opt/studio', 'studio://app/data?split=train']);
  expect(window.loadURL).toHaveBeenLastCalledWith('studio://app/data?split=train');
});

test('is itself the second start when another has the workspace', async () => {
  electron.app.requestSingleInstanceLock.mockReturnValueOnce(false);
  fake = fakeHost('listen');
  await import('../../../src/main/shell/main.ts');
  expect(electron.app.quit).toHaveBeenCalledOnce();
  expect(electron.app.listenerCount('second-instance')).toBe(0);
  expect(fake.log()).toEqual([]);
});

test('a link that comes before the window is where it opens; a link to no place is not followed', async () => {
  fake = fakeHost('listen');
  await import('../../../src/main/shell/main.ts');
  const event = new electron.RefusableEvent();
  electron.app.emit('open-url', event, 'studio://app/predict');
  electron.app.emit('open-url', new electron.RefusableEvent(), 'studio://app/rpc/runs.delete');
  expect(event.isRefused).toBe(true);
  electron.app.becomeReady();
  await vi.waitFor(() => expect(electron.BrowserWindow.all).toHaveLength(1));
  expect(electron.BrowserWindow.all[0]!.loadURL.mock.calls).toEqual([['studio://app/predict']]);
});

test('tells the window when the host crashes and when it is back', async () => {
  const window = await startShell();
  await request('studio://app/');
  expect((await request('studio://app/crash')).status).toBe(503);
  await vi.waitFor(() => expect(statesSent(window).slice(-2)).toEqual(['restarting', 'ready']), { timeout: 10_000 });
  expect((await request('studio://app/')).status).toBe(200);
});

test('a page that got no answer is loaded again when the host is back', async () => {
  const window = await startShell();
  await request('studio://app/');
  window.webContents.emit('did-navigate', {}, 'studio://app/', 503);
  await request('studio://app/crash');
  await vi.waitFor(() => expect(window.webContents.reload).toHaveBeenCalledOnce(), { timeout: 10_000 });
});

test('a page that loaded well stays as it is when the host is back', async () => {
  const window = await startShell();
  await request('studio://app/');
  window.webContents.emit('did-navigate', {}, 'studio://app/', 200);
  await request('studio://app/crash');
  await vi.waitFor(() => expect(statesSent(window).slice(-2)).toEqual(['restarting', 'ready']), { timeout: 10_000 });
  expect(window.webContents.reload).not.toHaveBeenCalled();
});

test('says why the host cannot run, tries again when asked, and quits when told', async () => {
  const { dialog, app } = electron;
  dialog.showMessageBox.mockResolvedValueOnce({ response: 0 });
  await startShell('refuse');
  await vi.waitFor(() => expect(app.quit).toHaveBeenCalled(), { timeout: 10_000 });
  expect(dialog.showMessageBox).toHaveBeenCalledTimes(2);
  expect(dialog.showMessageBox).toHaveBeenLastCalledWith(
    expect.objectContaining({
      message: 'The studio’s host could not start: exit code 1.',
      detail: 'The workspace is open in another studio.\nUse its window.',
      buttons: ['Try again', 'Quit'],
    }),
  );
  expect(fake.log()).toEqual(['started', 'started']);
});

test('reloads a page whose process crashed, and asks when it crashes again and again', async () => {
  const { webContents } = await startShell();
  const crash = (reason: string): boolean => webContents.emit('render-process-gone', {}, { reason });
  crash('clean-exit');
  expect(webContents.reload).not.toHaveBeenCalled();
  for (let time = 0; time < 3; time++) crash('oom');
  expect(webContents.reload).toHaveBeenCalledTimes(3);
  electron.dialog.showMessageBox.mockResolvedValueOnce({ response: 0 });
  crash('oom');
  expect(webContents.reload).toHaveBeenCalledTimes(3);
  await vi.waitFor(() => expect(webContents.reload).toHaveBeenCalledTimes(4));
  expect(electron.dialog.showMessageBox).toHaveBeenCalledExactlyOnceWith(
    expect.objectContaining({ message: 'The window crashed 4 times within a minute (oom).' }),
  );
});

test('quitting waits until the host has ended in order, then quits', async () => {
  await startShell();
  await request('studio://app/');
  electron.app.emit('window-all-closed');
  expect(electron.app.quit).toHaveBeenCalledOnce();
  await quit();
  expect(fake.log()).toEqual(['started', 'ended']);
  const again = new electron.RefusableEvent();
  electron.app.emit('will-quit', again);
  expect(again.isRefused).toBe(false);
});

test('the packaged app has no developer tools and takes studio:// links', async () => {
  electron.app.isPackaged = true;
  Object.defineProperty(process, 'resourcesPath', { value: '/opt/studio/resources', configurable: true });
  const window = await startShell();
  expect(window.options.webPreferences['devTools']).toBe(false);
  expect(electron.app.setAsDefaultProtocolClient).toHaveBeenCalledExactlyOnceWith('studio');
});
