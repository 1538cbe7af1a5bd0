import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { StudioError } from '#shared/errors.ts';
import { electronBinary } from '../../bootstrap/electron-binary.ts';
import { findBrowser } from '../../bootstrap/find-browser.ts';
import { remoteClient } from '../connection.ts';
import { type Host, openHost } from '../host.ts';
import { openWorkspace, runningHost, servingHost } from '../workspace.ts';
import type { CommandContext } from './context.ts';
import { exposureOf, type ServeOptions } from './serve-exposure.ts';
import type { Register } from './register.ts';
import { naturalNumber } from './values.ts';

/** serve, start, and the hidden `host` that the desktop shell and --detach use. */
export const registerServeCommands: Register = (program, action) => {
  program
    .command('serve')
    .description('the studio in a browser; prints a one-time address')
    .option('--port <port>', '0 takes a free one', naturalNumber, 0)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--expose', 'let other machines reach it, with one of the next two', false)
    .option('--tls <certificate,key>', 'two PEM files, by which it encrypts its connections')
    .option('--behind <origin>', 'https://NAME of a proxy in front of it, which encrypts')
    .option('--name <name>', 'with --tls: how browsers call this machine (default: the address)')
    .action(
      action(async (context, options: ServeOptions) => {
        const exposure = exposureOf(options);
        const running = await addressOfRunningHost(context);
        if (running !== null) return context.result({ url: running }, `This workspace is open already: ${running}`);
        const host = await openHost(context.workspace, { log: (line) => context.progress.line(line) });
        const url = await host.listen(options.host, options.port, exposure);
        host.studio.resumeInterrupted();
        context.result(
          { url },
          `The studio is at\n  ${url}\nThe address works once. Ctrl-C ends it; a run pauses and goes on at the next start.`,
        );
        tellNotices(context, host);
        await untilInterrupted(context);
        await host.close();
      }),
    );

  program
    .command('start')
    .description('open the studio’s window')
    .action(
      action(async (context) => {
        const electron = electronBinary();
        if (electron !== null) return runElectron(context, electron);
        const url = await addressOfRunningHost(context);
        if (url !== null) {
          await openWindow(context, url);
          return context.result({ url }, 'This workspace is open already; its window was opened again.');
        }
        const host = await openHost(context.workspace, { log: (line) => context.progress.line(line) });
        const address = await host.listen('127.0.0.1', 0);
        host.studio.resumeInterrupted();
        tellNotices(context, host);
        context.progress.line(
          'Electron is not installed here (`npx install-electron` gets it): the same window opens in a browser.',
        );
        const window = await openWindow(context, address);
        context.result(
          { url: address },
          `Workspace ${host.studio.workspace.directory}. Ctrl-C ends the studio; a run pauses and goes on at the next start.`,
        );
        await Promise.race([untilInterrupted(context), closedAndIdle(context, host, window)]);
        await host.close();
      }),
    );

  program
    .command('host', { hidden: true })
    .option('--until-idle', 'end when nothing is left to train', false)
    .action(
      action(async (context, { untilIdle }: { untilIdle: boolean }) => {
        const holder = await servingHost(openWorkspace(context.workspace));
        if (holder !== null) {
          // A detached run holds the workspace: its host serves this window too.
          process.stdout.write(`${JSON.stringify({ socket: holder.socket, token: holder.token })}\n`);
          await Promise.race([untilInterrupted(context), inputClosed(), gone(context.workspace)]);
          return;
        }
        const host = await openHost(context.workspace, { log: (line) => context.progress.line(line) });
        const { socket, token } = host.studio.lock.address;
        process.stdout.write(`${JSON.stringify({ socket, token })}\n`);
        if (untilIdle) {
          await host.idle();
        } else {
          host.studio.resumeInterrupted();
          await Promise.race([untilInterrupted(context), inputClosed()]);
        }
        await host.close();
      }),
    );
};

function tellNotices(context: CommandContext, host: Host): void {
  for (const notice of host.studio.info().notices) context.progress.line(notice);
}

async function addressOfRunningHost(context: CommandContext): Promise<string | null> {
  const running = await servingHost(openWorkspace(context.workspace));
  if (running === null) return null;
  const { url } = await remoteClient(running).system.newWindow.mutate();
  if (url === null) {
    throw new StudioError(
      'conflict',
      `Another command (process ${running.pid}) works on the workspace ${context.workspace}.`,
      {
        hint: 'Wait until it ends, or end it.',
      },
    );
  }
  return url;
}

function untilInterrupted(context: CommandContext): Promise<void> {
  return new Promise((resolve) => {
    context.onInterrupt = (count) => {
      if (count > 1) process.exit(130);
      context.progress.line('Closing; press Ctrl-C again to end at once.');
      resolve();
    };
  });
}

/** The shell holds the other end of stdin: when it is gone, so is the window. */
function inputClosed(): Promise<void> {
  return new Promise((resolve) => {
    process.stdin.on('end', resolve).on('close', resolve).resume();
  });
}

const HOLDER_POLL_MILLISECONDS = 1_000;

async function gone(workspace: string): Promise<void> {
  while (runningHost(openWorkspace(workspace)) !== null) await sleep(HOLDER_POLL_MILLISECONDS);
}

/** Opens a Chromium app window when there is a browser and a display; else the address is printed. Null: no window was opened. */
async function openWindow(context: CommandContext, url: string): Promise<ChildProcess | null> {
  const browser = await findBrowser();
  const hasDisplay =
    process.platform !== 'linux' ||
    process.env['DISPLAY'] !== undefined ||
    process.env['WAYLAND_DISPLAY'] !== undefined;
  if (browser === null || !hasDisplay) {
    const why = browser === null ? 'No Chromium or Chrome was found' : 'There is no display';
    context.progress.line(`${why}; open this address in a browser (it works once):\n  ${url}`);
    return null;
  }
  const profile = join(openWorkspace(context.workspace).cacheDirectory, 'browser');
  mkdirSync(profile, { recursive: true });
  const isRoot = process.getuid?.() === 0;
  const window = spawn(
    browser.path,
    [
      `--app=${url}`,
      `--user-data-dir=${profile}`,
      '--no-first-run',
      '--no-default-browser-check',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...(isRoot ? ['--no-sandbox'] : []),
    ],
    { stdio: 'ignore' },
  );
  window.on('error', (error) =>
    context.progress.line(`The browser could not be started (${error.message}); open ${url}`),
  );
  return window;
}

/** Settles when the window was closed and nothing trains any more. */
async function closedAndIdle(context: CommandContext, host: Host, window: ChildProcess | null): Promise<void> {
  if (window === null) return new Promise(() => undefined);
  await new Promise((resolve) => window.on('close', resolve));
  if (host.studio.runs.isBusy)
    context.progress.line('The window is closed; the studio stays until its run ends. Ctrl-C pauses it.');
  await host.studio.runs.whenIdle();
}

async function runElectron(context: CommandContext, electron: string): Promise<void> {
  // Electron reads the checkout's package.json for its entry.
  const application = fileURLToPath(new URL('../../../..', import.meta.url));
  const child = spawn(electron, [application], {
    stdio: 'inherit',
    env: { ...process.env, FACE2EXP_WORKSPACE: context.workspace },
  });
  context.onInterrupt = () => child.kill('SIGTERM');
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  });
  process.exitCode = code ?? 1;
}
