import { existsSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { StudioError } from '#shared/errors.ts';
import type { ImageReference } from '#shared/images.ts';
import type { ImagePrediction } from '#shared/prediction.ts';
import type { EvaluateRequest, ModelRequest, Picture, PredictRequest } from '#shared/requests.ts';
import type { Evaluation } from '#shared/training.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { EngineModel } from '../../engine/messages.ts';
import { decodeImage, probeImage } from '../../imaging/decode.ts';
import type { JobRunner } from '../../jobs/runner.ts';
import { EngineProcess } from '../engine-process.ts';
import { uploadedFile } from '../http/uploads.ts';
import { importedNetwork, type Workspace } from '../workspace.ts';
import type { RunService } from './run-service.ts';

/** An engine that answered nothing for this long is let go: TensorFlow and a network hold several hundred megabytes. */
const IDLE_MILLISECONDS = 5 * 60_000;

/** A folder with one of these is a checkpoint: the studio's own, or TensorFlow's. */
const CHECKPOINT_MARKS = ['state.json', 'saved_model.pb'];

export interface PredictionServiceOptions {
  readonly workspace: Workspace;
  readonly catalog: Catalog;
  readonly runs: RunService;
  readonly jobs: JobRunner;
  readonly workers: number;
}

/** Predicts and evaluates in an engine of its own, so that a training run is never stalled by a question. */
export class PredictionService {
  readonly #options: PredictionServiceOptions;
  #engine: EngineProcess | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(options: PredictionServiceOptions) {
    this.#options = options;
  }

  /** Expression probabilities of one picture, the whole picture taken as the face. */
  async predict(request: PredictRequest): Promise<ImagePrediction> {
    const started = performance.now();
    const reference = this.#picture(request.picture);
    const model = this.#model(request.model);
    const { width, height } = reference.box ?? (await sizeOf(reference));
    const answer = await this.#ask((engine) => engine.request({ kind: 'predict', model, images: [reference] }));
    const probabilities = answer.probabilities[0]!;
    const top = probabilities.indexOf(Math.max(...probabilities));
    return {
      path: reference.path,
      network: model.network,
      step: answer.step,
      faces: [
        {
          box: { x: 0, y: 0, width, height },
          class: answer.classes[top]!,
          probability: probabilities[top]!,
          probabilities: Object.fromEntries(answer.classes.map((name, index) => [name, probabilities[index]!])),
        },
      ],
      milliseconds: performance.now() - started,
    };
  }

  /** Scores a network on a split of the catalog, as a job. */
  evaluate(request: EvaluateRequest): Promise<Evaluation> {
    const { catalog, runs, jobs, workers } = this.#options;
    const model = this.#model(request.model);
    const split = request.source === undefined ? request.split : `${request.source}:${request.split}`;
    const place =
      request.source === undefined ? { split: request.split } : { source: request.source, split: request.split };
    const images = catalog.images.manifest(place).filter((image) => image.label >= 0);
    if (images.length === 0) {
      throw new StudioError('bad-input', `There are no labeled images in the ${request.split} split.`, {
        hint: '`stats` lists what is there.',
      });
    }
    const run = request.model.run === undefined ? undefined : runs.get(request.model.run);
    const { result } = jobs.start(
      {
        kind: 'evaluate',
        title: `Evaluate ${run?.name ?? request.model.checkpoint} on ${request.split}`,
        unit: 'images',
        ...(run && { run: run.id }),
      },
      async (context) => {
        const evaluation = await this.#ask((engine) =>
          engine.request({ kind: 'evaluate', model, images, split, workers }, (done, total) =>
            context.report(done, total),
          ),
        );
        if (run !== undefined) catalog.runs.addEvaluation(run.id, evaluation);
        return evaluation;
      },
    );
    return result;
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    await this.#engine?.close();
  }

  async #ask<Answer>(question: (engine: EngineProcess) => Promise<Answer>): Promise<Answer> {
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

  #picture(picture: Picture): ImageReference {
    if ('image' in picture) return this.#options.catalog.images.reference(picture.image).reference;
    const path = 'upload' in picture ? uploadedFile(this.#options.workspace, picture.upload) : picture.path;
    if (!existsSync(path)) {
      throw new StudioError('not-found', `There is no picture at ${'upload' in picture ? 'that upload' : path}.`, {
        hint: 'Choose it again.',
      });
    }
    return { path, encoding: 'file' };
  }

  #model(request: ModelRequest): EngineModel {
    if (request.run !== undefined) {
      const network = request.network ?? this.#options.runs.get(request.run).best?.network ?? 'adaptation';
      return { checkpoint: this.#options.runs.checkpoint(request.run, network), network };
    }
    return { checkpoint: this.#checkpoint(request.checkpoint ?? ''), network: request.network ?? 'adaptation' };
  }

  /** A checkpoint's folder, a file of weights, or the name of an imported network. */
  #checkpoint(place: string): string {
    const isName = !isAbsolute(place) && !/[\\/]/.test(place);
    const path = isName ? importedNetwork(this.#options.workspace, place) : place;
    const isThere = existsSync(path);
    if (isThere && !statSync(path).isDirectory()) return path;
    if (isThere && CHECKPOINT_MARKS.some((name) => existsSync(join(path, name)))) return path;
    if (isThere) {
      throw new StudioError('not-found', `${path} is no checkpoint folder: it holds no state.json.`, {
        hint: `Name a folder such as ${join('runs', 'ID', 'best')}, or a file of weights.`,
      });
    }
    throw new StudioError('not-found', `There is no checkpoint ${place}.`, {
      hint: 'Name a folder, a file of weights, or what `checkpoint import` was told to call it.',
    });
  }
}

/** Pixels of a picture; a row of a larger file has no header to ask. */
function sizeOf(reference: ImageReference): Promise<{ width: number; height: number }> {
  return reference.encoding === 'file' ? probeImage(reference.path) : decodeImage(reference);
}
