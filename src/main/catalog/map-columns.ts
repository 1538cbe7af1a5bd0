import { setImmediate as nextTurn } from 'node:timers/promises';
import { SPLITS } from '#shared/images.ts';
import { NO_CLASS } from '#shared/map.ts';
import type { Connection } from './database.ts';

/** Rows read between which others get their turn: some ten milliseconds. */
const SLICE = 20_000;

type PointRow = readonly [id: number, label: number, confidence: number, known: number, split: number, decided: number];

/** What a map shows of the images of a round, in ascending order of their ids. */
export interface MapPoints {
  readonly ids: Float64Array;
  readonly predicted: Uint8Array;
  readonly confidences: Float32Array;
  /** The class that a person or the data set says; NO_CLASS where nobody does. */
  readonly known: Uint8Array;
  /** Indices into SPLITS. */
  readonly splits: Uint8Array;
  /** 1 where a decision stands. */
  readonly decided: Uint8Array;
}

/** Reads what a map of a round shows. */
export class MapColumns {
  readonly #points;
  readonly #labels;

  constructor(connection: Connection) {
    const splits = SPLITS.map((split, index) => `WHEN '${split}' THEN ${index}`).join(' ');
    this.#points = connection
      .prepare<[number, number, number], PointRow>(
        `SELECT image.id, pseudo_label.label, confidence,
           coalesce(review.label, CASE WHEN image.split <> 'unlabeled' THEN image.label END, ${NO_CLASS}),
           CASE image.split ${splits} END, review.image_id IS NOT NULL
         FROM pseudo_label CROSS JOIN image ON image.id = pseudo_label.image_id LEFT JOIN review ON review.image_id = image.id
         WHERE round_id = ? AND pseudo_label.image_id > ? AND excluded = 0 ORDER BY pseudo_label.image_id LIMIT ?`,
      )
      .raw();
    this.#labels = connection
      .prepare<[number, number, number], readonly [id: number, label: number]>(
        'SELECT image_id, label FROM pseudo_label WHERE round_id = ? AND image_id > ? ORDER BY image_id LIMIT ?',
      )
      .raw();
  }

  /** Without excluded images. @param count labels of the round, or more. */
  async points(round: number, count: number): Promise<MapPoints> {
    const ids = new Float64Array(count);
    const predicted = new Uint8Array(count);
    const confidences = new Float32Array(count);
    const known = new Uint8Array(count);
    const splits = new Uint8Array(count);
    const decided = new Uint8Array(count);
    let row = 0;
    for await (const slice of slicesOf<PointRow>(this.#points, round)) {
      for (const point of slice) {
        // Labels that came meanwhile are of the next map.
        if (row === count) break;
        [ids[row], predicted[row], confidences[row], known[row], splits[row], decided[row]] = point;
        row++;
      }
    }
    return {
      ids: ids.subarray(0, row),
      predicted: predicted.subarray(0, row),
      confidences: confidences.subarray(0, row),
      known: known.subarray(0, row),
      splits: splits.subarray(0, row),
      decided: decided.subarray(0, row),
    };
  }

  /** All labels of a round. @param count of them, or more. */
  async labels(round: number, count: number): Promise<{ readonly ids: Float64Array; readonly labels: Uint8Array }> {
    const ids = new Float64Array(count);
    const labels = new Uint8Array(count);
    let row = 0;
    for await (const slice of slicesOf<readonly [number, number]>(this.#labels, round)) {
      for (const [id, label] of slice) {
        if (row === count) break;
        ids[row] = id;
        labels[row++] = label;
      }
    }
    return { ids: ids.subarray(0, row), labels: labels.subarray(0, row) };
  }
}

async function* slicesOf<Row extends readonly [number, ...unknown[]]>(
  statement: { all(round: number, after: number, limit: number): Row[] },
  round: number,
): AsyncGenerator<Row[]> {
  for (let after = 0; ;) {
    const rows = statement.all(round, after, SLICE);
    yield rows;
    if (rows.length < SLICE) return;
    after = rows.at(-1)![0];
    await nextTurn();
  }
}
