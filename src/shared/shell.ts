import { z } from 'zod';
import type { SerializedStudioError } from './errors.ts';

/** How the host, which the desktop shell starts and keeps running, is doing. */
export type HostStatus =
  | { readonly state: 'starting' }
  | { readonly state: 'ready' }
  /** It ended unasked; `attempt` counts from 1 and the shell tries again after `delay` milliseconds. */
  | { readonly state: 'restarting'; readonly attempt: number; readonly delay: number }
  /** The shell has given up; it shows the error in a dialog of its own that offers to try again. */
  | { readonly state: 'failed'; readonly error: SerializedStudioError };

/** The studio's work as the system shows it: in the dock or taskbar, by not falling asleep, and by a word when something has ended. */
export const shellWorkSchema = z.object({
  /** Something runs: the machine stays awake. */
  isWorking: z.boolean(),
  /** Of all that runs, 0 … 1; null when nothing tells. */
  progress: z.number().min(0).max(1).nullable(),
  /** What has ended since the last time. */
  ended: z.array(z.object({ title: z.string().max(200), outcome: z.string().max(300) })).max(20),
});
export type ShellWork = z.infer<typeof shellWorkSchema>;

/** What the desktop shell adds to the window, as `window.studioShell`. In a browser it is undefined. */
export interface StudioShell {
  readonly platform: NodeJS.Platform;
  /** The system's folder dialog. Resolves to an absolute path, or null when the person cancelled. */
  chooseFolder(): Promise<string | null>;
  /** The system's file dialog for one picture. Resolves to an absolute path, or null when the person cancelled. */
  chooseImage(): Promise<string | null>;
  /** The absolute path of a file or folder that was dropped on the window; empty when the file does not come from the disk. */
  pathOf(file: File): string;
  /** Tells the system what the studio does. */
  showWork(work: ShellWork): Promise<void>;
  /** Calls the listener with each change of the host's state, until the returned function is called. */
  onHostStatus(listener: (status: HostStatus) => void): () => void;
}

/** Every request from the window to the shell. The channels of Electron's IPC are the keys of this map and of the next, and no others. */
export type ShellRequests = {
  'shell:choose-folder': () => Promise<string | null>;
  'shell:choose-image': () => Promise<string | null>;
  /** The page's word, checked by {@link shellWorkSchema}. */
  'shell:show-work': (work: unknown) => Promise<void>;
};

/** Every message from the shell to the window. */
export type ShellMessages = {
  'shell:host-status': (status: HostStatus) => void;
};
