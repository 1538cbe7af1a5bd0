import type { Session } from 'electron';
import type { WebContents as ElectronWebContents } from 'electron';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { secureContents, secureSession } from '../../../src/main/shell/security.ts';
import { RefusableEvent, WebContents, defaultSession } from './electron-double.ts';

describe('a page', () => {
  const openExternal = vi.fn(() => Promise.resolve());
  let contents: WebContents;

  beforeEach(() => {
    openExternal.mockClear();
    contents = new WebContents();
    secureContents(contents as unknown as ElectronWebContents, openExternal);
  });

  function isRefused(name: string, properties: object = {}): boolean {
    const event = new RefusableEvent(properties);
    contents.emit(name, event);
    return event.isRefused;
  }

  test.each([
    'https://example.org/',
    'http://localhost:3000/',
    'file:///etc/passwd',
    'data:text/html,<script>1</script>',
    'studio://elsewhere/',
    'about:blank',
  ])('may not go to %s', (url) => {
    expect(isRefused('will-frame-navigate', { url, isMainFrame: true })).toBe(true);
    expect(isRefused('will-redirect', { url })).toBe(true);
  });

  test('may go to its own places', () => {
    expect(isRefused('will-frame-navigate', { url: 'studio://app/runs/3', isMainFrame: true })).toBe(false);
    expect(isRefused('will-redirect', { url: 'studio://app/runs/3' })).toBe(false);
  });

  test('may hold no frame, not even its own', () => {
    expect(isRefused('will-frame-navigate', { url: 'studio://app/', isMainFrame: false })).toBe(true);
  });

  test('may attach no webview', () => {
    expect(isRefused('will-attach-webview')).toBe(true);
  });

  test.each([
    ['https://openaccess.thecvf.com/CVPR2022', true],
    ['http://openaccess.thecvf.com/CVPR2022', false],
    ['https://openaccess.thecvf.com.example.org/', false],
    ['https://user:password@openaccess.thecvf.com/', false],
    ['https://openaccess.thecvf.com:8443/', false],
    ['https://example.org/', false],
    ['file:///bin/sh', false],
    ['studio://app/', false],
    ['no address', false],
  ])('opens no window for %s; the system’s browser gets it: %s', (url, external) => {
    expect(contents.windowOpenHandler?.({ url })).toEqual({ action: 'deny' });
    expect(openExternal.mock.calls).toEqual(external ? [[url]] : []);
  });
});

describe('the session', () => {
  beforeEach(() => secureSession(defaultSession as unknown as Session));

  /** The handler that was set last. */
  const handlerOf = (setter: ReturnType<typeof vi.fn>): ((...values: unknown[]) => unknown) =>
    setter.mock.lastCall?.at(-1) as (...values: unknown[]) => unknown;

  function isGranted(permission: string, requestingUrl: string, details: object = {}): boolean {
    const answer = vi.fn();
    handlerOf(defaultSession.setPermissionRequestHandler)(null, permission, answer, { requestingUrl, ...details });
    return answer.mock.lastCall?.[0] as boolean;
  }

  function isGrantedWhenChecked(permission: string, requestingOrigin: string, details: object = {}): boolean {
    const check = handlerOf(defaultSession.setPermissionCheckHandler);
    return check(null, permission, requestingOrigin, details) as boolean;
  }

  test.each([
    'media',
    'geolocation',
    'notifications',
    'clipboard-read',
    'openExternal',
    'fileSystem',
    'usb',
    'unknown',
  ])('does not grant %s', (permission) => {
    expect(isGranted(permission, 'studio://app/')).toBe(false);
    expect(isGrantedWhenChecked(permission, 'studio://app/')).toBe(false);
  });

  test('lets the window, and only the window, copy text', () => {
    for (const ask of [isGranted, isGrantedWhenChecked]) {
      expect(ask('clipboard-sanitized-write', 'studio://app/')).toBe(true);
      expect(ask('clipboard-sanitized-write', 'https://example.org/')).toBe(false);
      expect(ask('clipboard-sanitized-write', '')).toBe(false);
    }
  });

  test('lets the window, and only the window, use the camera, and never the microphone', () => {
    expect(isGranted('media', 'studio://app/', { mediaTypes: ['video'] })).toBe(true);
    expect(isGranted('media', 'studio://app/', { mediaTypes: ['audio'] })).toBe(false);
    expect(isGranted('media', 'studio://app/', { mediaTypes: ['video', 'audio'] })).toBe(false);
    expect(isGranted('media', 'studio://app/', { mediaTypes: [] })).toBe(false);
    expect(isGranted('media', 'https://example.org/', { mediaTypes: ['video'] })).toBe(false);
    expect(isGrantedWhenChecked('media', 'studio://app/', { mediaType: 'video' })).toBe(true);
    expect(isGrantedWhenChecked('media', 'studio://app/', { mediaType: 'audio' })).toBe(false);
    expect(isGrantedWhenChecked('media', 'studio://app/', { mediaType: 'unknown' })).toBe(false);
    expect(isGrantedWhenChecked('media', 'https://example.org/', { mediaType: 'video' })).toBe(false);
  });

  test('grants no device', () => {
    expect(handlerOf(defaultSession.setDevicePermissionHandler)({ deviceType: 'hid' })).toBe(false);
  });

  test('cancels requests to the network and to files', () => {
    const { onBeforeRequest } = defaultSession.webRequest;
    expect(onBeforeRequest.mock.lastCall?.[0]).toEqual({
      urls: ['http://*/*', 'https://*/*', 'ws://*/*', 'wss://*/*', 'ftp://*/*', 'file:///*'],
    });
    const answer = vi.fn();
    handlerOf(onBeforeRequest)({ url: 'https://example.org/' }, answer);
    expect(answer).toHaveBeenCalledExactlyOnceWith({ cancel: true });
  });

  test('downloads no dictionaries', () => {
    expect(defaultSession.setSpellCheckerEnabled).toHaveBeenLastCalledWith(false);
  });
});
