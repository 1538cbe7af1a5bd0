import { join } from 'node:path';
import { BrowserWindow, Menu, type MenuItemConstructorOptions, app, nativeTheme } from 'electron';
import { askToTryAgain } from './dialogs.ts';

/** Crashes of the page that are repaired without asking, and the time (milliseconds) after which they are forgotten. */
const SILENT_RELOADS = { most: 3, within: 60_000 };

/** The studio's one window. Electron itself remembers its place and size, under its name. */
export function openWindow(root: string): BrowserWindow {
  const window = new BrowserWindow({
    name: 'studio',
    windowStatePersistence: true,
    title: 'Face2Exp Studio',
    width: 1280,
    height: 800,
    minWidth: 800,
    minHeight: 560,
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#16181d' : '#ffffff',
    webPreferences: {
      preload: join(root, 'out', 'preload', 'index.cjs'),
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
      devTools: !app.isPackaged,
    },
  });
  reloadAfterCrash(window);
  return window;
}

function reloadAfterCrash(window: BrowserWindow): void {
  let crashes: number[] = [];
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    if (reason === 'clean-exit') return;
    const now = performance.now();
    crashes = [...crashes.filter((crash) => now - crash < SILENT_RELOADS.within), now];
    if (crashes.length <= SILENT_RELOADS.most) {
      window.webContents.reload();
      return;
    }
    crashes = [];
    const message = `The window crashed ${SILENT_RELOADS.most + 1} times within a minute (${reason}).`;
    void askToTryAgain({ code: 'internal', message, hint: 'Runs go on: they are not part of the window.' }).then(
      (again) => (again ? window.webContents.reload() : app.quit()),
    );
  });
}

export function setMenu(): void {
  const developer: MenuItemConstructorOptions[] = app.isPackaged ? [] : [{ role: 'toggleDevTools' }];
  const view: MenuItemConstructorOptions[] = [
    { role: 'reload' },
    ...developer,
    { type: 'separator' },
    { role: 'resetZoom' },
    { role: 'zoomIn' },
    { role: 'zoomOut' },
    { type: 'separator' },
    { role: 'togglefullscreen' },
  ];
  const ownMenu: MenuItemConstructorOptions[] = process.platform === 'darwin' ? [{ role: 'appMenu' }] : [];
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      ...ownMenu,
      { role: 'fileMenu' },
      { role: 'editMenu' },
      { label: 'View', submenu: view },
      { role: 'windowMenu' },
    ]),
  );
}
