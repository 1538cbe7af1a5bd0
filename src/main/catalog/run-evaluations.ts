import type { Evaluation } from '#shared/training.ts';
import type { ColumnValue, Connection } from './database.ts';

/** Points of the curve beside a run in a list: as many as a small picture shows. */
const CURVE_POINTS = 100;

type StoredEvaluation = Omit<Evaluation, 'confusion' | 'perClass'> & {
  readonly id: number;
  readonly confusion: string;
};
type StoredClass = Evaluation['perClass'][number] & { readonly evaluation: number };

const PLACE = 'run_number = ? AND step = ? AND network = ? AND split = ?';

/** Evaluations of runs, one for each step, network and split. Runs are named by their numbers. */
export class RunEvaluations {
  readonly #delete;
  readonly #insert;
  readonly #insertClass;
  readonly #ofRun;
  readonly #classesOfRun;
  readonly #curve;
  readonly #deleteAfter;

  constructor(connection: Connection) {
    this.#delete = connection.prepare<ColumnValue[]>(`DELETE FROM run_evaluation WHERE ${PLACE}`);
    this.#insert = connection.prepare<ColumnValue[]>(
      `INSERT INTO run_evaluation
         (run_number, step, network, split, count, failed, accuracy, top2, mean_class_accuracy, ece, nll, images_per_second, confusion)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#insertClass = connection.prepare<ColumnValue[]>(
      'INSERT INTO run_evaluation_class (evaluation_id, label, name, precision, recall, f1, support) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.#ofRun = connection.prepare<[number], StoredEvaluation>(
      `SELECT id, network, split, step, count, failed, accuracy, top2, mean_class_accuracy AS meanClassAccuracy, ece, nll,
         images_per_second AS imagesPerSecond, confusion FROM run_evaluation WHERE run_number = ? ORDER BY step, network, split`,
    );
    this.#classesOfRun = connection.prepare<[number], StoredClass>(
      `SELECT evaluation_id AS evaluation, name, precision, recall, f1, support
       FROM run_evaluation JOIN run_evaluation_class ON evaluation_id = run_evaluation.id
       WHERE run_number = ? ORDER BY step, network, split, label`,
    );
    this.#curve = connection
      .prepare<[number], number>(
        `SELECT accuracy FROM run_evaluation
         WHERE run_number = ? AND network = 'adaptation' AND split = 'validation' ORDER BY step`,
      )
      .pluck();
    this.#deleteAfter = connection.prepare('DELETE FROM run_evaluation WHERE run_number = ? AND step > ?');
  }

  /** The same network evaluated again on the same split at the same step replaces what was. The caller holds the transaction. */
  add(run: number, evaluation: Evaluation): void {
    const { network, split, step, count, failed, accuracy, top2, meanClassAccuracy, ece, nll } = evaluation;
    const place = [run, step, network, split];
    const numbers = [count, failed, accuracy, top2, meanClassAccuracy, ece, nll, evaluation.imagesPerSecond];
    this.#delete.run(...place);
    const confusion = JSON.stringify(evaluation.confusion);
    const id = Number(this.#insert.run(...place, ...numbers, confusion).lastInsertRowid);
    for (const [label, { name, precision, recall, f1, support }] of evaluation.perClass.entries()) {
      this.#insertClass.run(id, label, name, precision, recall, f1, support);
    }
  }

  /** In the order of the steps. */
  list(run: number): Evaluation[] {
    const classes = Map.groupBy(this.#classesOfRun.all(run), ({ evaluation }) => evaluation);
    return this.#ofRun.all(run).map(({ id, confusion, ...rest }) => ({
      ...rest,
      confusion: JSON.parse(confusion) as Evaluation['confusion'],
      perClass: (classes.get(id) ?? []).map(({ evaluation: _, ...metrics }) => metrics),
    }));
  }

  /** Validation accuracy of the adaptation network over time: each evaluation's, or evenly spaced ones where there are many. */
  curve(run: number): number[] {
    const accuracies = this.#curve.all(run);
    if (accuracies.length <= CURVE_POINTS) return accuracies;
    const spacing = (accuracies.length - 1) / (CURVE_POINTS - 1);
    return Array.from({ length: CURVE_POINTS }, (_, point) => accuracies[Math.round(point * spacing)]!);
  }

  deleteAfter(run: number, step: number): void {
    this.#deleteAfter.run(run, step);
  }
}
