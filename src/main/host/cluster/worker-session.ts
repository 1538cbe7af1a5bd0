import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WebSocket } from 'ws';
import { StudioError, serializeError } from '#shared/errors.ts';
import { type TrainingConfig, trainingConfigSchema, trainingManifestSchema } from '#shared/training.ts';
import type { FromEngine, ToEngine } from '../../engine/messages.ts';
import type { TrainingEvent } from '../../training/events.ts';
import { EngineProcess } from '../engine-process.ts';
import { Channel } from './channel.ts';
import { sendFile, FileReceiver } from './file-transfer.ts';
import { checkImages } from './image-check.ts';
import { mapImages, mapPath, type PathMapping } from './path-mapping.ts';
import type { FromWorker, ImageSample, ToWorker, WorkerIntroduction } from './protocol.ts';

/** An engine whose event loop stands still for so long hangs: capturing a large network takes seconds. */
const ENGINE_SILENCE_SECONDS = 60;

export interface WorkerSessionOptions {
  readonly introduction: WorkerIntroduction;
  /** Where this machine has the images. */
  readonly mappings: readonly PathMapping[];
  /** The settings this worker was started with, where a launcher gave them to all: the host's must be the same. */
  readonly expectedConfig: TrainingConfig | null;
  /** Nothing heard of the host for so long ends the session. */
  readonly silenceMilliseconds: number;
}

/** The folder on the host that means the session's own. */
export const SESSION_FOLDER = '@session';

/** One host's use of this worker: a folder for its files, and one engine. Nothing of it stays when the host is gone. */
export class WorkerSession {
  /** Why it ended, once engine and folder are gone. Never rejects. */
  readonly ended: Promise<string>;
  readonly #options: WorkerSessionOptions;
  readonly #folder = mkdtempSync(join(tmpdir(), 'face2exp-worker-'));
  readonly #files = new FileReceiver(this.#folder);
  readonly #channel: Channel<FromWorker, ToWorker>;
  readonly #aborts = new Map<number, AbortController>();
  #engine: EngineProcess | null = null;
  #isOver = false;
  /** What is sent goes one after the other: a checkpoint's files before the message that tells of it. */
  #sending: Promise<unknown> = Promise.resolve();

  constructor(socket: WebSocket, options: WorkerSessionOptions) {
    this.#options = options;
    this.#channel = new Channel(socket, options.silenceMilliseconds, (message) => this.#receive(message));
    this.ended = this.#channel.ended.then(async ({ reason }) => {
      this.#isOver = true;
      this.#files.close();
      await this.#engine?.kill();
      rmSync(this.#folder, { recursive: true, force: true });
      return reason;
    });
    this.#send({ kind: 'welcome', worker: options.introduction });
  }

  /** Whether the host is gone; engine and folder may still be there for a moment. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether it had an engine. */
  get hasWorked(): boolean {
    return this.#engine !== null;
  }

  close(reason: string): void {
    this.#channel.close(reason);
  }

  #receive(message: ToWorker): void {
    switch (message.kind) {
      case 'file':
      case 'bytes':
      case 'fileEnd':
        this.#files.receive(message);
        break;
      case 'check':
        this.#check(message.sample).catch((error: unknown) => this.#fail(error));
        break;
      case 'start':
        this.#start(message.environment);
        break;
      case 'engine':
        this.#pass(message.message);
        break;
    }
  }

  /** Gives config.json and manifest.json this machine's paths, and looks for the images. */
  async #check(sample: readonly ImageSample[]): Promise<void> {
    const { mappings, expectedConfig } = this.#options;
    const [configFile, manifestFile] = [join(this.#folder, 'config.json'), join(this.#folder, 'manifest.json')];
    // Questions about a network have none.
    if (existsSync(configFile)) {
      const config = trainingConfigSchema.parse(JSON.parse(readFileSync(configFile, 'utf8')));
      if (expectedConfig !== null) refuseOtherSettings(config, expectedConfig);
      const pretrained = config.pretrained === null ? null : this.#own(config.pretrained);
      writeFileSync(configFile, JSON.stringify({ ...config, pretrained }));
    }
    const manifest = trainingManifestSchema.parse(JSON.parse(readFileSync(manifestFile, 'utf8')));
    const mapped = {
      ...manifest,
      labeled: mapImages(manifest.labeled, mappings),
      unlabeled: mapImages(manifest.unlabeled, mappings),
      validation: mapImages(manifest.validation, mappings),
    };
    writeFileSync(manifestFile, JSON.stringify(mapped));
    const images = [...mapped.labeled, ...mapped.unlabeled, ...mapped.validation];
    const here = sample.map((image) => ({ ...image, path: mapPath(image.path, mappings) }));
    this.#send({ kind: 'checked', report: await checkImages(images, here) });
  }

  #start(environment: Readonly<Record<string, string>>): void {
    const engine = new EngineProcess((message) => this.#tell(message), {
      environment,
      silenceSeconds: ENGINE_SILENCE_SECONDS,
    });
    this.#engine = engine;
    void engine.exited.then((exit) => this.#send({ kind: 'ended', error: engine.crash(exit).toJSON() }));
  }

  #pass(message: ToEngine): void {
    const engine = this.#engine;
    if (engine === null) return this.#fail(new StudioError('internal', 'The worker was told to work before to start.'));
    switch (message.kind) {
      case 'train':
        return engine.send({ ...message, directory: this.#folder });
      case 'request':
        return this.#ask(engine, message);
      case 'cancel':
        return this.#aborts.get(message.id)?.abort(new StudioError('cancelled', 'Cancelled.'));
      default:
        return engine.send(message);
    }
  }

  #ask(engine: EngineProcess, { id, request }: Extract<ToEngine, { kind: 'request' }>): void {
    const abort = new AbortController();
    this.#aborts.set(id, abort);
    const own =
      request.kind === 'label' || request.kind === 'evaluate'
        ? {
            ...request,
            images: mapImages(request.images, this.#options.mappings),
            model: { ...request.model, checkpoint: this.#own(request.model.checkpoint) },
          }
        : request;
    engine
      .request(own, (done, total) => this.#tell({ kind: 'progress', id, done, total }), abort.signal)
      .then(
        (answer) => this.#tell({ kind: 'answer', id, answer }),
        (error: unknown) => this.#tell({ kind: 'refusal', id, error: serializeError(error) }),
      )
      .finally(() => this.#aborts.delete(id));
  }

  #tell(message: FromEngine): void {
    if (message.kind === 'training' && message.event.type === 'checkpoint' && !this.#sendCheckpoint(message.event)) {
      return; // what replaces it is told of next
    }
    this.#send({ kind: 'engine', message });
  }

  /**
   * Opened at once: the engine puts the next checkpoint in its place, and what is open stays what it was.
   * @returns false when the next one is being put in its place this very moment.
   */
  #sendCheckpoint({ name }: Extract<TrainingEvent, { type: 'checkpoint' }>): boolean {
    const files = openAll(join(this.#folder, name));
    for (const { file, open } of files ?? []) {
      this.#sending = this.#sending.then(() => sendFile((part) => this.#channel.send(part), open, `${name}/${file}`));
    }
    return files !== null;
  }

  #send(message: FromWorker): void {
    this.#sending = this.#sending
      .then(() => this.#channel.send(message))
      .catch((error: unknown) => {
        this.#channel.close((error as Error).message);
      });
  }

  #fail(error: unknown): void {
    this.#send({ kind: 'ended', error: serializeError(error) });
  }

  /** A path that the host sent a file to, as it is called here. */
  #own(path: string): string {
    if (!path.startsWith(`${SESSION_FOLDER}/`)) return path;
    const own = join(this.#folder, path.slice(SESSION_FOLDER.length + 1));
    if (existsSync(own)) return own;
    throw new StudioError('internal', `The host named ${path}, which it did not send.`);
  }
}

/** @throws StudioError 'conflict' that names the settings. */
function refuseOtherSettings(config: TrainingConfig, expected: TrainingConfig): void {
  const names = Object.keys(expected) as (keyof TrainingConfig)[];
  const different = names.filter((name) => JSON.stringify(config[name]) !== JSON.stringify(expected[name]));
  if (different.length === 0) return;
  const [name] = different as [keyof TrainingConfig];
  throw new StudioError(
    'conflict',
    `It was started with other settings: ${different.join(', ')} (${name} is ${JSON.stringify(expected[name])} there and ${JSON.stringify(config[name])} here).`,
    { hint: 'Start all processes with the same command.' },
  );
}

/** All files of a folder, opened; null when it, or one of them, is not there. */
function openAll(folder: string): { file: string; open: number }[] | null {
  const opened: { file: string; open: number }[] = [];
  try {
    for (const file of readdirSync(folder)) opened.push({ file, open: openSync(join(folder, file), 'r') });
    return opened.length === 0 ? null : opened;
  } catch (error) {
    for (const { open } of opened) closeSync(open);
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
