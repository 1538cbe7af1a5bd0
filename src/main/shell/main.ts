import { type BrowserWindow, app, ipcMain, protocol, session, shell } from 'electron';
import type { HostStatus } from '#shared/shell.ts';
import { askToTryAgain, dialogAnswers } from './dialogs.ts';
import { HostProcess } from './host-process.ts';
import { type Installation, hostCommand, rootAbove, windowDataDirectory, workspaceDirectory } from './installation.ts';
import { answerRequests, sendToWindow } from './messages.ts';
import { secureContents, secureSession } from './security.ts';
import { STUDIO_HOME, STUDIO_SCHEME, placeInArguments, placeOfLink } from './studio-address.ts';
import { HOST_UNAVAILABLE_STATUS, STUDIO_PRIVILEGES, forwardTo } from './studio-protocol.ts';
import { openWindow, setMenu } from './window.ts';
import { workShower } from './work.ts';

/*
 * The desktop shell: one window onto the host, which it starts and keeps running. Everything up to the last lines must have happened before
 * Electron is ready, so nothing here is awaited at the top level.
 */
const installation: Installation = {
  root: rootAbove(import.meta.dirname),
  resources: app.isPackaged ? process.resourcesPath : null,
  documents: app.getPath('documents'),
};
const workspace = workspaceDirectory(installation, process.argv.slice(1), process.env);
const host = new HostProcess(hostCommand(installation, workspace), onHostStatus);
let window: BrowserWindow | null = null;
/** Where the window opens, or goes next: a link may come before there is a window. */
let place = placeInArguments(process.argv) ?? STUDIO_HOME;
let hasFailedToLoad = false;

app.setName('Face2Exp Studio');
app.setPath('userData', windowDataDirectory(app.getPath('appData'), workspace));
app.enableSandbox();
protocol.registerSchemesAsPrivileged([STUDIO_PRIVILEGES]);
app.on('web-contents-created', (_event, contents) =>
  secureContents(contents, (address) => shell.openExternal(address)),
);
if (app.requestSingleInstanceLock()) run();
else app.quit();

function run(): void {
  app.on('second-instance', (_event, processArguments) => show(placeInArguments(processArguments)));
  // macOS hands links over by this event, other systems by the arguments of a second instance.
  app.on('open-url', (event, link) => {
    event.preventDefault();
    show(placeOfLink(link));
  });
  app.on('window-all-closed', () => app.quit());
  closeHostBeforeQuitting();
  host.start();
  void app.whenReady().then(open);
}

function open(): void {
  if (app.isPackaged) app.setAsDefaultProtocolClient(STUDIO_SCHEME);
  setMenu();
  secureSession(session.defaultSession);
  protocol.handle(
    STUDIO_SCHEME,
    forwardTo(() => host.address()),
  );
  window = openWindow(installation.root);
  answerRequests(ipcMain, { ...dialogAnswers(window), 'shell:show-work': workShower(window, () => show(null)) });
  window.on('closed', () => (window = null));
  window.webContents.on('did-navigate', (_event, _address, status) => {
    hasFailedToLoad = status === HOST_UNAVAILABLE_STATUS;
  });
  load(window);
}

/** Brings the window to the front, at `newPlace` when it is given. */
function show(newPlace: string | null): void {
  place = newPlace ?? place;
  if (window === null) return;
  if (window.isMinimized()) window.restore();
  window.focus();
  if (newPlace !== null) load(window);
}

function load(target: BrowserWindow): void {
  // A newer link interrupts the loading of an older one, which is then said to have failed.
  target.loadURL(place).catch((error: Error) => console.error(`${place}: ${error.message}`));
}

function onHostStatus(status: HostStatus): void {
  if (window !== null) sendToWindow(window.webContents, 'shell:host-status', status);
  if (status.state === 'ready' && hasFailedToLoad) window?.webContents.reload();
  if (status.state === 'failed') {
    void app
      .whenReady()
      .then(() => askToTryAgain(status.error))
      .then((again) => (again ? host.start() : app.quit()));
  }
}

/** The window closes at once; the process stays until the host has saved its runs. */
function closeHostBeforeQuitting(): void {
  let isHostClosed = false;
  app.on('will-quit', (event) => {
    if (isHostClosed) return;
    event.preventDefault();
    void host.close().then(() => {
      isHostClosed = true;
      app.quit();
    });
  });
}
