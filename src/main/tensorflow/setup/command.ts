import { spawn } from 'node:child_process';

/** How a command ended: its exit code, the signal that killed it, or 'missing' where no such program is on the PATH. */
export type CommandStatus = number | NodeJS.Signals | 'missing';

export interface CommandResult {
  readonly status: CommandStatus;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Aborting kills the command; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Runs a program without a shell and collects its output. */
export type RunCommand = (program: string, args: readonly string[], options?: CommandOptions) => Promise<CommandResult>;

export const runCommand: RunCommand = (program, args, options = {}) =>
  new Promise((resolve, reject) => {
    options.signal?.throwIfAborted();
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.environment },
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (options.signal?.aborted) reject(options.signal.reason as Error);
      else if (error.code === 'ENOENT') resolve({ status: 'missing', ...output });
      else reject(error);
    });
    child.on('close', (code, killedBy) => {
      // Ctrl-C reaches the command too, which may then end by itself before it is killed.
      if (options.signal?.aborted) reject(options.signal.reason as Error);
      else resolve({ status: code ?? killedBy ?? 'missing', ...output });
    });
  });
