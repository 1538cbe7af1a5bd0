import { setImmediate as nextTurn } from 'node:timers/promises';
import { bitCount } from '#shared/bits.ts';
import type { Round } from '#shared/rounds.ts';
import type { Connection } from './database.ts';
import type { DuplicateTable } from './duplicates.ts';
import type { RoundTable } from './rounds.ts';

/** Rows read between which others get their turn: some ten milliseconds. */
const SLICE = 20_000;
const ANALYZED = 1;

/** What the catalog knows of a round's images, in the order of their ids; N rows, K classes. Excluded images are left out. */
export interface RoundSignals {
  readonly images: Float64Array;
  /** [N] the image's own label where it is of a labeled split and has one, else the round's. */
  readonly labels: Int8Array;
  readonly isGiven: Uint8Array;
  /** [N×K] */
  readonly probabilities: Float32Array;
  /** [N×K] of another round; rows of zeros where it says nothing. */
  readonly others: Float32Array | null;
  /** [N] changes of the label from one round to the next of the same network of the same run; null where no network has two. */
  readonly changes: Uint16Array | null;
  /** [N] 1 where a copy has another label; null where nobody searched for copies. */
  readonly contradicted: Uint8Array | null;
  /** [N] flags of each picture; null where nobody looked. */
  readonly flags: Uint8Array | null;
}

type SignalRow = readonly [image: number, label: number, probabilities: Buffer, own: number | null, quality: number];
type MemberRow = readonly [group: number, image: number, own: number | null];

/** Reads what a ranking of labels needs. */
export class ReviewSignals {
  readonly #rounds: RoundTable;
  readonly #duplicates: DuplicateTable;
  readonly #rows;
  readonly #probabilities;
  readonly #labels;
  readonly #members;
  readonly #decided;

  constructor(connection: Connection, parts: { readonly rounds: RoundTable; readonly duplicates: DuplicateTable }) {
    this.#rounds = parts.rounds;
    this.#duplicates = parts.duplicates;
    this.#rows = connection
      .prepare<[number, number, number], SignalRow>(
        `SELECT image_id, pseudo_label.label, probabilities, CASE WHEN image.split <> 'unlabeled' THEN image.label END, quality
         FROM pseudo_label CROSS JOIN image ON image.id = image_id
         WHERE round_id = ? AND image_id > ? AND excluded = 0 ORDER BY image_id LIMIT ?`,
      )
      .raw();
    this.#probabilities = connection
      .prepare<[number, number, number], [number, Buffer]>(
        'SELECT image_id, probabilities FROM pseudo_label WHERE round_id = ? AND image_id > ? ORDER BY image_id LIMIT ?',
      )
      .raw();
    this.#labels = connection
      .prepare<[number, number, number], [number, number]>(
        'SELECT image_id, label FROM pseudo_label WHERE round_id = ? AND image_id > ? ORDER BY image_id LIMIT ?',
      )
      .raw();
    this.#members = connection
      .prepare<[number, number, number], MemberRow>(
        `SELECT group_id, image_id, CASE WHEN image.split <> 'unlabeled' THEN image.label END
         FROM duplicate_member CROSS JOIN image ON image.id = image_id
         WHERE (group_id, image_id) > (?, ?) ORDER BY group_id, image_id LIMIT ?`,
      )
      .raw();
    this.#decided = connection
      .prepare<[number, number], number>('SELECT image_id FROM review WHERE image_id > ? ORDER BY image_id LIMIT ?')
      .pluck();
  }

  /** @param other a round of another network over the same source. */
  async read(round: Round, other: Round | null): Promise<RoundSignals> {
    const classCount = round.classes.length;
    const images = new Float64Array(round.count);
    const labels = new Int8Array(round.count);
    const isGiven = new Uint8Array(round.count);
    const probabilities = new Float32Array(round.count * classCount);
    const flags = new Uint8Array(round.count);
    let analyzed = false;
    let row = 0;
    await this.#walk(this.#rows, round.id, ([image, label, blob, own, quality]) => {
      images[row] = image;
      const isOwn = own !== null && own < classCount;
      labels[row] = isOwn ? own : label;
      isGiven[row] = Number(isOwn);
      copyRow(blob, probabilities, row * classCount, classCount);
      analyzed ||= (quality & ANALYZED) !== 0;
      flags[row++] = bitCount(quality >> 1);
    });
    const places = new Map<number, number>();
    for (let place = 0; place < row; place++) places.set(images[place]!, place);
    const shown = { images: images.subarray(0, row), labels: labels.subarray(0, row) };
    return {
      ...shown,
      isGiven: isGiven.subarray(0, row),
      probabilities: probabilities.subarray(0, row * classCount),
      others: other && (await this.#others(other, places, classCount)),
      changes: await this.#changes(round, places),
      contradicted: await this.#contradicted(shown.labels, places),
      flags: analyzed ? flags.subarray(0, row) : null,
    };
  }

  /** Images that somebody decided, and whose decision stands. */
  decided(): Set<number> {
    const found = new Set<number>();
    for (let after = 0; ;) {
      const ids = this.#decided.all(after, SLICE);
      for (const id of ids) found.add(id);
      if (ids.length < SLICE) return found;
      after = ids.at(-1)!;
    }
  }

  async #others(other: Round, places: ReadonlyMap<number, number>, classCount: number): Promise<Float32Array> {
    const others = new Float32Array(places.size * classCount);
    const shared = Math.min(classCount, other.classes.length);
    await this.#walk(this.#probabilities, other.id, ([image, blob]) => {
      const place = places.get(image);
      if (place !== undefined) copyRow(blob, others, place * classCount, shared);
    });
    return others;
  }

  async #changes(round: Round, places: ReadonlyMap<number, number>): Promise<Uint16Array | null> {
    const rounds = this.#rounds.list({ source: round.source }).toReversed();
    const series = [...Map.groupBy(rounds, ({ run, network }) => `${run ?? ''}\n${network ?? ''}`).values()];
    const long = series.filter(({ length }) => length > 1);
    if (long.length === 0) return null;
    const changes = new Uint16Array(places.size);
    for (const members of long) {
      const before = new Int8Array(places.size).fill(-1);
      for (const { id } of members) {
        await this.#walk(this.#labels, id, ([image, label]) => {
          const place = places.get(image);
          if (place === undefined) return;
          if (before[place]! >= 0 && before[place] !== label) changes[place]!++;
          before[place] = label;
        });
      }
    }
    return changes;
  }

  async #contradicted(labels: Int8Array, places: ReadonlyMap<number, number>): Promise<Uint8Array | null> {
    if (this.#duplicates.searches().length === 0) return null;
    const contradicted = new Uint8Array(labels.length);
    let group: { readonly image: number; readonly label: number }[] = [];
    const settle = (): void => {
      const different = new Set(group.map(({ label }) => label));
      if (different.size > 1) {
        for (const { image } of group) if (places.has(image)) contradicted[places.get(image)!] = 1;
      }
      group = [];
    };
    let last: readonly [group: number, image: number] = [0, 0];
    for (;;) {
      const rows = this.#members.all(last[0], last[1], SLICE);
      for (const [id, image, own] of rows) {
        if (id !== last[0]) settle();
        last = [id, image];
        const place = places.get(image);
        const label = place === undefined ? own : labels[place]!;
        if (label !== null) group.push({ image, label });
      }
      if (rows.length < SLICE) break;
      await nextTurn();
    }
    settle();
    return contradicted;
  }

  async #walk<Row extends readonly [number, ...unknown[]]>(
    statement: { all(round: number, after: number, limit: number): Row[] },
    round: number,
    take: (row: Row) => void,
  ): Promise<void> {
    for (let after = 0; ;) {
      const rows = statement.all(round, after, SLICE);
      for (const row of rows) take(row);
      if (rows.length < SLICE) return;
      after = rows.at(-1)![0];
      await nextTurn();
    }
  }
}

function copyRow(blob: Buffer, target: Float32Array, start: number, count: number): void {
  for (let column = 0; column < count; column++) target[start + column] = blob.readFloatLE(column * 4);
}
