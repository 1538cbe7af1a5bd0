import type { PseudoLabel } from '#shared/rounds.ts';
import { BulkInsert } from './bulk-insert.ts';
import type { Connection } from './database.ts';

/** Labels of some images, in ascending order of the images. Rows of `probabilities` are as long as `classCount` says. */
export interface PseudoLabelBatch {
  readonly images: ArrayLike<number>;
  readonly classCount: number;
  /** [N×K] row-major. */
  readonly probabilities: Float32Array;
}

/** Labels of a round as columns, in ascending order of the images. */
export interface LabelColumns {
  readonly images: Float64Array;
  /** Class indices. */
  readonly labels: Uint8Array;
  readonly confidences: Float32Array;
}

/** A confidence is a float32 of at least 1/8, since a round has eight classes at most: times this it is a whole number, exactly. */
const CONFIDENCE_UNITS = 2 ** 26;
/** Class of an image nobody knows the class of. */
const UNKNOWN_CLASS = 8;

const COLUMNS = ['round_id', 'image_id', 'label', 'confidence', 'margin', 'probabilities'];

interface PackedColumns {
  readonly count: number;
  /** Null when there are none. */
  readonly labels: string | null;
  readonly confidences: string | null;
}
interface PackedTruths {
  readonly last: number | null;
  readonly truths: string | null;
}
type StoredPseudoLabel = Omit<PseudoLabel, 'probabilities'> & { readonly probabilities: Buffer };

/** What rounds said, image by image. */
export class PseudoLabelTable {
  readonly #connection: Connection;
  readonly #insert;
  readonly #count;
  readonly #last;
  readonly #columns;
  readonly #truths;
  readonly #ofImage;
  readonly #chosen;
  readonly #imagesOf;
  readonly #clear;
  readonly #clearClasses;
  readonly #deleteFrom;
  readonly #idsByPath;
  readonly #isOfSource;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#insert = new BulkInsert(connection, 'INSERT INTO pseudo_label', COLUMNS);
    this.#count = connection.prepare<[number, number, number, number]>(
      `INSERT INTO pseudo_label_class (round_id, label, count, confidence_sum) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET count = count + excluded.count, confidence_sum = confidence_sum + excluded.confidence_sum`,
    );
    this.#last = connection
      .prepare<[number], number | null>('SELECT max(image_id) FROM pseudo_label WHERE round_id = ?')
      .pluck();
    // Columns as texts of numbers, which leave SQLite four times as fast as rows do.
    this.#columns = connection.prepare<[number, number, number], PackedColumns>(
      `SELECT count(*) AS count, group_concat(image_id * 8 + label) AS labels,
         group_concat(CAST(confidence * ${CONFIDENCE_UNITS} AS INTEGER)) AS confidences
       FROM (SELECT image_id, label, confidence FROM pseudo_label WHERE round_id = ? AND image_id > ? ORDER BY image_id LIMIT ?)`,
    );
    this.#truths = connection.prepare<[number, number, number], PackedTruths>(
      `SELECT max(id) AS last, group_concat(truth, '') AS truths
       FROM (SELECT image.id, coalesce(image.truth, review.label, image.label, ${UNKNOWN_CLASS}) AS truth
         FROM pseudo_label CROSS JOIN image ON image.id = pseudo_label.image_id LEFT JOIN review ON review.image_id = image.id
         WHERE round_id = ? AND pseudo_label.image_id > ? ORDER BY pseudo_label.image_id LIMIT ?)`,
    );
    const told = `round.id AS round, round.name, round.run, round.network, round.step, pseudo_label.label, pseudo_label.confidence,
      pseudo_label.margin, pseudo_label.probabilities, round.created_at AS createdAt`;
    this.#ofImage = connection.prepare<[number], StoredPseudoLabel>(
      `SELECT ${told} FROM pseudo_label CROSS JOIN pseudo_label_round AS round ON round.id = round_id
       WHERE image_id = ? ORDER BY round_id`,
    );
    this.#chosen = connection.prepare<[string, number], StoredPseudoLabel & { readonly image: number }>(
      `SELECT image_id AS image, ${told} FROM json_each(?) AS wanted
       CROSS JOIN pseudo_label ON round_id = ? AND image_id = wanted.value
       JOIN pseudo_label_round AS round ON round.id = round_id ORDER BY wanted.key`,
    );
    this.#imagesOf = connection
      .prepare<[number], number>('SELECT image_id FROM pseudo_label WHERE round_id = ? ORDER BY image_id')
      .pluck();
    this.#clear = connection.prepare('DELETE FROM pseudo_label WHERE round_id = ?');
    this.#clearClasses = connection.prepare('DELETE FROM pseudo_label_class WHERE round_id = ?');
    this.#deleteFrom = connection.prepare('DELETE FROM pseudo_label WHERE round_id = ? AND image_id >= ?');
    this.#idsByPath = connection
      .prepare<[number, string], number>('SELECT id FROM image WHERE source_id = ? AND path = ? LIMIT 2')
      .pluck();
    this.#isOfSource = connection
      .prepare<[number, number], number>('SELECT 1 FROM image WHERE id = ? AND source_id = ?')
      .pluck();
  }

  /** Adds labels and counts them, in one transaction: what a killed round may lose is a batch. */
  add(round: number, { images, classCount, probabilities }: PseudoLabelBatch): void {
    const counts = new Float64Array(classCount);
    const sums = new Float64Array(classCount);
    const bytes = Buffer.from(probabilities.buffer, probabilities.byteOffset, probabilities.byteLength);
    const rowBytes = classCount * Float32Array.BYTES_PER_ELEMENT;
    const rows = Array.from({ length: images.length }, (_, index) => {
      const row = probabilities.subarray(index * classCount, (index + 1) * classCount);
      const { label, confidence, margin } = decisionOf(row);
      counts[label]!++;
      sums[label]! += confidence;
      const blob = bytes.subarray(index * rowBytes, (index + 1) * rowBytes);
      return [round, images[index]!, label, confidence, margin, blob];
    });
    this.#connection.transaction(() => {
      this.#insert.insert(rows);
      counts.forEach((count, label) => count > 0 && this.#count.run(round, label, count, sums[label]!));
    })();
  }

  /** The image labeled last, 0 when there is none: labels are added in the order of the images. */
  lastImage(round: number): number {
    return this.#last.get(round) ?? 0;
  }

  /** Labels after an image, at most so many; ten thousand take some milliseconds. */
  columns(round: number, afterImage: number, limit: number): LabelColumns {
    const { count, labels, confidences } = this.#columns.get(round, afterImage, limit)!;
    const packed = numbersOf(labels, count);
    return {
      images: packed.map((number) => Math.floor(number / 8)),
      labels: Uint8Array.from(packed, (number) => number % 8),
      confidences: Float32Array.from(numbersOf(confidences, count), (number) => number / CONFIDENCE_UNITS),
    };
  }

  /**
   * The classes of the same images that the maker of their set or a person says, 8 where nobody does.
   * @returns null behind the last image.
   */
  truths(
    round: number,
    afterImage: number,
    limit: number,
  ): { readonly last: number; readonly classes: Uint8Array } | null {
    const { last, truths } = this.#truths.get(round, afterImage, limit)!;
    if (last === null || truths === null) return null;
    return { last, classes: Uint8Array.from(truths, Number) };
  }

  /** What every round said of an image, the first round first. */
  ofImage(image: number): PseudoLabel[] {
    return this.#ofImage.all(image).map(pseudoLabelOf);
  }

  /** What a round said of some images, in their order; those it has no label of are left out. */
  of(round: number, images: readonly number[]): (PseudoLabel & { readonly image: number })[] {
    return this.#chosen.all(JSON.stringify(images), round).map((stored) => ({
      ...pseudoLabelOf(stored),
      image: stored.image,
    }));
  }

  /** All images of a round, ascending. */
  images(round: number): number[] {
    return this.#imagesOf.all(round);
  }

  /** Takes back the label of an image and of those after it. */
  removeFrom(round: number, image: number): void {
    this.#deleteFrom.run(round, image);
  }

  /** Takes back all labels of a round, which stays. */
  clear(round: number): void {
    this.#connection.transaction(() => {
      this.#clear.run(round);
      this.#clearClasses.run(round);
    })();
  }

  /** Images at a path of a source: one, none, or several where one file holds many. */
  imagesAt(sourceId: number, path: string): number[] {
    return this.#idsByPath.all(sourceId, path);
  }

  isOfSource(image: number, sourceId: number): boolean {
    return this.#isOfSource.get(image, sourceId) !== undefined;
  }
}

const COMMA = 0x2c;
const ZERO = 0x30;

/** Whole numbers of a text, separated by commas. */
function numbersOf(text: string | null, count: number): Float64Array {
  const numbers = new Float64Array(count);
  let index = 0;
  for (let position = 0; position < (text?.length ?? 0); position++) {
    const code = text!.charCodeAt(position);
    if (code === COMMA) index++;
    else numbers[index] = numbers[index]! * 10 + (code - ZERO);
  }
  return numbers;
}

/** The most probable class, its probability, and how far the next is behind. The lower index wins a tie, as in NumPy's argmax. */
export function decisionOf(probabilities: ArrayLike<number>): { label: number; confidence: number; margin: number } {
  let label = 0;
  let second = -Infinity;
  for (let index = 1; index < probabilities.length; index++) {
    const value = probabilities[index]!;
    if (value > probabilities[label]!) {
      second = probabilities[label]!;
      label = index;
    } else if (value > second) second = value;
  }
  const confidence = probabilities[label]!;
  return { label, confidence, margin: confidence - second };
}

function pseudoLabelOf({ probabilities, ...stored }: StoredPseudoLabel): PseudoLabel {
  // A copy: the numbers must begin at a multiple of their size.
  const numbers = new Float32Array(Uint8Array.from(probabilities).buffer);
  const { round, name, run, network, step, label, confidence, margin, createdAt } = stored;
  return {
    ...{ round, name, run, network, step, label, confidence, margin },
    probabilities: [...numbers],
    createdAt,
  };
}
