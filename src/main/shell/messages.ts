import type { IpcMain, IpcMainInvokeEvent, WebContents } from 'electron';
import { StudioError } from '#shared/errors.ts';
import type { ShellMessages, ShellRequests } from '#shared/shell.ts';
import { isStudioAddress } from './studio-address.ts';

/** Answers the window's requests, and nobody else's. */
export function answerRequests(ipcMain: Pick<IpcMain, 'handle'>, answers: ShellRequests): void {
  for (const [channel, answer] of Object.entries(answers)) {
    ipcMain.handle(channel, (event, value: unknown) => {
      if (!isFromWindow(event)) {
        throw new StudioError('unauthorized', `A page that is not the studio asked the shell for “${channel}”.`);
      }
      return answer(value);
    });
  }
}

/** The frame is null when it was closed or has navigated since it asked: who asked can then not be known. */
function isFromWindow({ senderFrame }: Pick<IpcMainInvokeEvent, 'senderFrame'>): boolean {
  return senderFrame !== null && senderFrame.parent === null && isStudioAddress(senderFrame.url);
}

export function sendToWindow<Channel extends keyof ShellMessages>(
  contents: Pick<WebContents, 'send'>,
  channel: Channel,
  ...message: Parameters<ShellMessages[Channel]>
): void {
  contents.send(channel, ...message);
}
