import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { ClusterRequest } from '#shared/cluster.ts';
import { StudioError } from '#shared/errors.ts';
import type { ManifestImage } from '#shared/images.ts';
import type { EngineAnswers, EngineModel, EngineRequest, FromEngine } from '../../engine/messages.ts';
import { EngineRequests } from '../engine-requests.ts';
import { FileReceiver } from './file-transfer.ts';
import { sampleImages } from './image-check.ts';
import { clusterSecret } from './secret.ts';
import { WorkerClient } from './worker-client.ts';
import { SESSION_FOLDER } from './worker-session.ts';

/** What a pool is asked: a list of images each. */
type ListRequest = Extract<EngineRequest, { kind: 'label' | 'evaluate' }>;

export interface WorkerPoolOptions {
  readonly cluster: ClusterRequest;
  /** What the workers are wanted for, such as "Label lfw". */
  readonly purpose: string;
  readonly model: EngineModel;
  /** All that will be asked about: the workers must have them. */
  readonly images: readonly ManifestImage[];
  readonly log: (message: string) => void;
}

interface Member {
  readonly client: WorkerClient;
  readonly requests: EngineRequests;
  /** Lists it was asked and has not answered. */
  asked: number;
}

/** Lists under way with one worker: while it computes one it renders the next. */
const AHEAD = 2;

/**
 * Workers that answer questions about one network side by side: each list goes to the one with least to do. What a worker was asked that is
 * gone is asked another, so that nothing is lost or answered twice.
 */
export class WorkerPool {
  /** The network, as the workers were sent it. */
  readonly model: EngineModel;
  readonly #members: Member[] = [];
  readonly #log: (message: string) => void;
  #lastTrouble: StudioError | null = null;

  private constructor({ model, log }: WorkerPoolOptions) {
    this.#log = log;
    this.model = { ...model, checkpoint: `${SESSION_FOLDER}/${basename(model.checkpoint)}` };
  }

  /** @throws StudioError that names the worker which is not there, refuses, or lacks images. */
  static async open(options: WorkerPoolOptions): Promise<WorkerPool> {
    const pool = new WorkerPool(options);
    const folder = mkdtempSync(join(tmpdir(), 'face2exp-pool-'));
    try {
      await pool.#connect(options, folder);
      return pool;
    } catch (error) {
      pool.close();
      throw error;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Questions that can be under way at a time and each find a worker. */
  get ahead(): number {
    return AHEAD * Math.max(1, this.#members.length);
  }

  /** @throws StudioError of the question itself; 'unavailable' when no worker is left. */
  async ask<Kind extends ListRequest['kind']>(
    request: Extract<ListRequest, { kind: Kind }>,
    signal?: AbortSignal,
  ): Promise<EngineAnswers[Kind]> {
    for (;;) {
      const member = this.#members.toSorted((a, b) => a.asked - b.asked)[0];
      if (member === undefined) {
        throw new StudioError('unavailable', this.#lastTrouble?.message ?? 'No worker is left.', {
          hint: 'What was done stays. Start the workers again, and ask the same again.',
        });
      }
      member.asked += 1;
      try {
        return await member.requests.ask<Kind>(request, undefined, signal);
      } catch (error) {
        if (this.#members.includes(member)) throw error; // of the question
      } finally {
        member.asked -= 1;
      }
    }
  }

  close(): void {
    for (const { client } of this.#members.splice(0)) client.close('The work is done.');
  }

  async #connect({ cluster, purpose, model, images }: WorkerPoolOptions, folder: string): Promise<void> {
    const secret = clusterSecret();
    const manifest = join(folder, 'manifest.json');
    writeFileSync(manifest, JSON.stringify({ classes: [], labeled: [], unlabeled: images, validation: [] }));
    const sample = await sampleImages(images);
    await Promise.all(
      cluster.workers.map(async (address) => {
        let onEngine: (message: FromEngine) => void = () => undefined;
        const client = await WorkerClient.connect(address, {
          ...{ secret, purpose, silenceMilliseconds: cluster.timeoutSeconds * 1000 },
          ...{ files: new FileReceiver(folder), onFile: () => undefined },
          onEngine: (message) => onEngine(message),
        });
        const requests = new EngineRequests((message) => client.send(message));
        onEngine = (message) => void requests.settle(message);
        const member = { client, requests, asked: 0 };
        this.#members.push(member);
        void client.ended.then((error) => this.#lose(member, error));
        await sendTree((file, path) => client.sendFile(file, path), model.checkpoint, basename(model.checkpoint));
        await client.sendFile(manifest, 'manifest.json');
        await client.checkImages(sample);
        client.start({});
      }),
    );
  }

  #lose(member: Member, error: StudioError): void {
    const place = this.#members.indexOf(member);
    if (place === -1) return; // the pool was closed
    this.#members.splice(place, 1);
    this.#lastTrouble = error;
    this.#log(`${error.message} Going on with ${this.#members.length} of its fellows.`);
    member.requests.rejectAll(error);
  }
}

/** A file, or a folder with all below it. */
async function sendTree(
  send: (file: string, path: string) => Promise<void>,
  place: string,
  path: string,
): Promise<void> {
  if (!statSync(place).isDirectory()) return send(place, path);
  for (const name of readdirSync(place)) await sendTree(send, join(place, name), `${path}/${name}`);
}
