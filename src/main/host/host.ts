import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Exposure, type HttpOptions, type Listening, listenOnPort, listenOnSocket } from './http/server.ts';
import { Access } from './http/security.ts';
import { type Studio, createStudio } from './studio.ts';
import { openWorkspace, servingHost } from './workspace.ts';

/** How long a host of `--detach` waits for its first run, and between looks whether all is done. */
const FIRST_RUN_MILLISECONDS = 30_000;
const IDLE_POLL_MILLISECONDS = 500;

/** A studio that others can reach: by its socket always, by a browser once it listens on a port. */
export interface Host {
  readonly studio: Studio;
  /** Serves the browser UI. @param exposure how other machines reach it; this one alone when left out. @returns the one-time address. */
  listen(address: string, port: number, exposure?: Exposure): Promise<string>;
  /** Settles when at least one run was asked for and none is left, or none came for a while. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

/** Folder of the built UI: beside the sources in a checkout. */
const UI_FOLDER = process.env['FACE2EXP_UI'] ?? fileURLToPath(new URL('../../../out/renderer', import.meta.url));

export async function openHost(workspace: string, options: { log: (line: string) => void }): Promise<Host> {
  await servingHost(openWorkspace(workspace));
  const studio = createStudio({ workspace });
  const access = new Access(studio.lock.address.token);
  const listening: Listening[] = [];
  let origin: string | null = null;
  const http: HttpOptions = {
    studio,
    access,
    ui: UI_FOLDER,
    log: options.log,
    newWindowAddress: () => (origin === null ? null : `${origin}/#launch=${access.newLaunchToken()}`),
  };
  const close = async (): Promise<void> => {
    studio.lock.setServing(false);
    await Promise.all(listening.map((server) => server.close()));
    await studio.close();
  };
  try {
    listening.push(await listenOnSocket(http, studio.lock.address.socket));
    studio.lock.setServing(true);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    studio,
    listen: async (address, port, exposure) => {
      const server = await listenOnPort(http, address, port, exposure);
      listening.push(server);
      origin = originOf(address, server.port, exposure);
      studio.lock.setUrl(origin);
      return `${origin}/#launch=${access.newLaunchToken()}`;
    },
    idle: async () => {
      const deadline = performance.now() + FIRST_RUN_MILLISECONDS;
      while (!studio.runs.isBusy && performance.now() < deadline) await sleep(IDLE_POLL_MILLISECONDS);
      await studio.runs.whenIdle();
    },
    close,
  };
}

function originOf(address: string, port: number, exposure: Exposure | undefined): string {
  if (exposure === undefined) return `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
  return exposure.tls === null ? `https://${exposure.name}` : `https://${exposure.name}:${port}`;
}
