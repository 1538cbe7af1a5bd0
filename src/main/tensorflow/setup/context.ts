import { statfs } from 'node:fs/promises';
import type { RunCommand } from './command.ts';
import { runCommand } from './command.ts';

export type SetupStage = 'wait' | 'download' | 'unpack' | 'compile' | 'check';

/** What the set-up is doing now. */
export interface SetupProgress {
  readonly stage: SetupStage;
  /** A sentence for the person. */
  readonly message: string;
  /** Bytes done and to do, where the stage can be measured. */
  readonly done?: number;
  readonly total?: number;
}

/** What the set-up needs of the machine. Tests hand in their own. */
export interface SetupMachine {
  readonly run: RunCommand;
  readonly fetch: typeof fetch;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Bytes free for this user on the disk that holds `folder`. */
  readonly freeBytes: (folder: string) => Promise<number>;
}

export const thisMachine: SetupMachine = {
  run: runCommand,
  fetch: (input, init) => fetch(input, init),
  environment: process.env,
  freeBytes: async (folder) => {
    const disk = await statfs(folder);
    return disk.bavail * disk.bsize;
  },
};

/** One run of the set-up. */
export interface SetupContext {
  readonly machine: SetupMachine;
  readonly report: (progress: SetupProgress) => void;
  readonly signal: AbortSignal | undefined;
}
