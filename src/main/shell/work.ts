import { type BrowserWindow, Notification, powerSaveBlocker } from 'electron';
import { shellWorkSchema } from '#shared/shell.ts';

/** Electron's word for no bar. */
const NO_PROGRESS = -1;

/**
 * Shows the studio's work where the system shows it: a bar in the dock or taskbar, no sleep while something runs (the screen may go dark), and a
 * notification when something has ended and nobody looks at the window.
 *
 * @param focus brings the window to the front, for a notification that is pressed.
 * @returns what takes the page's word. It throws a ZodError for what is none.
 */
export function workShower(
  window: Pick<BrowserWindow, 'setProgressBar' | 'isFocused' | 'on'>,
  focus: () => void,
): (work: unknown) => Promise<void> {
  let blocker: number | null = null;
  const stayAwake = (isWorking: boolean): void => {
    if (isWorking && blocker === null) blocker = powerSaveBlocker.start('prevent-app-suspension');
    if (!isWorking && blocker !== null) {
      powerSaveBlocker.stop(blocker);
      blocker = null;
    }
  };
  // What ran may go on, but nobody is left who would say when it ends.
  window.on('closed', () => stayAwake(false));
  return (told) => {
    const { isWorking, progress, ended } = shellWorkSchema.parse(told);
    window.setProgressBar(progress ?? NO_PROGRESS);
    stayAwake(isWorking);
    if (!window.isFocused() && Notification.isSupported()) {
      for (const { title, outcome } of ended) {
        const notification = new Notification({ title, body: outcome });
        notification.on('click', focus);
        notification.show();
      }
    }
    return Promise.resolve();
  };
}
