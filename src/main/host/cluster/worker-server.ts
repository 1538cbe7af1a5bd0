import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { STUDIO_VERSION } from '../version.ts';
import { CLUSTER_PROTOCOL, HEADERS, type WorkerState } from './protocol.ts';
import { isAuthorized } from './secret.ts';
import { WorkerSession, type WorkerSessionOptions } from './worker-session.ts';

export interface WorkerServerOptions extends WorkerSessionOptions {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
  /** Ends after its first session that worked. */
  readonly once: boolean;
  readonly log: (line: string) => void;
}

/** A session that is told to end takes so long at most: its engine is killed. */
const HANDOVER_MILLISECONDS = 10_000;

/** A session and what it is for. */
interface Served {
  readonly session: WorkerSession;
  readonly host: string;
  readonly task: string;
  readonly purpose: string;
}

/** Waits for hosts and serves one at a time. */
export class WorkerServer {
  readonly #options: WorkerServerOptions;
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: 2 ** 28 });
  #session: Served | null = null;
  #served!: () => void;
  /** Settles when the session of a server that serves once has ended. */
  readonly served = new Promise<void>((resolve) => (this.#served = resolve));

  private constructor(options: WorkerServerOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => this.#answerLook(request, response));
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** @throws Error of the system when the address cannot be listened on. */
  static async listen(options: WorkerServerOptions): Promise<WorkerServer> {
    const worker = new WorkerServer(options);
    await new Promise<void>((resolve, reject) => {
      worker.#server.once('error', reject).listen(options.port, options.host, resolve);
    });
    return worker;
  }

  async close(): Promise<void> {
    this.#session?.session.close('The worker was stopped.');
    await this.#session?.session.ended;
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** Who it is and what it does, for whoever may know: that disturbs nothing. */
  #answerLook(request: IncomingMessage, response: ServerResponse): void {
    const refusal = this.#refusalOf(request);
    if (refusal !== null) {
      const [status, sentence] = refusal;
      this.#noteRefusal(request, sentence);
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(sentence);
      return;
    }
    const served = this.#session;
    const isBusy = served !== null && !served.session.isOver;
    const state: WorkerState = {
      worker: this.#options.introduction,
      work: isBusy ? { host: served.host, purpose: served.purpose } : null,
    };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(state));
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refusal = this.#refusalOf(request);
    if (refusal !== null) return this.#refuse(request, socket, ...refusal);
    const before = this.#session;
    if (before !== null && !before.session.isOver && !isSameTask(before, request)) {
      return this.#refuse(request, socket, 409, `It works for ${before.host}: ${before.purpose}.`);
    }
    // The same host comes again about the same: what it began before is over.
    before?.session.close('The host began anew.');
    const free =
      before === null ? Promise.resolve() : Promise.race([before.session.ended, delay(HANDOVER_MILLISECONDS)]);
    void free.then(() =>
      this.#sockets.handleUpgrade(request, socket, head, (opened) => {
        const host = hostOf(request);
        const purpose = Buffer.from(headerOf(request, HEADERS.purpose), 'base64url').toString('utf8');
        const session = new WorkerSession(opened, this.#options);
        const current = { session, host, task: headerOf(request, HEADERS.task), purpose };
        this.#session = current;
        this.#options.log(`${host}: ${purpose}.`);
        void session.ended.then((reason) => {
          this.#options.log(`${host}: ended. ${reason}`);
          if (this.#session === current) this.#session = null;
          if (this.#options.once && session.hasWorked) this.#served();
        });
      }),
    );
  }

  /** Status and sentence for a request that is not let in; null: it is. */
  #refusalOf({ headers }: IncomingMessage): [number, string] | null {
    // Programs send none; a page of some site that a browser here shows does.
    if (headers.origin !== undefined) return [403, 'Pages of a browser are not let in.'];
    if (!isAuthorized(headers.authorization, this.#options.secret)) {
      return [
        401,
        'The secret is another one there: give both FACE2EXP_CLUSTER_SECRET, or the same file cluster-secret.',
      ];
    }
    const version = clusterVersion();
    const theirs = headers[HEADERS.version];
    if (theirs !== version)
      return [409, `It is Face2Exp Studio ${version}, not ${String(theirs)}: install the same on all machines.`];
    return null;
  }

  #refuse(request: IncomingMessage, socket: Duplex, status: number, sentence: string): void {
    this.#noteRefusal(request, sentence);
    const body = Buffer.from(sentence);
    socket.end(
      `HTTP/1.1 ${status} Refused\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${sentence}`,
    );
  }

  #noteRefusal(request: IncomingMessage, sentence: string): void {
    this.#options.log(`Refused ${request.socket.remoteAddress ?? 'somebody'}: ${sentence}`);
  }
}

/** Studio and protocol: what host and workers must have in common. */
export function clusterVersion(): string {
  return `${STUDIO_VERSION}/${CLUSTER_PROTOCOL}`;
}

function hostOf(request: IncomingMessage): string {
  return headerOf(request, HEADERS.host) || 'a host';
}

function headerOf({ headers }: IncomingMessage, name: string): string {
  return String(headers[name] ?? '');
}

function isSameTask({ host, task }: Served, request: IncomingMessage): boolean {
  return host === hostOf(request) && task === headerOf(request, HEADERS.task);
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
