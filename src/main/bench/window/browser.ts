import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { StudioError } from '#shared/errors.ts';

/** Chromium without a window, spoken to in the DevTools protocol over a pipe: no port is opened. */
export class Browser {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<Record<string, unknown>>>();
  #lastId = 0;

  /** @param profile an empty folder for what it keeps. */
  constructor(program: string, profile: string) {
    const isRoot = process.getuid?.() === 0;
    this.#child = spawn(
      program,
      [
        '--headless=new',
        '--remote-debugging-pipe',
        `--user-data-dir=${profile}`,
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--enable-precise-memory-info',
        // Chromium's sandbox refuses to work for root, as in most containers.
        ...(isRoot ? ['--no-sandbox'] : []),
        'about:blank',
      ],
      { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
    );
    this.#child.on('error', (error) => this.#fail(`could not be started: ${error.message}`));
    this.#child.on('exit', (code, signal) => this.#fail(`ended with ${signal ?? `code ${code}`}`));
    this.#input.on('error', () => undefined); // that it ended is told to whoever waits for an answer
    let rest = '';
    (this.#child.stdio[4] as Readable).setEncoding('utf8').on('data', (chunk: string) => {
      const messages = (rest + chunk).split('\0');
      rest = messages.pop()!;
      for (const message of messages) this.#hear(JSON.parse(message) as Answer);
    });
  }

  /** Opens a page and waits until it answers. */
  async open(width: number, height: number): Promise<Page> {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    const page = new Page(this, sessionId as string);
    await page.send('Page.enable');
    await page.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
    return page;
  }

  /** Process ids of the pages. */
  async pageProcesses(): Promise<number[]> {
    const { processInfo } = await this.send('SystemInfo.getProcessInfo');
    return (processInfo as { type: string; id: number }[])
      .filter(({ type }) => type === 'renderer')
      .map(({ id }) => id);
  }

  send(method: string, parameters: object = {}, sessionId?: string): Promise<Record<string, unknown>> {
    const id = ++this.#lastId;
    const answer = Promise.withResolvers<Record<string, unknown>>();
    this.#waiting.set(id, answer);
    this.#input.write(`${JSON.stringify({ id, method, params: parameters, sessionId })}\0`);
    return answer.promise;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  get #input(): Writable {
    return this.#child.stdio[3] as Writable;
  }

  #hear({ id, result, error }: Answer): void {
    if (id === undefined) return; // an event
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result ?? {});
    else waiting?.reject(new StudioError('internal', `The browser refused: ${error.message}`));
  }

  #fail(what: string): void {
    const error = new StudioError('unavailable', `The browser ${what}.`, {
      hint: 'Name another one by FACE2EXP_BROWSER.',
    });
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

interface Answer {
  readonly id?: number;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

export class Page {
  readonly #browser: Browser;
  readonly #session: string;

  constructor(browser: Browser, session: string) {
    this.#browser = browser;
    this.#session = session;
  }

  send(method: string, parameters: object = {}): Promise<Record<string, unknown>> {
    return this.#browser.send(method, parameters, this.#session);
  }

  /** Goes to an address and comes back when `condition`, an expression of the page, has become true. */
  async go(address: string, condition: string): Promise<void> {
    await this.send('Page.navigate', { url: address });
    await this.evaluate(`(async () => {
      const start = performance.now();
      while (!(${condition})) {
        if (performance.now() - start > 60_000) throw new Error('The page did not get ready.');
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })()`);
  }

  /** The value of an expression of the page, awaited. @throws StudioError what the page throws. */
  async evaluate<Value>(expression: string): Promise<Value> {
    const answer = await this.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    const { result, exceptionDetails } = answer as {
      result: { value: Value };
      exceptionDetails?: { exception?: { description?: string }; text: string };
    };
    if (exceptionDetails !== undefined) {
      throw new StudioError(
        'internal',
        `The window failed: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`,
      );
    }
    return result.value;
  }
}
