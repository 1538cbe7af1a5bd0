import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StudioError, deserializeError, toStudioError } from '#shared/errors.ts';
import type { ClusterRequest } from '#shared/cluster.ts';
import {
  checkpointStateSchema,
  type TrainingConfig,
  trainingConfigSchema,
  trainingManifestSchema,
} from '#shared/training.ts';
import type { FromEngine, ToEngine } from '../../engine/messages.ts';
import { placeCheckpoint, STATE_FILE, WEIGHTS_FILE } from '../../training/checkpoint.ts';
import type { EngineExit, TrainingEngine } from '../engine-process.ts';
import { FileReceiver } from './file-transfer.ts';
import { sampleImages } from './image-check.ts';
import { clusterSecret } from './secret.ts';
import { WorkerClient } from './worker-client.ts';
import { SESSION_FOLDER } from './worker-session.ts';

export interface ClusterEngineOptions {
  readonly cluster: ClusterRequest;
  /** The run's folder on this machine. */
  readonly directory: string;
  readonly purpose: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The run has begun on these workers before: those that are gone are done without where the request allows it. */
  readonly isRestart: boolean;
  readonly onMessage: (message: FromEngine) => void;
  /** Which workers take part, by rank, once they do. */
  readonly onWorkers: (addresses: readonly string[]) => void;
  readonly log: (level: 'info' | 'warning', message: string) => void;
}

interface ArrivedCheckpoint {
  readonly name: string;
  /** Its files, in a folder of their own. */
  readonly folder: string;
  /** SHA-256 of its weights, as they came. */
  readonly digest: string | undefined;
}

type TrainMessage = Extract<ToEngine, { kind: 'train' }>;

/** Events of the workers beside the first that are passed on: what is not the same in all of them. */
const OWN_EVENTS: readonly string[] = ['replica', 'badImage', 'log'];

/**
 * The engines of a cluster as one. The first worker's speaks for all; its checkpoints come into the run's folder here, which is the only
 * place they are kept. When one worker is gone all are stopped: training goes on from the last checkpoint, or not, as the request says.
 */
export class ClusterEngine implements TrainingEngine {
  readonly exited: Promise<EngineExit>;
  readonly #options: ClusterEngineOptions;
  readonly #incoming: string;
  readonly #files: FileReceiver;
  /** Digests by path of the files of checkpoints that have not been told of yet. */
  readonly #arrived = new Map<string, string>();
  /** Messages are passed on in the order they came, a checkpoint's when it is in its place. */
  #passing: Promise<void> = Promise.resolve();
  #workers: WorkerClient[] = [];
  #checkpoints = 0;
  #started = false;
  #closed = false;
  #trouble: StudioError | null = null;
  #exit!: (exit: EngineExit) => void;

  constructor(options: ClusterEngineOptions) {
    this.#options = options;
    this.#incoming = mkdtempSync(join(options.directory, '.incoming-'));
    this.#files = new FileReceiver(this.#incoming);
    this.exited = new Promise((resolve) => (this.#exit = resolve));
  }

  /** Without the worker that is gone, be it while the others were made ready again. */
  get startsAgain(): boolean {
    const { cluster, isRestart } = this.#options;
    return cluster.elastic && (this.#started || (isRestart && this.#trouble?.code === 'unavailable'));
  }

  send(message: ToEngine): void {
    if (message.kind === 'train') {
      this.#begin(message).catch((error: unknown) => this.#end(toStudioError(error)));
    } else if (this.#started) this.#workers[0]!.send(message);
    else if (message.kind === 'pause' || message.kind === 'stop') {
      // Nothing was computed yet, and looking for a million images may take long.
      this.#end(new StudioError('cancelled', 'The run was ended before its workers were ready.'));
    }
  }

  crash(): StudioError {
    return this.#trouble ?? new StudioError('internal', 'The cluster ended without a reason.');
  }

  close(): Promise<void> {
    this.#end(null);
    return Promise.resolve();
  }

  async #begin(message: TrainMessage): Promise<void> {
    this.#workers = await this.#connect();
    if (this.#closed) return this.#workers.forEach((worker) => worker.close('The run is over.'));
    refuseMixture(this.#workers);
    for (const worker of this.#workers) void worker.ended.then((error) => this.#end(error));
    await this.#sendRun();
    if (this.#closed) return;
    const addresses = this.#workers.map(({ tensorFlowAddress }) => tensorFlowAddress);
    this.#options.onWorkers(this.#workers.map(({ address }) => address));
    for (const [task, worker] of this.#workers.entries()) {
      worker.start(this.#options.environment);
      const cluster = { addresses, task, listensOn: worker.introduction.listensOn };
      worker.send({ ...message, directory: SESSION_FOLDER, cluster });
    }
    this.#started = true;
  }

  /** All that the request names; after a loss, where it allows that, those that can be reached. */
  async #connect(): Promise<WorkerClient[]> {
    const { cluster, directory, isRestart, purpose, log } = this.#options;
    const secret = clusterSecret();
    const silenceMilliseconds = cluster.timeoutSeconds * 1000;
    const tried = await Promise.allSettled(
      cluster.workers.map((address) =>
        WorkerClient.connect(address, {
          ...{ secret, purpose, silenceMilliseconds, task: directory },
          files: this.#files,
          onFile: ({ path, sha256 }) => void this.#arrived.set(path, sha256),
          onEngine: (message) => this.#receive(address, message),
        }),
      ),
    );
    const reached = tried.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const [failure] = tried.flatMap((result) => (result.status === 'rejected' ? [result.reason as StudioError] : []));
    if (failure === undefined) return reached;
    if (!isRestart || !cluster.elastic || reached.length === 0) {
      for (const worker of reached) worker.close('Another worker is missing.');
      throw failure;
    }
    log('warning', `${failure.message} Going on with ${reached.length} of ${cluster.workers.length} workers.`);
    return reached;
  }

  /** Settings, images and the last checkpoint to all; what fine-tuning starts from to the first, which does it. */
  async #sendRun(): Promise<void> {
    const { directory } = this.#options;
    const { config, pretrained } = this.#ownConfig();
    const configFile = join(this.#incoming, 'config.json');
    writeFileSync(configFile, JSON.stringify(config));
    const manifestFile = join(directory, 'manifest.json');
    const manifest = trainingManifestSchema.parse(JSON.parse(readFileSync(manifestFile, 'utf8')));
    const sample = await sampleImages([...manifest.labeled, ...manifest.unlabeled, ...manifest.validation]);
    await Promise.all(
      this.#workers.map(async (worker, rank) => {
        await worker.sendFile(configFile, 'config.json');
        await worker.sendFile(manifestFile, 'manifest.json');
        if (pretrained !== null) await worker.sendFile(pretrained, join('pretrained', basename(pretrained)));
        const checkpoints = rank === 0 ? ['last', 'best-adaptation'] : ['last'];
        for (const name of checkpoints) {
          const folder = join(directory, name);
          if (!existsSync(folder)) continue;
          for (const file of readdirSync(folder)) await worker.sendFile(join(folder, file), join(name, file));
        }
        await worker.checkImages(sample);
      }),
    );
  }

  #ownConfig(): { config: TrainingConfig; pretrained: string | null } {
    const config = trainingConfigSchema.parse(
      JSON.parse(readFileSync(join(this.#options.directory, 'config.json'), 'utf8')),
    );
    const { pretrained } = config;
    if (pretrained === null) return { config, pretrained };
    return { config: { ...config, pretrained: `${SESSION_FOLDER}/pretrained/${basename(pretrained)}` }, pretrained };
  }

  #receive(address: string, message: FromEngine): void {
    const arrived = this.#arrivedCheckpoint(message);
    this.#passing = this.#passing
      .then(() => this.#pass(address, message, arrived))
      .catch((error: unknown) => this.#end(toStudioError(error)));
  }

  async #pass(address: string, message: FromEngine, arrived: ArrivedCheckpoint | null): Promise<void> {
    if (this.#closed) return;
    const { onMessage } = this.#options;
    if (message.kind === 'failed') {
      void this.#fail(address, deserializeError(message.error));
    } else if (arrived !== null) {
      if (await this.#keepCheckpoint(arrived)) onMessage(message);
    } else if (address === this.#workers[0]?.address) {
      onMessage(message);
    } else if (message.kind === 'training' && OWN_EVENTS.includes(message.event.type)) {
      const { event } = message;
      onMessage(
        event.type === 'log' ? { ...message, event: { ...event, message: `${address}: ${event.message}` } } : message,
      );
    }
  }

  /** Its files have come before the message that tells of it; they are put aside, for those of the next one may follow at once. */
  #arrivedCheckpoint(message: FromEngine): ArrivedCheckpoint | null {
    if (this.#closed || message.kind !== 'training' || message.event.type !== 'checkpoint') return null;
    const { name } = message.event;
    const digest = this.#arrived.get(join(name, WEIGHTS_FILE));
    for (const path of this.#arrived.keys()) if (path.startsWith(`${name}/`)) this.#arrived.delete(path);
    const folder = join(this.#incoming, `arrived-${++this.#checkpoints}`);
    renameSync(join(this.#incoming, name), folder);
    return { name, folder, digest };
  }

  /** @returns whether it is whole: a worker that is busy may have put the next one in its place while it was sent. */
  async #keepCheckpoint({ name, folder, digest }: ArrivedCheckpoint): Promise<boolean> {
    const state = checkpointStateSchema.parse(JSON.parse(readFileSync(join(folder, STATE_FILE), 'utf8')));
    if (state.weightsDigest !== digest) {
      this.#options.log('warning', `The checkpoint ${name} of step ${state.step} was replaced while it was sent.`);
      rmSync(folder, { recursive: true });
      return false;
    }
    await placeCheckpoint(this.#options.directory, name, folder);
    return true;
  }

  /**
   * What an engine reports may be another worker's end: of a worker that is gone, TensorFlow says no more than that something broke off. So
   * that the worker that is gone is named, it is given the time in which that shows.
   */
  async #fail(address: string, error: StudioError): Promise<void> {
    if (error.code === 'unavailable' || error.code === 'cancelled' || error.code === 'interrupted') {
      await sleep(this.#options.cluster.timeoutSeconds * 1000 + 1000);
      this.#end(
        new StudioError('unavailable', `Worker ${address} lost its connection to another worker: ${error.message}`, {
          hint: 'All workers must reach each other at the addresses named, at the port of TensorFlow too.',
          cause: error,
        }),
      );
      return;
    }
    if (this.#closed) return;
    // The run's own trouble, the same in all of them: a loss that is not a number, say.
    this.#options.onMessage({ kind: 'failed', error: error.toJSON() });
    this.#end(null);
  }

  /** @param trouble null: nothing is wrong. */
  #end(trouble: StudioError | null): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#trouble = trouble;
    for (const worker of this.#workers) worker.close(trouble === null ? 'The run is over.' : trouble.message);
    this.#files.close();
    rmSync(this.#incoming, { recursive: true, force: true });
    this.#exit({ code: null, signal: null, lastWords: trouble?.message ?? '' });
  }
}

/** @throws StudioError 'conflict': exchanges are between devices of a kind, and numbers the same only from the same TensorFlow. */
function refuseMixture(workers: readonly WorkerClient[]): void {
  const [first, ...others] = workers;
  const other = others.find(
    ({ introduction: { runtime } }) =>
      runtime.version !== first!.introduction.runtime.version || runtime.device !== first!.introduction.runtime.device,
  );
  if (other === undefined) return;
  const describe = ({ address, introduction: { runtime } }: WorkerClient): string =>
    `${address} has TensorFlow ${runtime.version} on ${runtime.device.toUpperCase()}`;
  throw new StudioError('conflict', `The workers are not of a kind: ${describe(first!)}, ${describe(other)}.`, {
    hint: 'Give all the same runtime, and let the run compute on processors where one has no GPU.',
    commandLine: '`face2exp setup`, `train --device cpu`',
  });
}
