import { existsSync, statSync } from 'node:fs';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { StudioError } from '#shared/errors.ts';
import {
  type BootstrapChoice,
  type EvaluateRequest,
  type EvaluationRecord,
  type EvaluationReport,
  type FittedTemperature,
  type WrongPage,
  type WrongRequest,
} from '#shared/evaluation.ts';
import type { ManifestImage } from '#shared/images.ts';
import type { Job } from '#shared/jobs.ts';
import type { ModelRequest } from '#shared/requests.ts';
import type { Evaluation } from '#shared/training.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { EngineModel } from '../../engine/messages.ts';
import { expectedCalibrationError, negativeLogLikelihood } from '../../evaluation/calibration.ts';
import { mapClasses, type MappedPredictions } from '../../evaluation/class-mapping.ts';
import { predictOnWorkers } from '../cluster/predict-on-workers.ts';
import { evaluatePredictions } from '../../evaluation/metrics.ts';
import { mistakesOf } from '../../evaluation/mistakes.ts';
import { evaluationReport } from '../../evaluation/report.ts';
import { fitTemperature, withTemperature } from '../../evaluation/temperature.ts';
import type { JobContext, JobRunner } from '../../jobs/runner.ts';
import type { Workspace } from '../workspace.ts';
import { readTemperature, saveTemperature } from './calibration-store.ts';
import { EvaluationStore } from './evaluation-store.ts';
import type { NetworkEngine } from './network-engine.ts';
import type { RunService } from './run-service.ts';

export interface EvaluationServiceOptions {
  readonly workspace: Workspace;
  readonly catalog: Catalog;
  readonly runs: RunService;
  readonly jobs: JobRunner;
  readonly engine: NetworkEngine;
  readonly workers: number;
}

/** An evaluation that was made, and where what it said about each image is kept. */
export type KeptEvaluation = Evaluation & { readonly id: string };

/** Scores networks on splits and keeps what they said about each image, from which everything else is computed. */
export class EvaluationService {
  readonly #options: EvaluationServiceOptions;
  readonly #store: EvaluationStore;

  constructor(options: EvaluationServiceOptions) {
    this.#options = options;
    this.#store = new EvaluationStore(options.workspace);
  }

  /** Scores a network on a split of the catalog and keeps what it said. @throws StudioError 'bad-input' when the split holds no labeled images. */
  evaluate(request: EvaluateRequest): Promise<KeptEvaluation> {
    return this.#start(request).result;
  }

  /** The same as a job. Its result is that of {@link evaluate}. */
  start(request: EvaluateRequest): Job {
    const { job, result } = this.#start(request);
    result.catch(() => undefined); // the row holds the error
    return job;
  }

  #start(request: EvaluateRequest): { job: Job; result: Promise<KeptEvaluation> } {
    const { catalog, jobs } = this.#options;
    const model = this.#options.engine.model(request.model);
    const images = this.#images(request);
    const run = this.#run(request.model);
    return jobs.start(
      {
        kind: 'evaluate',
        title: `Evaluate ${run?.name ?? request.model.checkpoint} on ${splitName(request)}`,
        unit: 'images',
        ...(run && { run: run.id }),
      },
      async (context) => {
        const record = await this.#predict(request, model, images, context);
        const evaluation = await this.summary(record.id);
        // A map changes what the numbers mean: the run's own list holds those of its classes.
        if (run !== undefined && Object.keys(record.map).length === 0) catalog.runs.addEvaluation(run.id, evaluation);
        return { ...evaluation, id: record.id };
      },
    );
  }

  /** The evaluation of a network on a split as both are now: one that is kept, or a new one. */
  async currentOrNew(request: EvaluateRequest): Promise<{ readonly id: string }> {
    return (await this.current(request)) ?? this.evaluate(request);
  }

  /** An evaluation that is kept and still true: the network is the same, and so are the images and their labels. Null when there is none. */
  async current(request: EvaluateRequest): Promise<EvaluationRecord | null> {
    const model = this.#options.engine.model(request.model);
    const checkpoint = this.#placeOf(model.checkpoint);
    const wanted = { checkpoint, network: model.network, split: splitName(request), map: request.map ?? {} };
    const labels = new Map(this.#images(request).map(({ id, label }) => [id, label]));
    const records = await this.#store.list(request.model.run ?? null);
    const written = writtenAt(model.checkpoint);
    for (const record of records.filter((candidate) => isSameJob(candidate, wanted))) {
      const { answers } = await this.#store.read(record.id);
      const isTrue =
        written < new Date(record.createdAt) &&
        answers.labels.length + record.failed === labels.size &&
        Array.from(answers.ids).every((id, row) => labels.get(id) === answers.labels[row]);
      if (isTrue) return record;
    }
    return null;
  }

  /** The evaluations of a run, or of checkpoints of no run; the newest first. */
  list(run: string | null): Promise<EvaluationRecord[]> {
    if (run !== null) this.#options.runs.get(run);
    return this.#store.list(run);
  }

  /** The headline numbers of an evaluation that is kept. */
  async summary(id: string): Promise<Evaluation> {
    const { record, predictions } = await this.predictions(id);
    return evaluationOf(record, predictions);
  }

  /** What was said about each image, in the classes that are scored. */
  async predictions(id: string): Promise<{ record: EvaluationRecord; predictions: MappedPredictions }> {
    const { record, answers } = await this.#store.read(id);
    return { record, predictions: mapClasses(answers, record.map) };
  }

  /** Files of images, by id; those that are gone are left out. */
  pathsOf(ids: readonly number[]): ReadonlyMap<number, string> {
    return new Map(this.#options.catalog.images.describe(ids).map(({ id, reference }) => [id, reference.path]));
  }

  /** Everything there is to say about an evaluation. */
  async report(id: string, bootstrap: BootstrapChoice): Promise<EvaluationReport> {
    const { record, predictions } = await this.predictions(id);
    return evaluationReport(record, predictions, await this.#temperatureOf(record), bootstrap);
  }

  /** The images a network was wrong on, the surest mistakes first: a queue for the audit. */
  async wrong({ id, label, predicted, offset, limit }: WrongRequest): Promise<WrongPage> {
    const { predictions } = await this.predictions(id);
    const { classNames, probabilities, labels, ids } = predictions;
    const classIndex = (name: string | undefined): number | undefined => {
      const index = name === undefined ? undefined : classNames.indexOf(name);
      if (index !== -1) return index;
      throw new StudioError('usage', `“${name}” is no class of this evaluation.`, {
        hint: `Its classes are ${classNames.join(', ')}.`,
      });
    };
    const found = mistakesOf(
      predictions,
      withoutUndefined({ label: classIndex(label), predicted: classIndex(predicted) }),
    );
    const page = found.slice(offset, offset + limit);
    const paths = this.pathsOf(page.map(({ row }) => ids[row]!));
    const width = classNames.length;
    const rows = page.map(({ row, predicted: taken, confidence }) => ({
      image: ids[row]!,
      path: paths.get(ids[row]!) ?? null,
      label: classNames[labels[row]!]!,
      predicted: classNames[taken]!,
      confidence,
      labelProbability: probabilities[row * width + labels[row]!]!,
      probabilities: Array.from(probabilities.subarray(row * width, (row + 1) * width)),
    }));
    return { classes: [...classNames], count: labels.length, total: found.length, rows };
  }

  /**
   * Fits a network's temperature on a validation split and keeps it beside the checkpoint.
   * @throws StudioError 'usage' for another split: the temperature would be fitted to what is to be scored.
   */
  async calibrate(request: EvaluateRequest): Promise<FittedTemperature> {
    if (request.split !== 'validation') {
      throw new StudioError('usage', `A temperature is fitted on a validation split, not on ${request.split}.`, {
        hint: 'Import images for validation.',
        commandLine: '--role validation',
      });
    }
    const model = this.#options.engine.model(request.model);
    const { id, step, split } = await this.evaluate(request);
    const { predictions } = await this.predictions(id);
    const temperature = fitTemperature(predictions);
    const [before, after] = [withTemperature(predictions, 1), withTemperature(predictions, temperature)];
    const fitted: FittedTemperature = {
      temperature,
      network: model.network,
      step,
      split,
      count: predictions.labels.length,
      nllBefore: negativeLogLikelihood(before),
      nllAfter: negativeLogLikelihood(after),
      eceBefore: expectedCalibrationError(before),
      eceAfter: expectedCalibrationError(after),
      fittedAt: new Date().toISOString(),
    };
    await saveTemperature(model, fitted);
    return fitted;
  }

  async #predict(
    request: EvaluateRequest,
    model: EngineModel,
    images: readonly ManifestImage[],
    { report, signal }: JobContext,
  ): Promise<EvaluationRecord> {
    const { engine, workers } = this.#options;
    const split = splitName(request);
    const answer =
      request.cluster === undefined
        ? await engine.ask((process) =>
            process.request({ kind: 'evaluate', model, images, workers }, (done, total) => report(done, total), signal),
          )
        : await predictOnWorkers(request.cluster, { model, images, workers, split }, report, signal);
    this.#run(request.model); // deleted meanwhile: nothing is kept of it
    const { step, classes, imagesPerSecond, failed } = answer;
    return this.#store.save(
      {
        ...{ run: request.model.run ?? null, checkpoint: this.#placeOf(model.checkpoint), network: model.network },
        ...{ step, split, networkClasses: [...classes], map: request.map ?? {} },
        ...{ imagesPerSecond, failed, createdAt: new Date().toISOString() },
      },
      answer,
    );
  }

  #images(request: EvaluateRequest): ManifestImage[] {
    const { split, source } = request;
    const place = source === undefined ? { split } : { source, split };
    const images = this.#options.catalog.images.manifest(place).filter((image) => image.label >= 0);
    if (images.length > 0) return images;
    throw new StudioError('bad-input', `There are no labeled images in the ${splitName(request)} split.`, {
      hint: 'Choose another split or source.',
      commandLine: '`stats` lists what is there',
    });
  }

  async #temperatureOf({ checkpoint, network, step }: EvaluationRecord): Promise<FittedTemperature | null> {
    const place = resolve(this.#options.workspace.directory, checkpoint);
    if (!existsSync(place)) return null;
    const fitted = await readTemperature({ checkpoint: place, network });
    // The checkpoint may have been replaced since the evaluation.
    return fitted?.step === step ? fitted : null;
  }

  #run(model: ModelRequest): { id: string; name: string } | undefined {
    return model.run === undefined ? undefined : this.#options.runs.get(model.run);
  }

  /** A checkpoint of this workspace by its place in it, so that the folder may be moved. */
  #placeOf(checkpoint: string): string {
    const inside = relative(this.#options.workspace.directory, checkpoint);
    return inside.startsWith('..') || isAbsolute(inside) ? checkpoint : inside.split(sep).join('/');
  }
}

/** How a split of the catalog, or of one of its sources, is written. */
export function splitName({ split, source }: Pick<EvaluateRequest, 'split' | 'source'>): string {
  return source === undefined ? split : `${source}:${split}`;
}

function evaluationOf(record: EvaluationRecord, predictions: MappedPredictions): Evaluation {
  const { network, split, step, imagesPerSecond, failed } = record;
  const { accuracy, top2, meanClassAccuracy, confusion, perClass, ece, nll, count } = evaluatePredictions(predictions);
  const scores = { accuracy, top2, meanClassAccuracy, confusion, perClass, ece, nll };
  return { network, split, step, imagesPerSecond, failed, count, ...scores };
}

function isSameJob(
  record: EvaluationRecord,
  wanted: Pick<EvaluationRecord, 'checkpoint' | 'network' | 'split' | 'map'>,
): boolean {
  return (
    record.checkpoint === wanted.checkpoint &&
    record.network === wanted.network &&
    record.split === wanted.split &&
    JSON.stringify(Object.entries(record.map).toSorted()) === JSON.stringify(Object.entries(wanted.map).toSorted())
  );
}

function writtenAt(checkpoint: string): Date {
  const state = join(checkpoint, 'state.json');
  return statSync(existsSync(state) ? state : checkpoint).mtime;
}

function withoutUndefined<Value extends object>(
  value: Value,
): { [Key in keyof Value]?: Exclude<Value[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as never;
}
