import { existsSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { StudioError } from '#shared/errors.ts';
import type { ModelRequest } from '#shared/requests.ts';
import type { EngineModel } from '../../engine/messages.ts';
import { EngineProcess } from '../engine-process.ts';
import { importedNetwork, type Workspace } from '../workspace.ts';
import type { RunService } from './run-service.ts';

/** An engine that answered nothing for this long is let go: TensorFlow and a network hold several hundred megabytes. */
const IDLE_MILLISECONDS = 5 * 60_000;

/** A folder with one of these is a checkpoint: the studio's own, or TensorFlow's. */
const CHECKPOINT_MARKS = ['state.json', 'saved_model.pb'];

/** The engine that predicts and evaluates, apart from the one that trains, so that a training run is never stalled by a question. */
export class NetworkEngine {
  readonly #workspace: Workspace;
  readonly #runs: RunService;
  #engine: EngineProcess | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(workspace: Workspace, runs: RunService) {
    this.#workspace = workspace;
    this.#runs = runs;
  }

  /** Asks an engine, which is started when there is none. */
  async ask<Answer>(question: (engine: EngineProcess) => Promise<Answer>): Promise<Answer> {
    clearTimeout(this.#idle);
    if (this.#engine === undefined) {
      const engine = new EngineProcess(() => undefined);
      this.#engine = engine;
      void engine.exited.then(() => {
        if (this.#engine === engine) this.#engine = undefined;
      });
    }
    try {
      return await question(this.#engine);
    } finally {
      this.#idle = setTimeout(() => void this.#engine?.close(), IDLE_MILLISECONDS);
      this.#idle.unref();
    }
  }

  /** Where the network that somebody named is kept. @throws StudioError 'not-found' when there is none. */
  model(request: ModelRequest): EngineModel {
    if (request.run !== undefined) {
      const network = request.network ?? this.#runs.get(request.run).best?.network ?? 'adaptation';
      return { checkpoint: this.#runs.checkpoint(request.run, network), network };
    }
    return { checkpoint: this.#checkpoint(request.checkpoint ?? ''), network: request.network ?? 'adaptation' };
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    await this.#engine?.close();
  }

  /** A checkpoint's folder, a file of weights, or the name of an imported network. */
  #checkpoint(place: string): string {
    const isName = !isAbsolute(place) && !/[\\/]/.test(place);
    const path = isName ? importedNetwork(this.#workspace, place) : place;
    const isThere = existsSync(path);
    if (isThere && !statSync(path).isDirectory()) return path;
    if (isThere && CHECKPOINT_MARKS.some((name) => existsSync(join(path, name)))) return path;
    if (isThere) {
      throw new StudioError('not-found', `${path} is no checkpoint folder: it holds no state.json.`, {
        hint: `Name a folder such as ${join('runs', 'ID', 'best')}, or a file of weights.`,
      });
    }
    throw new StudioError('not-found', `There is no checkpoint ${place}.`, {
      hint: 'Name a folder, a file of weights, or a checkpoint that was imported.',
      commandLine: 'by the name `checkpoint import` gave it',
    });
  }
}
