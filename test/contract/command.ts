import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../src/main/host/cli.ts', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Settles when the text so far on stderr or stdout matches; rejects when the command ends before. */
  sees(pattern: RegExp): Promise<RegExpMatchArray>;
}

/** Starts a command of the studio as a person would: a process of its own. Variables of its environment may come last. */
export function startCommand(...parameters: (string | Readonly<Record<string, string>>)[]): Running {
  const words = parameters.filter((parameter) => typeof parameter === 'string');
  const variables = parameters.filter((parameter) => typeof parameter !== 'string');
  const child = spawn(process.execPath, [CLI, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: Object.assign({}, process.env, ...variables) as NodeJS.ProcessEnv,
  });
  let stdout = '';
  let stderr = '';
  const waiting = new Set<() => void>();
  const hear = (add: (text: string) => void) => (chunk: Buffer) => {
    add(chunk.toString());
    for (const look of waiting) look();
  };
  child.stdout.on(
    'data',
    hear((text) => (stdout += text)),
  );
  child.stderr.on(
    'data',
    hear((text) => (stderr += text)),
  );
  const ended = new Promise<Ended>((resolve) =>
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr })),
  );
  return {
    child,
    ended,
    sees: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = stdout.match(pattern) ?? stderr.match(pattern);
          if (match === null) return;
          waiting.delete(look);
          resolve(match);
        };
        waiting.add(look);
        look();
        void ended.then(({ code, signal }) =>
          reject(new Error(`The command ended (${code ?? signal}) before ${pattern} was seen:\n${stdout}\n${stderr}`)),
        );
      }),
  };
}

/** Runs a command to its end. */
export function runCommand(...parameters: string[]): Promise<Ended> {
  return startCommand(...parameters).ended;
}

/** Runs a command with --json and gives its document; throws with its stderr when it failed. */
export async function runJson<Document>(...parameters: string[]): Promise<Document> {
  const { code, stdout, stderr } = await runCommand(...parameters, '--json');
  if (code !== 0) throw new Error(`${parameters.join(' ')} ended with ${code}:\n${stderr}`);
  return JSON.parse(stdout) as Document;
}
