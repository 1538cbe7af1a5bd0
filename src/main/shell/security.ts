import type { Session, WebContents } from 'electron';
import { isStudioAddress } from './studio-address.ts';

/** Copying text as the answer to a click is all the window may ask of the system, but for the camera. */
const ALLOWED_PERMISSIONS: ReadonlySet<string> = new Set(['clipboard-sanitized-write']);

/** Sites the window links to: the paper of the method, and where doctor sends people for what is missing. */
const EXTERNAL_SITES: ReadonlySet<string> = new Set(['openaccess.thecvf.com', 'www.nvidia.com', 'www.tensorflow.org']);

const REMOTE_ADDRESSES = ['http://*/*', 'https://*/*', 'ws://*/*', 'wss://*/*', 'ftp://*/*', 'file:///*'];

/** Denies every permission, device and remote request that the window does not need: nothing leaves this machine. */
export function secureSession(session: Session): void {
  session.setPermissionRequestHandler((_contents, permission, answer, details) => {
    const media = 'mediaTypes' in details ? details.mediaTypes : undefined;
    answer(isAllowed(permission, details.requestingUrl, media));
  });
  session.setPermissionCheckHandler((_contents, permission, requestingOrigin, { mediaType }) =>
    isAllowed(permission, requestingOrigin, mediaType === undefined ? undefined : [mediaType]),
  );
  session.setDevicePermissionHandler(() => false);
  session.webRequest.onBeforeRequest({ urls: REMOTE_ADDRESSES }, (_details, answer) => answer({ cancel: true }));
  // Chromium downloads the dictionaries of its spell checker.
  session.setSpellCheckerEnabled(false);
}

/** @param media what is asked for with 'media'. Predict takes a picture by the camera when its button is pressed; nothing ever listens. */
function isAllowed(permission: string, requester: string, media: readonly string[] = []): boolean {
  if (!isStudioAddress(requester)) return false;
  if (permission === 'media') return media.length === 1 && media[0] === 'video';
  return ALLOWED_PERMISSIONS.has(permission);
}

/** Keeps a page where it is: no other site in it, no frames, no second window, no webview. */
export function secureContents(contents: WebContents, openExternal: (address: string) => Promise<void>): void {
  contents.on('will-frame-navigate', (event) => {
    if (!event.isMainFrame || !isStudioAddress(event.url)) event.preventDefault();
  });
  contents.on('will-redirect', (event) => {
    if (!isStudioAddress(event.url)) event.preventDefault();
  });
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    if (isExternalSite(url)) void openExternal(url);
    return { action: 'deny' };
  });
}

function isExternalSite(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, host, username, password } = new URL(address);
  return protocol === 'https:' && EXTERNAL_SITES.has(host) && username === '' && password === '';
}
