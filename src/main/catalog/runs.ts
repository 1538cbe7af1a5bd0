import type { ClusterRequest } from '#shared/cluster.ts';
import { StudioError } from '#shared/errors.ts';
import { REVIEWED_PARTS, type ReviewedLabel, type ReviewedPart } from '#shared/reviewed-use.ts';
import type { FeedbackExtreme } from '#shared/rounds.ts';
import {
  type BadImage,
  type Best,
  type Evaluation,
  type MemorySample,
  type RunDetail,
  type RunSummary,
  type StepMetrics,
  runRequestSchema,
  trainingConfigSchema,
} from '#shared/training.ts';
import type { ColumnValue, Connection } from './database.ts';
import { type ExtremeStep, FeedbackExtremes } from './feedback-extremes.ts';
import { RunEvaluations } from './run-evaluations.ts';
import { type LogEntry, RunJournal } from './run-journal.ts';
import { RunMemory } from './run-memory.ts';
import { type GivenLabel, RunReviewedLabels } from './run-reviewed-labels.ts';
import { RunSteps, type StepRange } from './run-steps.ts';
import { RunTags } from './run-tags.ts';
import { ERROR_COLUMNS, errorOf, errorValues, type StoredError } from './stored-error.ts';

export type NewRun = Pick<RunDetail, 'id' | 'name' | 'config' | 'request' | 'snapshot' | 'totalSteps'>;
/** What may change. A field left out or undefined stays as it is. */
export type RunPatch = Partial<
  Pick<
    RunDetail,
    'status' | 'phase' | 'step' | 'best' | 'imagesPerSecond' | 'secondsLeft' | 'seconds' | 'error' | 'runtime'
  >
>;

interface StoredRun extends Omit<RunSummary, 'best' | 'error' | 'accuracies' | 'tags'>, StoredError {
  readonly number: number;
  readonly bestStep: number | null;
  readonly bestNetwork: Best['network'] | null;
  readonly bestAccuracy: number | null;
  readonly bestMeanClassAccuracy: number | null;
  readonly runtimeVersion: string | null;
  readonly runtimeDevice: string | null;
  readonly runtimePrecision: string | null;
}
interface StoredTexts {
  readonly config: string;
  readonly request: string;
  readonly snapshot: string;
}

const COLUMNS = `number, id, name, status, phase, step, total_steps AS totalSteps, best_step AS bestStep, best_network AS bestNetwork,
  best_accuracy AS bestAccuracy, best_mean_class_accuracy AS bestMeanClassAccuracy, images_per_second AS imagesPerSecond,
  seconds_left AS secondsLeft, seconds, bad_images AS badImages, ${ERROR_COLUMNS}, runtime_version AS runtimeVersion,
  runtime_device AS runtimeDevice, runtime_precision AS runtimePrecision, created_at AS createdAt, updated_at AS updatedAt`;

/** Training runs: what each is, how far it is, and everything it reported. Methods that name a run throw 'not-found' for an unknown one. */
export class RunTable {
  readonly #connection: Connection;
  readonly #steps: RunSteps;
  readonly #evaluations: RunEvaluations;
  readonly #journal: RunJournal;
  readonly #extremes: FeedbackExtremes;
  readonly #tags: RunTags;
  readonly #memory: RunMemory;
  readonly #reviewed: RunReviewedLabels;
  readonly #insert;
  readonly #byId;
  readonly #texts;
  readonly #all;
  readonly #labeledSets;
  readonly #update;
  readonly #remove;
  readonly #interrupt;
  readonly #setCluster;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#steps = new RunSteps(connection);
    this.#evaluations = new RunEvaluations(connection);
    this.#journal = new RunJournal(connection);
    this.#extremes = new FeedbackExtremes(connection);
    this.#tags = new RunTags(connection);
    this.#memory = new RunMemory(connection);
    this.#reviewed = new RunReviewedLabels(connection);
    this.#insert = connection.prepare<ColumnValue[]>(
      `INSERT INTO run (id, name, status, phase, step, total_steps, seconds, config, request, snapshot, created_at, updated_at)
       VALUES (?, ?, 'queued', 'preparing', 0, ?, 0, ?, ?, ?, ?, ?)`,
    );
    this.#byId = connection.prepare<[string], StoredRun>(`SELECT ${COLUMNS} FROM run WHERE id = ?`);
    this.#texts = connection.prepare<[number], StoredTexts>(
      'SELECT config, request, snapshot FROM run WHERE number = ?',
    );
    this.#all = connection.prepare<[], StoredRun>(`SELECT ${COLUMNS} FROM run ORDER BY number DESC`);
    this.#labeledSets = connection.prepare<[], { id: string; name: string; labeled: string }>(
      `SELECT id, name, request ->> 'labeled' AS labeled FROM run ORDER BY number DESC`,
    );
    this.#update = connection.prepare<ColumnValue[]>(
      `UPDATE run SET status = ?, phase = ?, step = ?, best_step = ?, best_network = ?, best_accuracy = ?, best_mean_class_accuracy = ?,
         images_per_second = ?, seconds_left = ?, seconds = ?, error_code = ?, error_message = ?, error_hint = ?, error_command_line = ?,
         runtime_version = ?, runtime_device = ?, runtime_precision = ?, updated_at = ?
       WHERE number = ?`,
    );
    this.#remove = connection.prepare('DELETE FROM run WHERE number = ?');
    this.#setCluster = connection.prepare<[string, number]>(
      `UPDATE run SET request = json_set(request, '$.cluster', json(?)) WHERE number = ?`,
    );
    this.#interrupt = connection.prepare<[string]>(
      `UPDATE run SET status = 'interrupted', seconds_left = NULL, images_per_second = NULL, updated_at = ?
       WHERE status IN ('running', 'queued')`,
    );
  }

  /** What each run learns from: a subset, `NAME` or `NAME@VERSION`, or a source. The newest first. */
  labeledSets(): { readonly id: string; readonly name: string; readonly labeled: string }[] {
    return this.#labeledSets.all();
  }

  /** @param given the labels it is given: which of them are reviewed is kept with it. @throws StudioError 'conflict' for an id that is taken. */
  create(
    { id, name, config, request, snapshot, totalSteps }: NewRun,
    given: Readonly<Partial<Record<ReviewedPart, readonly GivenLabel[]>>> = {},
  ): void {
    if (this.#byId.get(id) !== undefined) {
      throw new StudioError('conflict', `There is a run ${id} already.`, { hint: 'Choose another name.' });
    }
    const now = new Date().toISOString();
    const texts = [config, request, snapshot].map((value) => JSON.stringify(value));
    this.#connection.transaction(() => {
      this.#insert.run(id, name, totalSteps, ...texts, now, now);
      const { number } = this.#stored(id);
      for (const part of REVIEWED_PARTS) this.#reviewed.record(number, part, given[part] ?? []);
    })();
  }

  update(id: string, patch: RunPatch): void {
    const stored = this.#stored(id);
    const changes = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined)) as RunPatch;
    const run = { ...stored, best: bestOf(stored), error: errorOf(stored), runtime: runtimeOf(stored), ...changes };
    const { best, runtime } = run;
    this.#update.run(
      ...[run.status, run.phase, run.step],
      ...[best?.step ?? null, best?.network ?? null, best?.accuracy ?? null, best?.meanClassAccuracy ?? null],
      ...[run.imagesPerSecond, run.secondsLeft, run.seconds, ...errorValues(run.error)],
      ...[runtime?.version ?? null, runtime?.device ?? null, runtime?.precision ?? null],
      ...[new Date().toISOString(), stored.number],
    );
  }

  /** Everything but the folder, which the workspace knows. */
  get(id: string): Omit<RunDetail, 'directory'> {
    const stored = this.#stored(id);
    const { config, request, snapshot } = this.#texts.get(stored.number)!;
    return {
      ...this.#summaryOf(stored, this.#tags.of(stored.number)),
      config: trainingConfigSchema.parse(JSON.parse(config)),
      request: runRequestSchema.parse(JSON.parse(request)),
      snapshot: JSON.parse(snapshot) as RunDetail['snapshot'],
      reviewed: this.#reviewed.use(stored.number),
      runtime: runtimeOf(stored),
      evaluations: this.#evaluations.list(stored.number),
      log: this.#journal.lines(stored.number),
    };
  }

  /** What a list shows of one run: for whoever looks often, since {@link get} reads all its evaluations. */
  summary(id: string): RunSummary {
    const stored = this.#stored(id);
    return this.#summaryOf(stored, this.#tags.of(stored.number));
  }

  /** The newest first. */
  list(): RunSummary[] {
    const tags = this.#tags.all();
    return this.#all.all().map((stored) => this.#summaryOf(stored, tags.get(stored.number) ?? []));
  }

  /** Lets a run go on with these workers. */
  setCluster(id: string, cluster: ClusterRequest): void {
    this.#setCluster.run(JSON.stringify(cluster), this.#stored(id).number);
  }

  /** With all it reported; its folder is the caller's. */
  remove(id: string): void {
    this.#remove.run(this.#stored(id).number);
  }

  /** What is found running or waiting when a host starts was cut off with the host before. */
  markInterrupted(): void {
    this.#interrupt.run(new Date().toISOString());
  }

  /** Adds steps in one transaction; a step repeated after a crash replaces its row. */
  appendSteps(id: string, steps: readonly StepMetrics[]): void {
    const { number } = this.#stored(id);
    this.#connection.transaction(() => this.#steps.append(number, steps))();
  }

  steps(id: string, range: StepRange = {}): StepMetrics[] {
    return this.#steps.list(this.#stored(id).number, range);
  }

  /** Takes back what came after a checkpoint: a resumed run makes it again. @param step the last step that stays. */
  deleteStepsAfter(id: string, step: number): void {
    const { number } = this.#stored(id);
    this.#connection.transaction(() => {
      this.#steps.deleteAfter(number, step);
      this.#extremes.deleteAfter(number, step);
      this.#memory.deleteAfter(number, step);
      // Steps count from 0 and an evaluation's step is how many were done: after the last that stays, one more.
      this.#evaluations.deleteAfter(number, step + 1);
    })();
  }

  addEvaluation(id: string, evaluation: Evaluation): void {
    const { number } = this.#stored(id);
    this.#connection.transaction(() => this.#evaluations.add(number, evaluation))();
  }

  evaluations(id: string): Evaluation[] {
    return this.#evaluations.list(this.#stored(id).number);
  }

  /** Keeps a step with its batch while its feedback is among the strongest of the run. */
  addFeedbackExtreme(id: string, extreme: ExtremeStep): void {
    const { number } = this.#stored(id);
    this.#connection.transaction(() => this.#extremes.add(number, extreme))();
  }

  feedbackExtremes(id: string): FeedbackExtreme[] {
    return this.#extremes.list(this.#stored(id).number);
  }

  /** @throws StudioError 'not-found' for a step that is none of them. */
  feedbackExtreme(id: string, step: number): ExtremeStep {
    return this.#extremes.get(this.#stored(id).number, step);
  }

  /** Tags that are there already, or not there to be removed, change nothing. */
  changeTags(id: string, add: readonly string[], remove: readonly string[]): void {
    const { number } = this.#stored(id);
    this.#connection.transaction(() => this.#tags.change(number, add, remove))();
  }

  addMemory(id: string, sample: MemorySample): void {
    this.#memory.add(this.#stored(id).number, sample);
  }

  /** Memory over the steps, thinned where there are more samples than `maximumPoints`. */
  memory(id: string, maximumPoints: number): MemorySample[] {
    return this.#memory.list(this.#stored(id).number, maximumPoints);
  }

  /** Reviewed labels that a run was given, by the numbers of the images after one. */
  reviewedLabels(id: string, part: ReviewedPart, afterImage: number, limit: number): ReviewedLabel[] {
    return this.#reviewed.page(this.#stored(id).number, part, afterImage, limit);
  }

  /** Those of some images. */
  reviewedLabelsOf(id: string, part: ReviewedPart, images: readonly number[]): ReviewedLabel[] {
    return this.#reviewed.of(this.#stored(id).number, part, images);
  }

  addLog(id: string, level: LogEntry['level'], message: string): void {
    this.#journal.addLine(this.#stored(id).number, level, message);
  }

  /** A picture that training could not read; the run's count of them grows once for each. */
  addBadImage(id: string, image: number, path: string, reason: string): void {
    this.#journal.addBadImage(this.#stored(id).number, image, path, reason);
  }

  /** Images that could not be read in the run, by their paths, the first of them. */
  badImages(id: string, limit: number): BadImage[] {
    return this.#journal.badImages(this.#stored(id).number, limit);
  }

  #stored(id: string): StoredRun {
    const stored = this.#byId.get(id);
    if (stored !== undefined) return stored;
    throw new StudioError('not-found', `There is no run ${id} in this workspace.`, {
      hint: 'It may have been deleted: choose another.',
      commandLine: '`runs list`',
    });
  }

  #summaryOf(stored: StoredRun, tags: string[]): RunSummary {
    const { id, name, status, phase, step, totalSteps, imagesPerSecond, secondsLeft, seconds, badImages } = stored;
    return {
      ...{ id, name, status, phase, step, totalSteps, imagesPerSecond, secondsLeft, seconds, badImages },
      best: bestOf(stored),
      accuracies: this.#evaluations.curve(stored.number),
      tags,
      error: errorOf(stored),
      createdAt: stored.createdAt,
      updatedAt: stored.updatedAt,
    };
  }
}

function bestOf({ bestStep, bestNetwork, bestAccuracy, bestMeanClassAccuracy }: StoredRun): Best | null {
  if (bestStep === null || bestNetwork === null || bestAccuracy === null || bestMeanClassAccuracy === null) return null;
  return { step: bestStep, network: bestNetwork, accuracy: bestAccuracy, meanClassAccuracy: bestMeanClassAccuracy };
}

function runtimeOf({ runtimeVersion, runtimeDevice, runtimePrecision }: StoredRun): RunDetail['runtime'] {
  if (runtimeVersion === null || runtimeDevice === null || runtimePrecision === null) return null;
  return { version: runtimeVersion, device: runtimeDevice, precision: runtimePrecision };
}
