import { renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Subset, SubsetRequest } from '#shared/catalog.ts';
import { StudioError, toStudioError } from '#shared/errors.ts';
import { DEFAULT_CLASS_COUNT } from '#shared/expressions.ts';
import { RandomStream } from '#shared/random.ts';
import { BulkInsert } from './bulk-insert.ts';
import type { ColumnValue, Connection } from './database.ts';
import { type ImageTable, unknownSubset } from './images.ts';
import { releasedCsv } from './released-csv.ts';

type StoredSubset = Omit<Subset, 'counts' | 'total' | 'shortfall'> & { readonly id: number };
interface StoredClass {
  readonly count: number;
  readonly shortfall: number;
}

const COLUMNS = 'id, name, source, split, rule, seed, created_at AS createdAt';

/** Named, frozen sets of labeled images: what was chosen stays chosen, whatever becomes of the catalog. */
export class SubsetTable {
  readonly #connection: Connection;
  readonly #images: ImageTable;
  readonly #insert;
  readonly #insertClass;
  readonly #insertImages;
  readonly #byName;
  readonly #all;
  readonly #classes;

  constructor(connection: Connection, images: ImageTable) {
    this.#connection = connection;
    this.#images = images;
    this.#insert = connection.prepare<ColumnValue[]>(
      'INSERT INTO subset (name, source, split, rule, seed, created_at) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#insertClass = connection.prepare<ColumnValue[]>(
      'INSERT INTO subset_class (subset_id, label, count, shortfall) VALUES (?, ?, ?, ?)',
    );
    const imageColumns = ['subset_id', 'image_id', 'label'];
    this.#insertImages = new BulkInsert(connection, 'INSERT INTO subset_image', imageColumns);
    this.#byName = connection.prepare<[string], StoredSubset>(`SELECT ${COLUMNS} FROM subset WHERE name = ?`);
    this.#all = connection.prepare<[], StoredSubset>(`SELECT ${COLUMNS} FROM subset ORDER BY id`);
    this.#classes = connection.prepare<[number], StoredClass>(
      'SELECT count, shortfall FROM subset_class WHERE subset_id = ? ORDER BY label',
    );
  }

  /**
   * Draws a subset: the same request on the same catalog draws the same images, and a larger count of the same seed holds the smaller one's.
   * Balanced sets have the same count of every class, as far as there are images; a fraction that is not balanced keeps the classes' shares.
   *
   * @throws StudioError 'conflict' for a name that is taken, 'not-found' for an unknown source, 'bad-input' when there is nothing to draw from.
   */
  create(request: SubsetRequest): Subset {
    if (this.#byName.get(request.name) !== undefined) {
      throw new StudioError('conflict', `There is a subset named “${request.name}” already.`, {
        hint: 'A subset is never changed; choose another name.',
      });
    }
    const candidates = this.#candidates(request);
    const available = candidates.map((ids) => ids.length);
    const wanted = wantedCounts(request, available);
    if (wanted.every((count) => count === 0)) {
      throw new StudioError('bad-input', `${ruleOf(request)} is not one image of any class.`, {
        hint: 'Ask for a larger fraction.',
      });
    }
    const chosen = candidates.map((ids, label) => draw(ids, wanted[label]!, request.seed, label));
    this.#keep(request, chosen, wanted);
    return this.get(request.name);
  }

  list(): Subset[] {
    return this.#all.all().map((stored) => this.#subsetOf(stored));
  }

  /** @throws StudioError 'not-found'. */
  get(name: string): Subset {
    const stored = this.#byName.get(name);
    if (stored === undefined) throw unknownSubset(name);
    return this.#subsetOf(stored);
  }

  /**
   * Writes a subset as the csv the released program reads. A file of that name is replaced in one step.
   * @throws StudioError 'not-found' for an unknown subset or folder, 'unsupported' (as {@link releasedCsv}), 'no-space'.
   */
  toCsv(name: string, file: string): void {
    const csv = releasedCsv(this.#images.manifest({ subset: name }));
    const temporary = `${file}.${process.pid}.tmp`;
    try {
      writeFileSync(temporary, csv);
      renameSync(temporary, file);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw toStudioError(error);
    }
  }

  /** Ids of the labeled images to draw from, by class: one list for each class of the studio, empty ones included. */
  #candidates({ source, split }: SubsetRequest): number[][] {
    const byLabel = this.#images.idsByLabel({ source, split });
    if (byLabel.size === 0) {
      const where = source === undefined ? `the ${split} split` : `the ${split} split of “${source}”`;
      throw new StudioError('bad-input', `There are no labeled images in ${where}.`, {
        hint: 'Import some first; `stats` shows what is there.',
      });
    }
    const classes = Math.max(DEFAULT_CLASS_COUNT, ...[...byLabel.keys()].map((label) => label + 1));
    return Array.from({ length: classes }, (_, label) => byLabel.get(label) ?? []);
  }

  #keep(request: SubsetRequest, chosen: readonly (readonly number[])[], wanted: readonly number[]): void {
    const { name, source = null, split, seed } = request;
    this.#connection.transaction(() => {
      const now = new Date().toISOString();
      const id = Number(this.#insert.run(name, source, split, ruleOf(request), seed, now).lastInsertRowid);
      for (const [label, ids] of chosen.entries()) {
        this.#insertClass.run(id, label, ids.length, wanted[label]! - ids.length);
        this.#insertImages.insert(ids.map((image) => [id, image, label]));
      }
    })();
  }

  #subsetOf({ id, createdAt, ...rest }: StoredSubset): Subset {
    const classes = this.#classes.all(id);
    return {
      ...rest,
      counts: classes.map(({ count }) => count),
      total: classes.reduce((sum, { count }) => sum + count, 0),
      shortfall: classes.map(({ shortfall }) => shortfall),
      createdAt,
    };
  }
}

function wantedCounts({ perClass, fraction = 1, balanced }: SubsetRequest, available: readonly number[]): number[] {
  if (perClass !== undefined) return available.map(() => perClass);
  if (!balanced) return available.map((count) => Math.round(count * fraction));
  const total = available.reduce((sum, count) => sum + count, 0) * fraction;
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

function ruleOf({ perClass, fraction = 1, balanced }: SubsetRequest): string {
  if (perClass !== undefined) return `${perClass} of each class`;
  const percent = Number((fraction * 100).toPrecision(12)); // 0.07 × 100 is not 7
  return `${percent} % of the images${balanced ? ', balanced' : ''}`;
}
