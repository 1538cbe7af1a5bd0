import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Page } from '@playwright/test';
import { startCommand } from '../contract/command.ts';

/** The studio as `serve` runs it, on a fresh workspace. */
export interface RunningStudio {
  /** The address it printed; it works once. */
  readonly address: string;
  /** Holds the workspace, and is free for a test's own files. */
  readonly folder: string;
  close(): Promise<void>;
}

export async function startStudio(): Promise<RunningStudio> {
  const folder = mkdtempSync(join(tmpdir(), 'studio-e2e-'));
  const command = startCommand('serve', '--workspace', join(folder, 'workspace'), '--json');
  const [, address] = await command.sees(/"url":\s*"([^"]+)"/);
  return {
    address: address!,
    folder,
    close: async () => {
      command.child.kill('SIGTERM');
      await command.ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Everything the browser complains about from now on; a sound window leaves this empty. */
export function problemsOf(page: Page): string[] {
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
  });
  return problems;
}
