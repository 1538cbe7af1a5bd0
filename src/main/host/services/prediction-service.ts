import { existsSync, statSync } from 'node:fs';
import { StudioError } from '#shared/errors.ts';
import { classNames } from '#shared/expressions.ts';
import type { ImageReference } from '#shared/images.ts';
import type { Job } from '#shared/jobs.ts';
import type { FacePrediction, ImagePrediction, NetworkPrediction } from '#shared/prediction.ts';
import type { ModelRequest, NeighborRequest, Picture, PredictRequest } from '#shared/requests.ts';
import type { NetworkName } from '#shared/training.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { EngineModel } from '../../engine/messages.ts';
import { withTemperature } from '../../evaluation/temperature.ts';
import type { JobRunner } from '../../jobs/runner.ts';
import type { NetworkAnswer } from '../../prediction/predict.ts';
import { uploadedFile } from '../http/uploads.ts';
import type { Workspace } from '../workspace.ts';
import { readTemperature } from './calibration-store.ts';
import { NeighborStore } from './neighbor-store.ts';
import type { NetworkEngine } from './network-engine.ts';

export interface PredictionServiceOptions {
  readonly workspace: Workspace;
  readonly catalog: Catalog;
  readonly jobs: JobRunner;
  readonly engine: NetworkEngine;
  /** Threads that prepare images. */
  readonly workers: number;
}

/** The expression on single pictures. */
export class PredictionService {
  readonly #options: PredictionServiceOptions;
  readonly #neighbors: NeighborStore;

  constructor(options: PredictionServiceOptions) {
    this.#options = options;
    this.#neighbors = new NeighborStore(options.workspace, options.catalog);
  }

  /**
   * What networks say about the faces of one picture.
   * @throws StudioError when there is no such picture or network, or it cannot be read.
   */
  async predict(request: PredictRequest): Promise<ImagePrediction> {
    const started = performance.now();
    const { workspace, engine } = this.#options;
    const { reference, applyOrientation } = this.#picture(request.picture);
    const models = this.#models(request.model, request.networks);
    const notices: string[] = [];
    const neighbors = this.#featureFiles(request, models, notices);
    const { faces, notebook, explain } = request;
    const question = { reference, applyOrientation, faces, notebook };
    const cache = workspace.cacheDirectory;
    const answer = await engine.ask((running) =>
      running.request({ kind: 'predict', models, question, explain, neighbors, cache }),
    );
    if (faces === 'detect' && answer.faces.every(({ origin }) => origin === 'picture')) {
      notices.push('No face was found: the whole picture was taken as one.');
    }
    const temperatures = await Promise.all(models.map((model) => readTemperature(model)));
    const predicted = answer.faces.map(({ networks, ...seen }): FacePrediction => {
      const sideBySide = networks.map((network, index) =>
        networkPrediction(models[index]!.network, network, temperatures[index] ?? null),
      );
      const { class: top, probability, probabilities } = sideBySide[0]!;
      return { ...seen, class: top, probability, probabilities, networks: sideBySide };
    });
    return {
      path: reference.path,
      width: answer.width,
      height: answer.height,
      network: models[0]!.network,
      step: answer.faces[0]!.networks[0]!.step,
      faces: predicted,
      notices,
      milliseconds: performance.now() - started,
    };
  }

  /** Computes what networks see of labeled images, as a job that can be cancelled and goes on where it was. */
  indexNeighbors({ model, networks, place }: NeighborRequest): { job: Job; result: Promise<{ images: number }> } {
    const { jobs, engine, workers } = this.#options;
    const wanted = this.#models(model, networks).map((one) => ({
      model: one,
      files: this.#neighbors.files(one, place),
    }));
    const images = wanted[0]!.files.reduce((sum, file) => sum + file.images.length, 0);
    const total = images * wanted.length;
    const title = `Compare faces: ${wanted.map(({ model: { network } }) => network).join(', ')} on ${place.split}`;
    const started = jobs.start({ kind: 'analyze', title, unit: 'images' }, async ({ signal, report }) => {
      let before = 0;
      for (const { model: one, files } of wanted) {
        this.#neighbors.forgetEarlier(one);
        for (const { file, images: part, isThere } of files) {
          signal.throwIfAborted();
          report(before, total);
          if (!isThere) {
            await engine.ask((running) =>
              running.request(
                { kind: 'features', model: one, images: part, file, workers },
                (done) => report(before + done, total),
                signal,
              ),
            );
          }
          before += part.length;
        }
      }
      report(total, total);
      return { images };
    });
    started.result.catch(() => undefined); // its row holds the error; the caller may have left
    return started;
  }

  #models(request: ModelRequest, networks: readonly NetworkName[] | undefined): EngineModel[] {
    const { engine } = this.#options;
    if (networks === undefined) return [engine.model(request)];
    return networks.map((network) => engine.model({ ...request, network }));
  }

  /** Null where neighbours are not asked for, or cannot be told yet, which is noted. */
  #featureFiles({ neighbors }: PredictRequest, models: readonly EngineModel[], notices: string[]): string[][] | null {
    if (neighbors === undefined) return null;
    const wanted = models.map((model) => this.#neighbors.files(model, neighbors));
    const missing = wanted.flat().filter(({ isThere }) => !isThere);
    if (missing.length === 0) return wanted.map((files) => files.map(({ file }) => file));
    const count = missing.reduce((sum, { images }) => sum + images.length, 0);
    notices.push(
      `The nearest labeled faces are not known yet: ${count.toLocaleString('en')} images are to be compared.`,
    );
    return null;
  }

  /** Photographs are turned as they say; pictures of the catalog are seen as training sees them. */
  #picture(picture: Picture): { reference: ImageReference; applyOrientation: boolean } {
    if ('image' in picture) {
      return { reference: this.#options.catalog.images.reference(picture.image).reference, applyOrientation: false };
    }
    const path = 'upload' in picture ? uploadedFile(this.#options.workspace, picture.upload) : picture.path;
    if (!existsSync(path)) {
      throw new StudioError('not-found', `There is no picture at ${'upload' in picture ? 'that upload' : path}.`, {
        hint: 'Choose it again.',
      });
    }
    if (statSync(path).isDirectory()) {
      throw new StudioError('bad-input', `This is a folder, not a picture: ${path}.`, { hint: 'Name a file in it.' });
    }
    return { reference: { path, encoding: 'file' }, applyOrientation: true };
  }
}

function networkPrediction(
  network: NetworkName,
  { step, classes, probabilities, maps, neighbors }: NetworkAnswer,
  fitted: { readonly temperature: number; readonly split: string } | null,
): NetworkPrediction {
  const byClass = <Value>(values: ArrayLike<Value>): Record<string, Value> =>
    Object.fromEntries(classes.map((name, index) => [name, values[index]!]));
  const top = probabilities.indexOf(Math.max(...probabilities));
  return {
    network,
    step,
    class: classes[top]!,
    probability: probabilities[top]!,
    probabilities: byClass(probabilities),
    calibrated: fitted && {
      temperature: fitted.temperature,
      split: fitted.split,
      probabilities: byClass(atTemperature(probabilities, classes, fitted.temperature)),
    },
    maps: maps && {
      width: maps.side,
      height: maps.side,
      byClass: byClass(maps.byClass.map((values) => [...values])),
      over: maps.over,
    },
    neighbors:
      neighbors?.map(({ id, label, distance }) => ({
        image: id,
        class: classes[label] ?? classNames(label + 1)[label]!,
        distance,
      })) ?? null,
  };
}

function atTemperature(
  probabilities: readonly number[],
  classNames: readonly string[],
  temperature: number,
): ArrayLike<number> {
  const labels = Int32Array.of(0);
  return withTemperature({ labels, probabilities: Float64Array.from(probabilities), classNames }, temperature)
    .probabilities;
}
