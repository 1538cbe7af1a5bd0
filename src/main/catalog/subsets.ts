import { writeFileSync } from 'node:fs';
import type { Subset, SubsetRequest } from '#shared/catalog.ts';
import { StudioError } from '#shared/errors.ts';
import { DEFAULT_CLASS_COUNT } from '#shared/expressions.ts';
import { RandomStream } from '#shared/random.ts';
import type { Connection } from './database.ts';
import type { ImageTable } from './images.ts';
import { subsetCsv } from './released-csv.ts';

interface StoredSubset {
  readonly name: string;
  readonly source: string | null;
  readonly split: Subset['split'];
  readonly rule: string;
  readonly seed: number;
  readonly counts: string;
  readonly shortfall: string;
  readonly createdAt: string;
}

const COLUMNS = 'name, source, split, rule, seed, counts, shortfall, created_at AS createdAt';

/** Named, frozen sets of labeled images: what was chosen stays chosen, whatever becomes of the catalog. */
export class SubsetTable {
  readonly #connection: Connection;
  readonly #images: ImageTable;
  readonly #byName;
  readonly #all;

  constructor(connection: Connection, images: ImageTable) {
    this.#connection = connection;
    this.#images = images;
    this.#byName = connection.prepare<[string], StoredSubset>(`SELECT ${COLUMNS} FROM subset WHERE name = ?`);
    this.#all = connection.prepare<[], StoredSubset>(`SELECT ${COLUMNS} FROM subset ORDER BY id`);
  }

  /**
   * Draws a subset: the same request on the same catalog draws the same images. Balanced sets have the same count of every class, as far as
   * there are images; a fraction that is not balanced keeps the classes' shares.
   * @throws StudioError 'conflict' for a name that is taken, 'bad-input' when there is nothing to draw from.
   */
  create(request: SubsetRequest): Subset {
    if (this.#byName.get(request.name) !== undefined) {
      throw new StudioError('conflict', `There is a subset named “${request.name}” already.`, {
        hint: 'A subset is never changed; choose another name.',
      });
    }
    const candidates = this.#candidates(request);
    const wanted = wantedCounts(
      request,
      candidates.map((ids) => ids.length),
    );
    const chosen = candidates.map((ids, label) => draw(ids, wanted[label]!, request.seed, label));
    const counts = chosen.map((ids) => ids.length);
    const shortfall = wanted.map((count, label) => count - counts[label]!);
    this.#connection.transaction(() => {
      const { lastInsertRowid } = this.#connection
        .prepare(
          'INSERT INTO subset (name, source, split, rule, seed, counts, shortfall, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
        )
        .run(
          ...[request.name, request.source ?? null, request.split, ruleOf(request), request.seed],
          ...[JSON.stringify(counts), JSON.stringify(shortfall), new Date().toISOString()],
        );
      const insert = this.#connection.prepare('INSERT INTO subset_image (subset_id, image_id, label) VALUES (?, ?, ?)');
      for (const [label, ids] of chosen.entries()) for (const id of ids) insert.run(lastInsertRowid, id, label);
    })();
    return this.get(request.name);
  }

  list(): Subset[] {
    return this.#all.all().map(subsetOf);
  }

  /** @throws StudioError 'not-found'. */
  get(name: string): Subset {
    const stored = this.#byName.get(name);
    if (stored !== undefined) return subsetOf(stored);
    throw new StudioError('not-found', `There is no subset named “${name}”.`, { hint: 'Make one with `subset`.' });
  }

  /** Writes a subset as the csv the released program reads. */
  toCsv(name: string, file: string): void {
    this.get(name);
    writeFileSync(file, subsetCsv(this.#images.manifest({ subset: name })));
  }

  /** Ids of the labeled images to draw from, by class. */
  #candidates({ source, split }: SubsetRequest): number[][] {
    const images = this.#images.manifest({ source, split }).filter((image) => image.label >= 0);
    if (images.length === 0) {
      const where = source === undefined ? `the ${split} split` : `the ${split} split of “${source}”`;
      throw new StudioError('bad-input', `There are no labeled images in ${where}.`, {
        hint: 'Import some first; `stats` shows what is there.',
      });
    }
    const classes = Math.max(DEFAULT_CLASS_COUNT, ...images.map((image) => image.label + 1));
    const byClass: number[][] = Array.from({ length: classes }, () => []);
    for (const image of images) byClass[image.label]!.push(image.id);
    return byClass;
  }
}

function wantedCounts({ perClass, fraction, balanced }: SubsetRequest, available: readonly number[]): number[] {
  if (perClass !== undefined) return available.map(() => perClass);
  const share = fraction ?? 1;
  if (!balanced) return available.map((count) => Math.round(count * share));
  const total = available.reduce((sum, count) => sum + count, 0) * share;
  const present = available.filter((count) => count > 0).length;
  return available.map((count) => (count === 0 ? 0 : Math.round(total / present)));
}

/** The first `count` of a random order of the ids. Partial Fisher–Yates: the cost is that of what is drawn. */
function draw(ids: readonly number[], count: number, seed: number, label: number): number[] {
  const stream = new RandomStream(seed, 'subset', label);
  const order = [...ids];
  const drawn = Math.min(count, order.length);
  for (let position = 0; position < drawn; position++) {
    const other = position + stream.integer(order.length - position);
    [order[position], order[other]] = [order[other]!, order[position]!];
  }
  return order.slice(0, drawn);
}

function ruleOf({ perClass, fraction, balanced }: SubsetRequest): string {
  if (perClass !== undefined) return `${perClass} of each class`;
  return `${(fraction ?? 1) * 100} % of the images${balanced ? ', balanced' : ''}`;
}

function subsetOf({ counts, shortfall, ...rest }: StoredSubset): Subset {
  const parsed = JSON.parse(counts) as number[];
  return {
    ...rest,
    counts: parsed,
    total: parsed.reduce((sum, count) => sum + count, 0),
    shortfall: JSON.parse(shortfall) as number[],
  };
}
