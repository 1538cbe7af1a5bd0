import type { Evaluation, RunDetail, StepMetrics } from '#shared/training.ts';
import type { Connection } from './database.ts';

/** Column of each metric of a step, in the order they are written. */
const STEP_COLUMNS: Readonly<Record<keyof StepMetrics, string>> = {
  step: 'step',
  baseLearningRate: 'base_learning_rate',
  adaptationLearningRate: 'adaptation_learning_rate',
  labeledLoss: 'labeled_loss',
  unlabeledLoss: 'unlabeled_loss',
  unlabeledLossMasked: 'unlabeled_loss_masked',
  maskMean: 'mask_mean',
  unlabeledWeight: 'unlabeled_weight',
  udaLoss: 'uda_loss',
  adaptationLoss: 'adaptation_loss',
  labeledLossOld: 'labeled_loss_old',
  labeledLossNew: 'labeled_loss_new',
  feedback: 'feedback',
  feedbackLoss: 'feedback_loss',
  baseLoss: 'base_loss',
  baseGradientNorm: 'base_gradient_norm',
  adaptationGradientNorm: 'adaptation_gradient_norm',
  dataMilliseconds: 'data_milliseconds',
  stepMilliseconds: 'step_milliseconds',
  imagesPerSecond: 'images_per_second',
};
const STEP_FIELDS = Object.keys(STEP_COLUMNS) as (keyof StepMetrics)[];

interface StoredEvaluation extends Omit<Evaluation, 'confusion' | 'perClass'> {
  readonly confusion: string;
  readonly perClass: string;
}

type LogEntry = RunDetail['log'][number];

/** What runs report while they go: metrics of every step, evaluations, log lines, pictures that could not be read. */
export class RunRecords {
  readonly #records: Connection;
  readonly #insertStep;
  readonly #lastStep;
  readonly #steps;
  readonly #insertEvaluation;
  readonly #evaluations;
  readonly #insertLog;
  readonly #log;

  constructor(connection: Connection) {
    this.#records = connection;
    const columns = STEP_FIELDS.map((field) => STEP_COLUMNS[field]);
    this.#insertStep = connection.prepare(
      `INSERT OR REPLACE INTO run_step (run_id, ${columns.join(', ')}) VALUES (?${', ?'.repeat(columns.length)})`,
    );
    this.#lastStep = connection
      .prepare<[string], number | null>('SELECT max(step) FROM run_step WHERE run_id = ?')
      .pluck();
    const selected = STEP_FIELDS.map((field) => `${STEP_COLUMNS[field]} AS ${field}`).join(', ');
    this.#steps = connection.prepare<[string, number, number, number, number], StepMetrics>(
      `SELECT ${selected} FROM run_step WHERE run_id = ? AND step > ? AND (step % ? = 0 OR step = ?) ORDER BY step LIMIT ?`,
    );
    this.#insertEvaluation = connection.prepare(
      `INSERT INTO run_evaluation
         (run_id, network, split, step, count, failed, accuracy, top2, mean_class_accuracy, ece, nll, images_per_second, confusion, per_class)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#evaluations = connection.prepare<[string], StoredEvaluation>(
      `SELECT network, split, step, count, failed, accuracy, top2, mean_class_accuracy AS meanClassAccuracy, ece, nll,
         images_per_second AS imagesPerSecond, confusion, per_class AS perClass FROM run_evaluation WHERE run_id = ? ORDER BY step, id`,
    );
    this.#insertLog = connection.prepare('INSERT INTO run_log (run_id, at, level, message) VALUES (?, ?, ?, ?)');
    this.#log = connection.prepare<[string], LogEntry>(
      'SELECT at, level, message FROM run_log WHERE run_id = ? ORDER BY id',
    );
  }

  /** Adds steps in one transaction; a step repeated after a crash replaces its row. */
  appendSteps(run: string, steps: readonly StepMetrics[]): void {
    this.#records.transaction(() => {
      for (const metrics of steps) this.#insertStep.run(run, ...STEP_FIELDS.map((field) => metrics[field]));
    })();
  }

  /** Steps after one. With `maximumPoints`, every so-manieth of them and the last, so that no more come. */
  steps(
    run: string,
    { afterStep = -1, maximumPoints }: { afterStep?: number; maximumPoints?: number } = {},
  ): StepMetrics[] {
    const last = this.#lastStep.get(run);
    if (last === null || last === undefined) return [];
    const every = maximumPoints === undefined ? 1 : Math.max(1, Math.ceil((last - afterStep) / (maximumPoints - 1)));
    return this.#steps.all(run, afterStep, every, last, maximumPoints ?? -1);
  }

  /** Takes back what came after a checkpoint: a resumed run makes it again. @param step the last step that stays. */
  deleteStepsAfter(run: string, step: number): void {
    this.#records.transaction(() => {
      this.#records.prepare('DELETE FROM run_step WHERE run_id = ? AND step > ?').run(run, step);
      // An evaluation after n steps is of step n; the next step to run is step + 1.
      this.#records.prepare('DELETE FROM run_evaluation WHERE run_id = ? AND step > ?').run(run, step + 1);
    })();
  }

  addEvaluation(run: string, evaluation: Evaluation): void {
    const { network, split, step, count, failed, accuracy, top2, meanClassAccuracy, ece, nll, imagesPerSecond } =
      evaluation;
    const numbers = [count, failed, accuracy, top2, meanClassAccuracy, ece, nll, imagesPerSecond];
    const tables = [JSON.stringify(evaluation.confusion), JSON.stringify(evaluation.perClass)];
    this.#insertEvaluation.run(run, network, split, step, ...numbers, ...tables);
  }

  evaluations(run: string): Evaluation[] {
    return this.#evaluations.all(run).map(({ confusion, perClass, ...rest }) => ({
      ...rest,
      confusion: JSON.parse(confusion) as Evaluation['confusion'],
      perClass: JSON.parse(perClass) as Evaluation['perClass'],
    }));
  }

  addLog(run: string, level: LogEntry['level'], message: string): void {
    this.#insertLog.run(run, new Date().toISOString(), level, message);
  }

  log(run: string): LogEntry[] {
    return this.#log.all(run);
  }

  /** A picture that training could not read; the run's count of them grows once for each. */
  addBadImage(run: string, image: number, path: string, reason: string): void {
    this.#records.transaction(() => {
      const added = this.#records
        .prepare('INSERT OR IGNORE INTO run_bad_image (run_id, image_id, path, reason) VALUES (?, ?, ?, ?)')
        .run(run, image, path, reason).changes;
      this.#records.prepare('UPDATE run SET bad_images = bad_images + ? WHERE id = ?').run(added, run);
    })();
  }
}
