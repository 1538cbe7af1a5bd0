import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { HostCommand } from '../../../src/main/shell/host-process.ts';

export type FakeBehaviour = 'listen' | 'crash-when-listening' | 'refuse' | 'babble' | 'deaf';

export interface FakeHost {
  readonly command: HostCommand;
  readonly socket: string;
  /** What its processes have noted so far. */
  log(): string[];
}

/** A fake host in a folder of its own, removed when the test ends. */
export function fakeHost(behaviour: FakeBehaviour): FakeHost {
  const folder = mkdtempSync(join(tmpdir(), 'shell-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const socket = join(folder, 'host.sock');
  const logFile = join(folder, 'log');
  const script = fileURLToPath(new URL('fake-host.mjs', import.meta.url));
  return {
    command: { program: process.execPath, arguments: [script, behaviour, socket, logFile], environment: process.env },
    socket,
    log: () => (existsSync(logFile) ? readFileSync(logFile, 'utf8').trim().split('\n') : []),
  };
}
