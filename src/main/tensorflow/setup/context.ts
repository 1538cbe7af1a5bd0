import { statfs } from 'node:fs/promises';
import { type RunCommand, runCommand } from './command.ts';
import { nvidiaDriverLoaded } from './gpu.ts';
import type { RuntimeDevice } from './layout.ts';
import type { PinnedWheel } from './pins.ts';

export type SetupStage = 'wait' | 'download' | 'unpack' | 'compile' | 'check';

/** What the set-up is doing now. */
export interface SetupProgress {
  readonly stage: SetupStage;
  /** A sentence for the person. */
  readonly message: string;
  /** Bytes done so far. */
  readonly done: number;
  /** Bytes to do, null where the stage cannot be measured. */
  readonly total: number | null;
}

/** What the set-up needs of the machine. Tests hand in their own. */
export interface SetupMachine {
  readonly run: RunCommand;
  readonly fetch: typeof fetch;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** True where the kernel has an NVIDIA driver. */
  readonly nvidiaDriverLoaded: () => boolean;
  /** Bytes free for this user on the disk that holds `folder`. */
  readonly freeBytes: (folder: string) => Promise<number>;
}

export const thisMachine: SetupMachine = {
  run: runCommand,
  fetch: (input, init) => fetch(input, init),
  environment: process.env,
  nvidiaDriverLoaded,
  freeBytes: async (folder) => {
    const disk = await statfs(folder);
    return disk.bavail * disk.bsize;
  },
};

/** One run of the set-up. */
export interface SetupContext {
  readonly machine: SetupMachine;
  readonly cacheFolder: string;
  /** The downloads that make up a runtime. */
  readonly wheels: (device: RuntimeDevice) => readonly PinnedWheel[];
  /** @param bytes done and to do, where the stage can be measured. */
  readonly report: (
    stage: SetupStage,
    message: string,
    bytes?: { readonly done: number; readonly total: number },
  ) => void;
  readonly signal: AbortSignal | undefined;
}
