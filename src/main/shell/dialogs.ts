import { type BrowserWindow, type OpenDialogOptions, dialog } from 'electron';
import type { SerializedStudioError } from '#shared/errors.ts';
import type { ShellRequests } from '#shared/shell.ts';

const IMAGE_EXTENSIONS = ['jpg', 'jpeg', 'png', 'webp', 'bmp', 'gif', 'tif', 'tiff', 'avif'];

/** The native dialogs, attached to the window. */
export function dialogAnswers(
  window: BrowserWindow,
): Pick<ShellRequests, 'shell:choose-folder' | 'shell:choose-image'> {
  return {
    'shell:choose-folder': () => chooseOne(window, { properties: ['openDirectory', 'createDirectory'] }),
    'shell:choose-image': () =>
      chooseOne(window, {
        properties: ['openFile'],
        filters: [
          { name: 'Images', extensions: IMAGE_EXTENSIONS },
          { name: 'All files', extensions: ['*'] },
        ],
      }),
  };
}

async function chooseOne(window: BrowserWindow, options: OpenDialogOptions): Promise<string | null> {
  const { filePaths } = await dialog.showOpenDialog(window, options);
  return filePaths[0] ?? null;
}

/** Shows an error that stops the studio. @returns true when the person wants to try again, false to quit. */
export async function askToTryAgain(error: SerializedStudioError): Promise<boolean> {
  const { response } = await dialog.showMessageBox({
    type: 'error',
    message: error.message,
    detail: error.hint,
    buttons: ['Try again', 'Quit'],
    defaultId: 0,
    cancelId: 1,
  });
  return response === 0;
}
