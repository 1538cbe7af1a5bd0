import type { StepMetrics } from '#shared/training.ts';
import { BulkInsert } from './bulk-insert.ts';
import type { Connection } from './database.ts';

/** Column of each metric of a step, in the order they are written. */
const COLUMNS: Readonly<Record<keyof StepMetrics, string>> = {
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
const FIELDS = Object.keys(COLUMNS) as (keyof StepMetrics)[];

export interface StepRange {
  /** Only steps after this one. */
  readonly afterStep?: number;
  /** At most so many, two or more: evenly spaced ones of the range, its first and last among them. */
  readonly maximumPoints?: number;
}

/** The metrics of every step of every run, a row each. Runs are named by their numbers. */
export class RunSteps {
  readonly #insert;
  readonly #range;
  readonly #first;
  readonly #last;
  readonly #nearest;
  readonly #deleteAfter;

  constructor(connection: Connection) {
    const columns = ['run_number', ...FIELDS.map((field) => COLUMNS[field])];
    this.#insert = new BulkInsert(connection, 'INSERT OR REPLACE INTO run_step', columns);
    const select = `SELECT ${FIELDS.map((field) => `${COLUMNS[field]} AS ${field}`).join(', ')}`;
    this.#range = connection.prepare<[number, number], StepMetrics>(
      `${select} FROM run_step WHERE run_number = ? AND step > ? ORDER BY step`,
    );
    this.#first = connection
      .prepare<[number, number], number | null>('SELECT min(step) FROM run_step WHERE run_number = ? AND step > ?')
      .pluck();
    this.#last = connection
      .prepare<[number], number | null>('SELECT max(step) FROM run_step WHERE run_number = ?')
      .pluck();
    this.#nearest = connection.prepare<[string, number, number], StepMetrics>(
      `${select} FROM json_each(?) AS wanted CROSS JOIN run_step
       WHERE run_number = ? AND step = (SELECT min(step) FROM run_step WHERE run_number = ? AND step >= wanted.value)
       ORDER BY wanted.key`,
    );
    this.#deleteAfter = connection.prepare('DELETE FROM run_step WHERE run_number = ? AND step > ?');
  }

  /** A step that is there already is replaced. The caller holds the transaction. */
  append(run: number, steps: readonly StepMetrics[]): void {
    this.#insert.insert(steps.map((metrics) => [run, ...FIELDS.map((field) => metrics[field])]));
  }

  /** Rows as they were reported, never averages, in the order of the steps. */
  list(run: number, { afterStep = -1, maximumPoints }: StepRange): StepMetrics[] {
    const first = this.#first.get(run, afterStep) ?? null;
    const last = this.#last.get(run) ?? null;
    if (first === null || last === null) return [];
    if (maximumPoints === undefined || last - first < maximumPoints) return this.#range.all(run, afterStep);
    return this.#evenlySpaced(run, first, last, maximumPoints);
  }

  deleteAfter(run: number, step: number): void {
    this.#deleteAfter.run(run, step);
  }

  /** One look-up a point, so that a run of a million steps is as quick as a short one. Where steps are missing, the next stands for them. */
  #evenlySpaced(run: number, first: number, last: number, points: number): StepMetrics[] {
    const spacing = (last - first) / (points - 1);
    const wanted = Array.from({ length: points }, (_, point) => first + Math.round(point * spacing));
    const rows = this.#nearest.all(JSON.stringify(wanted), run, run);
    return rows.filter((row, index) => row.step !== rows[index - 1]?.step);
  }
}
