import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ImageMeasures, StoredAnalysis } from '#shared/analysis.ts';
import { QUALITY_FLAGS, type QualityFlag } from '#shared/filter.ts';
import { BulkInsert } from './bulk-insert.ts';
import type { Connection } from './database.ts';

/** What was found of an image. */
export interface NewAnalysis extends ImageMeasures {
  readonly imageId: number;
  /** Of the decoded pixels: the same for the same pixels. */
  readonly digest: string;
  readonly hash: { readonly high: number; readonly low: number };
  readonly flags: readonly QualityFlag[];
}

export interface AnalysisFailure {
  readonly imageId: number;
  readonly reason: string;
}

/** Perceptual hashes of images, at the same position of each list. */
export interface ImageHashes {
  readonly ids: readonly number[];
  readonly high: Uint32Array;
  readonly low: Uint32Array;
}

interface StoredRow extends ImageMeasures {
  readonly digest: string;
  readonly hashHigh: number;
  readonly hashLow: number;
  readonly quality: number;
}

const ANALYZED = 1;
/** The value of `image.quality` for a flag; migration 4 says the same. */
const bitOf = (flag: QualityFlag): number => 2 << QUALITY_FLAGS.indexOf(flag);
const UNIFORM = bitOf('uniform');

/** Rows read between which others get their turn: some ten milliseconds. */
const SLICE = 20_000;

const COLUMNS = [
  ...['image_id', 'digest', 'hash_high', 'hash_low', 'brightness', 'contrast', 'sharpness', 'colourfulness'],
  ...['width', 'height'],
];

/** What looking at each image told. */
export class AnalysisTable {
  readonly #connection: Connection;
  readonly #insert;
  readonly #insertFailure;
  readonly #setQuality;
  readonly #recover;
  readonly #missing;
  readonly #unseen;
  readonly #one;
  readonly #failures;
  readonly #failureCount;
  readonly #digests;
  readonly #hashes;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#insert = new BulkInsert(connection, 'INSERT OR REPLACE INTO analysis', COLUMNS);
    this.#insertFailure = connection.prepare<[number, string, string]>(
      'INSERT OR REPLACE INTO analysis_failure (image_id, reason, recorded_at) VALUES (?, ?, ?)',
    );
    this.#setQuality = connection.prepare<[quality: number, width: number, height: number, id: number]>(
      'UPDATE image SET quality = ?, width = ifnull(width, ?), height = ifnull(height, ?) WHERE id = ?',
    );
    this.#recover = connection.prepare<[number]>('DELETE FROM analysis_failure WHERE image_id = ?');
    this.#missing = connection
      .prepare<[string], number>(
        `SELECT image.id FROM json_each(?) AS wanted CROSS JOIN image ON image.id = wanted.value
         WHERE NOT EXISTS (SELECT 1 FROM analysis WHERE image_id = image.id) ORDER BY wanted.key`,
      )
      .pluck();
    this.#unseen = connection
      .prepare<[string], number>(
        `SELECT count(*) FROM json_each(?) AS wanted CROSS JOIN image ON image.id = wanted.value
         WHERE NOT EXISTS (SELECT 1 FROM analysis WHERE image_id = image.id)
           AND NOT EXISTS (SELECT 1 FROM analysis_failure WHERE image_id = image.id)`,
      )
      .pluck();
    this.#one = connection.prepare<[number], StoredRow>(
      `SELECT digest, hash_high AS hashHigh, hash_low AS hashLow, brightness, contrast, sharpness, colourfulness,
         analysis.width, analysis.height, quality
       FROM analysis JOIN image ON image.id = analysis.image_id WHERE analysis.image_id = ?`,
    );
    this.#failures = connection.prepare<[number, number], AnalysisFailure>(
      `SELECT image_id AS imageId, reason FROM analysis_failure WHERE image_id > ? ORDER BY image_id LIMIT ?`,
    );
    // Of few images, as a rule.
    this.#failureCount = connection
      .prepare<[], number>('SELECT count(*) FROM analysis_failure WHERE image_id > 0')
      .pluck();
    this.#digests = connection.prepare<[string, number, number], { digest: string; id: number }>(
      `SELECT digest, image_id AS id FROM analysis WHERE (digest, image_id) > (?, ?) ORDER BY digest, image_id LIMIT ?`,
    );
    this.#hashes = connection
      .prepare<[number, number], readonly [id: number, high: number, low: number, quality: number]>(
        `SELECT image_id, hash_high, hash_low, quality FROM analysis CROSS JOIN image ON image.id = analysis.image_id
         WHERE image_id > ? ORDER BY image_id LIMIT ?`,
      )
      .raw();
  }

  /** Keeps what was found in one transaction; images that are gone by now are left out. A size that an import did not tell is known now. */
  add(found: readonly NewAnalysis[], failed: readonly AnalysisFailure[] = []): void {
    const now = new Date().toISOString();
    this.#connection.transaction(() => {
      const present = found.filter(({ imageId, flags, width, height }) => {
        const quality = flags.reduce((bits, flag) => bits | bitOf(flag), ANALYZED);
        return this.#setQuality.run(quality, width, height, imageId).changes > 0;
      });
      this.#insert.insert(
        present.map(({ imageId, digest, hash, brightness, contrast, sharpness, colourfulness, width, height }) => [
          ...[imageId, digest, hash.high, hash.low, brightness, contrast, sharpness, colourfulness, width, height],
        ]),
      );
      for (const { imageId } of present) this.#recover.run(imageId);
      for (const { imageId, reason } of failed) this.#insertFailure.run(imageId, reason, now);
    })();
  }

  /** Those of some images that have no analysis, in the same order. */
  missing(ids: readonly number[]): number[] {
    return this.#missing.all(JSON.stringify(ids));
  }

  /** How many of some images nobody looked at, or tried to. */
  unseenCount(ids: readonly number[]): number {
    return this.#unseen.get(JSON.stringify(ids))!;
  }

  /** Undefined for an image that was not analyzed. */
  find(imageId: number): StoredAnalysis | undefined {
    const stored = this.#one.get(imageId);
    if (stored === undefined) return undefined;
    const { hashHigh, hashLow, quality, ...rest } = stored;
    const digits = [hashHigh, hashLow].map((half) => half.toString(16).padStart(8, '0'));
    return { ...rest, hash: digits.join(''), flags: QUALITY_FLAGS.filter((flag) => (quality & bitOf(flag)) !== 0) };
  }

  /** Images that could not be looked at, after one, by their ids. */
  failures(afterId = 0, limit = 1_000): AnalysisFailure[] {
    return this.#failures.all(afterId, limit);
  }

  failureCount(): number {
    return this.#failureCount.get()!;
  }

  /** Images of the same pixels, two at least in each list. Goes through all digests, by slices between which others get their turn. */
  async sameDigests(signal: AbortSignal): Promise<number[][]> {
    const groups: number[][] = [];
    let digest = '';
    let group: number[] = [];
    let id = 0;
    for (;;) {
      const rows = this.#digests.all(digest, id, SLICE);
      for (const row of rows) {
        if (row.digest === digest) group.push(row.id);
        else {
          if (group.length > 1) groups.push(group);
          group = [row.id];
          digest = row.digest;
        }
        id = row.id;
      }
      if (rows.length < SLICE) break;
      await nextTurn();
      signal.throwIfAborted();
    }
    if (group.length > 1) groups.push(group);
    return groups;
  }

  /** All perceptual hashes but those of nearly uniform images, whose bits say nothing. By slices, as {@link sameDigests}. */
  async hashes(signal: AbortSignal): Promise<ImageHashes> {
    const ids: number[] = [];
    const words: number[] = [];
    for (let afterId = 0; ;) {
      const rows = this.#hashes.all(afterId, SLICE);
      for (const [id, high, low, quality] of rows) {
        if ((quality & UNIFORM) !== 0) continue;
        ids.push(id);
        words.push(high, low);
      }
      if (rows.length < SLICE) break;
      afterId = rows.at(-1)![0];
      await nextTurn();
      signal.throwIfAborted();
    }
    const half = (which: 0 | 1): Uint32Array => Uint32Array.from(ids, (_, index) => words[2 * index + which]!);
    return { ids, high: half(0), low: half(1) };
  }
}
