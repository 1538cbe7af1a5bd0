import { EventEmitter } from 'node:events';
import { vi } from 'vitest';

/**
 * Stands in for Electron's module: as much of it as the shell uses, remembering what it was told. It is put in place with
 * `vi.mock('electron', () => import('./electron-double.ts'))`.
 */

/** An event that can be refused. */
export class RefusableEvent {
  isRefused = false;
  constructor(properties: object = {}) {
    Object.assign(this, properties);
  }
  preventDefault(): void {
    this.isRefused = true;
  }
}

type WindowOpenHandler = (details: { url: string }) => { action: 'allow' | 'deny' };

export class WebContents extends EventEmitter {
  windowOpenHandler: WindowOpenHandler | undefined;
  readonly reload = vi.fn();
  readonly send = vi.fn();
  setWindowOpenHandler(handler: WindowOpenHandler): void {
    this.windowOpenHandler = handler;
  }
}

class App extends EventEmitter {
  isPackaged = false;
  readonly requestSingleInstanceLock = vi.fn(() => true);
  readonly enableSandbox = vi.fn();
  readonly quit = vi.fn();
  readonly setName = vi.fn();
  readonly setPath = vi.fn();
  readonly setAsDefaultProtocolClient = vi.fn();
  readonly getPath = (name: string): string => `/home/ada/${name}`;
  readonly #ready = Promise.withResolvers<undefined>();
  readonly whenReady = (): Promise<undefined> => this.#ready.promise;
  /** Tells the shell that Electron is ready. */
  becomeReady(): void {
    this.#ready.resolve(undefined);
  }
}
export const app = new App();

export class BrowserWindow extends EventEmitter {
  static readonly all: BrowserWindow[] = [];
  readonly webContents = new WebContents();
  readonly loadURL = vi.fn((_address: string) => Promise.resolve());
  readonly isMinimized = vi.fn(() => true);
  readonly restore = vi.fn();
  readonly focus = vi.fn();
  readonly isFocused = vi.fn(() => false);
  readonly setProgressBar = vi.fn();
  readonly options: { webPreferences: Record<string, unknown> };
  constructor(options: { webPreferences: Record<string, unknown> }) {
    super();
    this.options = options;
    BrowserWindow.all.push(this);
    app.emit('web-contents-created', {}, this.webContents);
  }
}

export const defaultSession = {
  setPermissionRequestHandler: vi.fn(),
  setPermissionCheckHandler: vi.fn(),
  setDevicePermissionHandler: vi.fn(),
  setSpellCheckerEnabled: vi.fn(),
  webRequest: { onBeforeRequest: vi.fn() },
};
export const session = { defaultSession };

export const protocol = { registerSchemesAsPrivileged: vi.fn(), handle: vi.fn() };
export const shell = { openExternal: vi.fn(() => Promise.resolve()) };
export const nativeTheme = { shouldUseDarkColors: false };
export const Menu = { setApplicationMenu: vi.fn(), buildFromTemplate: vi.fn((template: unknown) => template) };
export const dialog = {
  showOpenDialog: vi.fn(() => Promise.resolve({ canceled: true, filePaths: [] as string[] })),
  showMessageBox: vi.fn((_options: object) => Promise.resolve({ response: 1 })),
};

export class Notification extends EventEmitter {
  static readonly all: Notification[] = [];
  static isSupported = (): boolean => true;
  readonly show = vi.fn();
  readonly options: { title: string; body: string };
  constructor(options: { title: string; body: string }) {
    super();
    this.options = options;
    Notification.all.push(this);
  }
}
export const powerSaveBlocker = { start: vi.fn((_type: string) => 7), stop: vi.fn() };

type Invoked = (event: { senderFrame: unknown }, value?: unknown) => unknown;
export const ipcMain = {
  handlers: new Map<string, Invoked>(),
  handle(channel: string, handler: Invoked): void {
    this.handlers.set(channel, handler);
  },
};

/** The renderer's side, for the preload. */
export const ipcRenderer = Object.assign(new EventEmitter(), {
  invoke: vi.fn((channel: string) => Promise.resolve(`answer to ${channel}`)),
});
export const contextBridge = { exposeInMainWorld: vi.fn() };
export const webUtils = { getPathForFile: vi.fn((file: File) => `/dropped/${file.name}`) };
