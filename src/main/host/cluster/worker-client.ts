import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { hostname } from 'node:os';
import WebSocket from 'ws';
import { StudioError, deserializeError } from '#shared/errors.ts';
import { networkAddressText, parseNetworkAddress } from '#shared/network-address.ts';
import type { FromEngine, ToEngine } from '../../engine/messages.ts';
import { Channel } from './channel.ts';
import { type FileReceiver, type ReceivedFile, sendFile } from './file-transfer.ts';
import type { FromWorker, ImageReport, ImageSample, ToWorker, WorkerIntroduction, WorkerState } from './protocol.ts';
import { HEADERS } from './protocol.ts';
import { clusterVersion } from './worker-server.ts';

const CONNECT_MILLISECONDS = 10_000;

/** Tells one host from another: its machine and process. */
const OWN_NAME = `${hostname()}, process ${process.pid}`;

export interface WorkerClientOptions {
  readonly secret: string;
  /** What the worker is wanted for, such as "Train r1". */
  readonly purpose: string;
  /** What it may take over that this process began on the worker before, such as a run's id; nothing when left out. */
  readonly task?: string;
  /** Nothing heard of it for so long, and it counts as gone. */
  readonly silenceMilliseconds: number;
  /** Where checkpoints that it sends go. */
  readonly files: FileReceiver | null;
  readonly onFile: (file: ReceivedFile) => void;
  readonly onEngine: (message: FromEngine) => void;
}

/** A host's connection to one worker. */
export class WorkerClient {
  /** As the person named it. */
  readonly address: string;
  readonly introduction: WorkerIntroduction;
  /** What ended it, in a sentence that names the worker. Never rejects. */
  readonly ended: Promise<StudioError>;
  readonly #channel: Channel<ToWorker, FromWorker>;
  #checked: ((report: ImageReport) => void) | null = null;
  #ownEnd: StudioError | null = null;

  private constructor(address: string, channel: Channel<ToWorker, FromWorker>, introduction: WorkerIntroduction) {
    this.address = address;
    this.#channel = channel;
    this.introduction = introduction;
    this.ended = channel.ended.then(({ reason }) => this.#ownEnd ?? gone(address, reason));
  }

  /** @throws StudioError 'unavailable', 'unauthorized' or 'conflict' that names the worker and why it does not take part. */
  static connect(address: string, options: WorkerClientOptions): Promise<WorkerClient> {
    const socket = newSocket(address, options);
    return new Promise((resolve, reject) => {
      refusalOf(socket, address).catch(reject);
      let client: WorkerClient | null = null;
      // From the start: the welcome may come in one packet with the answer that opens the connection.
      const channel = new Channel<ToWorker, FromWorker>(socket, options.silenceMilliseconds, (message) => {
        if (message.kind === 'welcome') {
          client = new WorkerClient(address, channel, message.worker);
          resolve(client);
        } else if (client !== null) client.#receive(message, options);
      });
      void channel.ended.then(({ reason }) => reject(gone(address, reason)));
    });
  }

  /** HOST:PORT where its TensorFlow listens, as the other workers reach it. */
  get tensorFlowAddress(): string {
    const { host } = parseNetworkAddress(this.address);
    return networkAddressText({ host, port: this.introduction.tensorFlowPort });
  }

  /** @param path in the session's folder. */
  sendFile(source: string, path: string): Promise<void> {
    return sendFile((part) => this.#channel.send(part), source, path);
  }

  /** Whether it has the images of the run whose files were sent. @throws StudioError 'not-found', 'bad-input' that names the worker. */
  async checkImages(sample: readonly ImageSample[]): Promise<ImageReport> {
    const answered = new Promise<ImageReport>((resolve) => (this.#checked = resolve));
    await this.#channel.send({ kind: 'check', sample });
    const report = await Promise.race([answered, this.ended.then((error) => Promise.reject(error))]);
    const { files, missing, different, example } = report;
    if (missing > 0) {
      throw new StudioError(
        'not-found',
        `Worker ${this.address} lacks ${missing.toLocaleString('en')} of ${files.toLocaleString('en')} files of images, among them ${example}.`,
        {
          hint: 'Start it anew and tell it where they are there.',
          commandLine: 'worker --map FOLDER-ON-THE-HOST=FOLDER-THERE',
        },
      );
    }
    if (different > 0) {
      throw new StudioError('bad-input', `Worker ${this.address} has another picture in ${example}.`, {
        hint: `${different} of ${sample.length} images looked at are not those of the host: copy them anew.`,
      });
    }
    return report;
  }

  start(environment: Readonly<Record<string, string>>): void {
    void this.#channel.send({ kind: 'start', environment });
  }

  send(message: ToEngine): void {
    void this.#channel.send({ kind: 'engine', message });
  }

  close(reason: string): void {
    this.#channel.close(reason);
  }

  #receive(message: FromWorker, { files, onFile, onEngine }: WorkerClientOptions): void {
    switch (message.kind) {
      case 'welcome':
        break;
      case 'checked':
        this.#checked?.(message.report);
        break;
      case 'file':
      case 'bytes':
      case 'fileEnd': {
        const complete = files?.receive(message) ?? null;
        if (complete !== null) onFile(complete);
        break;
      }
      case 'engine':
        onEngine(message.message);
        break;
      case 'ended': {
        const { code, message: sentence, hint, commandLine } = deserializeError(message.error);
        this.#ownEnd = new StudioError(code, `Worker ${this.address}: ${sentence}`, {
          ...(hint !== undefined && { hint }),
          ...(commandLine !== undefined && { commandLine }),
        });
        this.#channel.close(sentence);
        break;
      }
    }
  }
}

/** @throws StudioError 'usage' for what is no address. */
function newSocket(address: string, { secret, purpose, task = randomUUID() }: WorkerClientOptions): WebSocket {
  parseNetworkAddress(address);
  return new WebSocket(`ws://${address}/`, {
    handshakeTimeout: CONNECT_MILLISECONDS,
    maxPayload: 2 ** 28,
    perMessageDeflate: false,
    headers: {
      ...accessHeaders(secret),
      [HEADERS.host]: OWN_NAME,
      [HEADERS.task]: Buffer.from(task, 'utf8').toString('base64url'),
      [HEADERS.purpose]: Buffer.from(purpose, 'utf8').toString('base64url'),
    },
  });
}

/** Rejects with the reason why a connection does not come about; settles when it does. */
function refusalOf(socket: WebSocket, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('unexpected-response', (_request, response) => {
      void refusalText(response).then((sentence) => {
        reject(refused(address, response.statusCode, sentence));
        socket.terminate();
      });
    });
    socket.once('error', (error) => {
      reject(unreached(address, error));
    });
  });
}

async function refusalText(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of response as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}

/**
 * What a worker is and does, without a connection that would disturb it.
 * @param milliseconds it has to answer. @throws StudioError as {@link WorkerClient.connect}.
 */
export async function lookAtWorker(address: string, secret: string, milliseconds: number): Promise<WorkerState> {
  parseNetworkAddress(address);
  let response: Response;
  try {
    const signal = AbortSignal.timeout(milliseconds);
    response = await fetch(`http://${address}/`, { headers: accessHeaders(secret), signal });
  } catch (error) {
    throw unreached(
      address,
      (error as Error).cause instanceof Error ? ((error as Error).cause as Error) : (error as Error),
    );
  }
  if (!response.ok) throw refused(address, response.status, await response.text());
  return (await response.json()) as WorkerState; // both are of one version: it would be refused else
}

function accessHeaders(secret: string): Record<string, string> {
  return { authorization: `Bearer ${secret}`, [HEADERS.version]: clusterVersion() };
}

function refused(address: string, status: number | undefined, sentence: string): StudioError {
  return new StudioError(status === 401 ? 'unauthorized' : 'conflict', `Worker ${address} refuses: ${sentence}`);
}

function unreached(address: string, cause: Error): StudioError {
  return new StudioError('unavailable', `Worker ${address} cannot be reached: ${cause.message.replace(/\.$/, '')}.`, {
    hint: 'Start it there.',
    commandLine: '`face2exp worker --listen HOST:PORT`',
    cause,
  });
}

function gone(address: string, reason: string): StudioError {
  return new StudioError('unavailable', `Worker ${address} is gone. ${reason}`, {
    hint: 'The run is at its last checkpoint and goes on when resumed, with the same workers or fewer.',
    commandLine: '`train --resume RUN --cluster HOST:PORT,…`',
  });
}
