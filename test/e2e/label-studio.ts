import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Running, startCommand } from '../contract/command.ts';
import { openCatalog } from '../../src/main/catalog/catalog.ts';

/** A studio on a workspace with content, whose host can be killed and started again at the same address. */
export interface LabelStudio {
  readonly address: string;
  readonly folder: string;
  readonly workspace: string;
  /** As `kill -9` does. */
  kill(): void;
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** @param fill makes the workspace before a host has it. */
export async function startLabelStudio(
  fill: (place: { folder: string; workspace: string }) => Promise<void>,
): Promise<LabelStudio> {
  const folder = mkdtempSync(join(tmpdir(), 'labels-e2e-'));
  const workspace = join(folder, 'workspace');
  await fill({ folder, workspace });
  let host = startCommand('serve', '--workspace', workspace, '--json');
  const address = await addressOf(host);
  const { port } = new URL(address);
  return {
    address,
    folder,
    workspace,
    kill: () => host.child.kill('SIGKILL'),
    restart: async () => {
      await host.ended;
      host = startCommand('serve', '--workspace', workspace, '--port', port, '--json');
      await addressOf(host);
    },
    close: async () => {
      host.child.kill('SIGTERM');
      await host.ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function addressOf(host: Running): Promise<string> {
  const [, address] = await host.sees(/"url":\s*"([^"]+)"/);
  return address!;
}

/** Acts of a workspace's log that decided something, whoever has it open. */
export function decisionsIn(workspace: string): number {
  const catalog = openCatalog(join(workspace, 'catalog.sqlite'));
  try {
    return catalog.decisions.list({ limit: 100_000 }).filter(({ kind }) => kind === 'decision').length;
  } finally {
    catalog.close();
  }
}
