import { contextBridge, ipcRenderer, webUtils } from 'electron';
import type { HostStatus, ShellMessages, ShellRequests, StudioShell } from '#shared/shell.ts';

function ask<Channel extends keyof ShellRequests>(
  channel: Channel,
  ...values: Parameters<ShellRequests[Channel]>
): ReturnType<ShellRequests[Channel]> {
  return ipcRenderer.invoke(channel, ...values) as ReturnType<ShellRequests[Channel]>;
}

const studioShell: StudioShell = {
  platform: process.platform,
  chooseFolder: () => ask('shell:choose-folder'),
  chooseImage: () => ask('shell:choose-image'),
  pathOf: (file) => webUtils.getPathForFile(file),
  showWork: (work) => ask('shell:show-work', work),
  onHostStatus: (listener) => {
    // The event itself stays on this side: it holds the sender, and with it all of IPC.
    const onMessage = (_event: unknown, status: HostStatus): void => listener(status);
    const channel: keyof ShellMessages = 'shell:host-status';
    ipcRenderer.on(channel, onMessage);
    return () => ipcRenderer.off(channel, onMessage);
  },
};

contextBridge.exposeInMainWorld('studioShell', studioShell);
