import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { isAbsolute, relative, sep } from 'node:path';
import type { Grouping, Subset, SubsetRequest } from '#shared/catalog.ts';
import { StudioError, toStudioError } from '#shared/errors.ts';
import { DEFAULT_CLASS_COUNT } from '#shared/expressions.ts';
import type { ImageFilter } from '#shared/filter.ts';
import type { Split } from '#shared/images.ts';
import type { AnalysisTable } from './analysis.ts';
import { BulkInsert } from './bulk-insert.ts';
import type { ColumnValue, Connection } from './database.ts';
import type { DuplicateTable } from './duplicates.ts';
import type { ImageQuery } from './image-query.ts';
import type { ImageTable } from './images.ts';
import { releasedCsv } from './released-csv.ts';
import type { SourceTable } from './sources.ts';
import { type Candidate, drawGroups, drawImages, ruleOf, wantedCounts } from './subset-draw.ts';
import { SubsetGroups } from './subset-groups.ts';
import type { SubsetNames } from './subset-names.ts';

/** An image of a list that was made elsewhere. */
export interface ListedImage {
  /** Absolute, or below the root of a source. */
  readonly path: string;
  readonly label: number;
}

type StoredSubset = Omit<Subset, 'counts' | 'total' | 'shortfall' | 'filter'> & {
  readonly id: number;
  readonly filter: string;
};
interface StoredClass {
  readonly count: number;
  readonly shortfall: number;
}
interface StoredCandidate extends Candidate {
  readonly split: Split;
  /** What it counts for when a run learns from it; 1 when left out. */
  readonly weight?: number;
}

/** What a subset is made of, before it has a version. */
interface Choice extends Pick<Subset, 'name' | 'rule' | 'seed' | 'splitOff' | 'filter' | 'shortfall'> {
  readonly images: readonly StoredCandidate[];
}

export interface SubsetTableParts {
  readonly sources: SourceTable;
  readonly images: ImageTable;
  readonly query: ImageQuery;
  readonly analyses: AnalysisTable;
  readonly duplicates: DuplicateTable;
  readonly names: SubsetNames;
}

const COLUMNS = 'id, name, version, rule, filter, seed, split_off AS splitOff, created_at AS createdAt';
/** Images that are not found are named in the error up to this many. */
const NAMED = 3;

/** Named, frozen sets of labeled images: what was chosen stays chosen, whatever becomes of the catalog. */
export class SubsetTable {
  readonly #connection: Connection;
  readonly #parts: SubsetTableParts;
  readonly #groups: SubsetGroups;
  readonly #insert;
  readonly #insertClass;
  readonly #insertImages;
  readonly #lastVersion;
  readonly #byId;
  readonly #newest;
  readonly #versions;
  readonly #classes;
  readonly #candidates;
  readonly #kept;
  readonly #holding;
  readonly #splits;
  readonly #atPath;
  readonly #move;
  readonly #moveBack;
  readonly #forgetSplit;

  constructor(connection: Connection, parts: SubsetTableParts) {
    this.#connection = connection;
    this.#parts = parts;
    this.#groups = new SubsetGroups(connection);
    this.#insert = connection.prepare<ColumnValue[]>(
      `INSERT INTO subset (name, version, rule, filter, seed, split_off, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#insertClass = connection.prepare<ColumnValue[]>(
      'INSERT INTO subset_class (subset_id, label, count, shortfall) VALUES (?, ?, ?, ?)',
    );
    const imageColumns = ['subset_id', 'image_id', 'label', 'split', 'weight'];
    this.#insertImages = new BulkInsert(connection, 'INSERT INTO subset_image', imageColumns);
    this.#lastVersion = connection
      .prepare<[string], number | null>('SELECT max(version) FROM subset WHERE name = ?')
      .pluck();
    this.#byId = connection.prepare<[number], StoredSubset>(`SELECT ${COLUMNS} FROM subset WHERE id = ?`);
    this.#newest = connection.prepare<[], StoredSubset>(
      `SELECT ${COLUMNS} FROM subset
       WHERE version = (SELECT max(version) FROM subset AS other WHERE other.name = subset.name) ORDER BY id`,
    );
    this.#versions = connection.prepare<[string], StoredSubset>(
      `SELECT ${COLUMNS} FROM subset WHERE name = ? ORDER BY version`,
    );
    this.#classes = connection.prepare<[number], StoredClass>(
      'SELECT count, shortfall FROM subset_class WHERE subset_id = ? ORDER BY label',
    );
    this.#candidates = connection.prepare<[string], StoredCandidate>(
      `SELECT image.id, image.label, image.split
       FROM json_each(?) AS wanted CROSS JOIN image ON image.id = wanted.value WHERE image.label IS NOT NULL`,
    );
    this.#kept = connection.prepare<[number], StoredCandidate>(
      'SELECT image_id AS id, label, split, weight FROM subset_image WHERE subset_id = ?',
    );
    this.#splits = connection.prepare<[string], { id: number; split: Split }>(
      'SELECT image.id, image.split FROM json_each(?) AS wanted CROSS JOIN image ON image.id = wanted.value',
    );
    this.#holding = connection
      .prepare<[number], string>(
        `SELECT name || '@' || version FROM subset WHERE EXISTS (
           SELECT 1 FROM subset_image JOIN image ON image.id = subset_image.image_id
           WHERE subset_image.subset_id = subset.id AND image.source_id = ?)
         ORDER BY id`,
      )
      .pluck();
    this.#atPath = connection.prepare<[number, string], { id: number; split: Split }>(
      'SELECT id, split FROM image WHERE source_id = ? AND path = ? ORDER BY byte_offset LIMIT 1',
    );
    this.#move = connection.prepare<[Split, number]>('UPDATE image SET split = ? WHERE id = ?');
    this.#moveBack = connection.prepare<[number, Split]>(
      `UPDATE image SET split = chosen.split FROM subset_image AS chosen
       WHERE chosen.subset_id = ? AND image.id = chosen.image_id AND image.split = ?`,
    );
    this.#forgetSplit = connection.prepare<[number]>('UPDATE subset SET split_off = NULL WHERE id = ?');
  }

  /**
   * Draws a subset: the same request on the same catalog draws the same images. A name that exists gets another version. Balanced sets have
   * the same count of every class, as far as there are images; a fraction that is not balanced keeps the classes' shares. Where the draw is
   * split off, its images leave the split they were in, and no group of any kind that is known is torn apart.
   *
   * @throws StudioError 'not-found' for an unknown source, 'bad-input' when there is nothing to draw from, 'unavailable' when duplicates are to
   *   be kept together and were not searched for.
   */
  create(request: SubsetRequest): Subset {
    const { name, filter, seed, splitOff } = request;
    const candidates = this.#labeled(filter);
    const together = this.#together(request, candidates);
    const rule = ruleOf({ ...request, together });
    const available = countsOf(candidates);
    const wanted = wantedCounts(request, available);
    if (wanted.every((count) => count === 0)) {
      throw new StudioError('bad-input', `${rule} is not one image of any class.`, {
        hint: 'Ask for a larger fraction.',
      });
    }
    const drawn =
      together.length === 0
        ? drawImages(candidates, wanted, seed)
        : drawGroups(this.#groups.group(candidates, together, splitOff), wanted, seed);
    const counts = countsOf(drawn);
    const shortfall = wanted.map((count, label) => count - (counts[label] ?? 0));
    const splits = new Map(candidates.map(({ id, split }) => [id, split]));
    const images = drawn.map((image) => ({ ...image, split: splits.get(image.id)! }));
    return this.#keep({ name, rule, seed, filter, splitOff: splitOff ?? null, shortfall, images });
  }

  /**
   * Keeps a list that was made elsewhere as a subset, with its labels. @param origin where it is from, for the rule.
   * @throws StudioError 'bad-input' when the list is empty or names an image the catalog does not have.
   */
  createFromList(name: string, listed: readonly ListedImage[], origin: string): Subset {
    const images = this.#find(listed);
    if (images.length === 0) throw new StudioError('bad-input', `${origin} lists no images.`);
    const shortfall = countsOf(images).map(() => 0);
    return this.#keep({ name, rule: `listed in ${origin}`, seed: 0, filter: {}, splitOff: null, shortfall, images });
  }

  /**
   * Makes another version of a subset with more images, or a new subset of them; what it holds keeps its labels. Images without a label are left
   * out. @param origin which images, in words. @throws StudioError 'bad-input' when that adds none.
   */
  extend(name: string, ids: readonly number[], origin: string): Subset {
    const before = this.#parts.names.find(name);
    const held = before === undefined ? [] : this.#kept.all(before);
    const known = new Set(held.map(({ id }) => id));
    const added = this.#candidates.all(JSON.stringify(ids)).filter(({ id }) => !known.has(id));
    if (added.length === 0) {
      throw new StudioError('bad-input', `There is nothing to add to “${name}”.`, {
        hint: 'Images need a label, and those it holds already are not added again.',
      });
    }
    const images = [...held, ...added];
    const version = before === undefined ? '' : `version ${this.get(name).version} and `;
    const rule = `${version}${added.length.toLocaleString('en')} ${origin}`;
    const shortfall = countsOf(images).map(() => 0);
    return this.#keep({ name, rule, seed: 0, filter: {}, splitOff: null, shortfall, images });
  }

  /**
   * Keeps some images with labels that were decided elsewhere. @param rule which they are, in words.
   * @throws StudioError 'bad-input' when there are none.
   */
  createFromImages(name: string, labeled: readonly (Candidate & { readonly weight?: number })[], rule: string): Subset {
    const given = new Map(labeled.map((image) => [image.id, image]));
    const images = this.#splits
      .all(JSON.stringify([...given.keys()]))
      .map(({ id, split }) => ({ ...given.get(id)!, split }));
    if (images.length === 0) throw new StudioError('bad-input', `A subset of ${rule} would hold no images.`);
    const shortfall = countsOf(images).map(() => 0);
    return this.#keep({ name, rule, seed: 0, filter: {}, splitOff: null, shortfall, images });
  }

  /** The newest version of every name. */
  list(): Subset[] {
    return this.#newest.all().map((stored) => this.#subsetOf(stored));
  }

  /** Versions of subsets that hold images of a source, as references. */
  holding(sourceId: number): string[] {
    return this.#holding.all(sourceId);
  }

  /** All versions of a name, the oldest first; none for an unknown name. */
  versions(name: string): Subset[] {
    return this.#versions.all(name).map((stored) => this.#subsetOf(stored));
  }

  /** @param reference `NAME` or `NAME@VERSION`. @throws StudioError 'not-found'. */
  get(reference: string): Subset {
    return this.#subsetOf(this.#byId.get(this.#parts.names.get(reference))!);
  }

  /** As {@link get}; undefined when there is none. */
  find(reference: string): Subset | undefined {
    return this.#parts.names.find(reference) === undefined ? undefined : this.get(reference);
  }

  /**
   * Puts the images of a subset that was split off back into the splits they came from; those moved elsewhere since stay there.
   * @returns how many. @throws StudioError 'not-found', 'conflict' when the subset is not split off.
   */
  rejoin(reference: string): number {
    const id = this.#parts.names.get(reference);
    const { splitOff } = this.#byId.get(id)!;
    if (splitOff === null) {
      throw new StudioError('conflict', `The subset “${reference}” is not split off.`, {
        hint: 'There is nothing to put back.',
      });
    }
    return this.#connection.transaction(() => {
      this.#forgetSplit.run(id);
      return this.#moveBack.run(id, splitOff).changes;
    })();
  }

  /**
   * Writes a subset as the csv the released program reads. A file of that name is replaced in one step.
   * @throws StudioError 'not-found' for an unknown subset or folder, 'unsupported' (as {@link releasedCsv}), 'no-space'.
   */
  toCsv(reference: string, file: string): void {
    const csv = releasedCsv(this.#parts.images.manifest({ subset: reference }));
    const temporary = `${file}.${process.pid}.tmp`;
    try {
      writeFileSync(temporary, csv);
      renameSync(temporary, file);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw toStudioError(error);
    }
  }

  /** What the draw keeps together. @throws StudioError 'unavailable'. */
  #together({ together, splitOff }: SubsetRequest, candidates: readonly Candidate[]): Grouping[] {
    const { analyses, duplicates } = this.#parts;
    const searches = duplicates.searches();
    if (together.includes('duplicates')) {
      const unseen = analyses.unseenCount(candidates.map(({ id }) => id));
      if (unseen > 0 || !searches.some(({ isCurrent }) => isCurrent)) {
        const why =
          unseen > 0 ? `${unseen.toLocaleString('en')} of the images are not analyzed` : 'they were not searched for';
        throw new StudioError('unavailable', `Duplicates cannot be kept together: ${why}.`, {
          hint: 'Analyze the images first.',
          commandLine: '`analyze`',
        });
      }
    }
    if (splitOff === undefined) return [...new Set(together)];
    return searches.length === 0 ? ['identity'] : ['identity', 'duplicates'];
  }

  #labeled(filter: ImageFilter): StoredCandidate[] {
    const candidates = this.#candidates.all(JSON.stringify(this.#parts.query.ids(filter)));
    if (candidates.length > 0) return candidates;
    const splits = filter.splits === undefined ? '' : ` in the ${filter.splits.join(' and ')} split`;
    const sources = filter.sources === undefined ? '' : ` of ${filter.sources.map((name) => `“${name}”`).join(', ')}`;
    throw new StudioError('bad-input', `There are no labeled images to draw from${splits}${sources}.`, {
      hint: 'Import some first, or choose others.',
      commandLine: '`facets` shows what is there',
    });
  }

  /** The catalog's images of a list, each once. @throws StudioError 'bad-input' naming what is missing. */
  #find(listed: readonly ListedImage[]): StoredCandidate[] {
    const sources = this.#parts.sources.list();
    const found = new Map<number, StoredCandidate>();
    const missing: string[] = [];
    for (const { path, label } of listed) {
      const image = sources
        .map(({ id, root }) => this.#atPath.get(id, pathBelow(root, path)))
        .find((candidate) => candidate !== undefined);
      if (image === undefined) missing.push(path);
      else found.set(image.id, { ...image, label });
    }
    if (missing.length === 0) return [...found.values()];
    const named = missing.slice(0, NAMED).join(', ');
    const others = missing.length > NAMED ? ` and ${(missing.length - NAMED).toLocaleString('en')} more` : '';
    throw new StudioError('bad-input', `The catalog does not have all of the listed images: ${named}${others}.`, {
      hint: 'Import the folder they are in first.',
    });
  }

  #keep({ name, rule, seed, filter, splitOff, shortfall, images }: Choice): Subset {
    const counts = countsOf(images);
    return this.#connection.transaction(() => {
      const now = new Date().toISOString();
      const version = (this.#lastVersion.get(name) ?? 0) + 1;
      const subset = this.#insert.run(name, version, rule, JSON.stringify(filter), seed, splitOff, now);
      const id = Number(subset.lastInsertRowid);
      for (const [label, missing] of shortfall.entries()) {
        this.#insertClass.run(id, label, counts[label] ?? 0, missing);
      }
      this.#insertImages.insert(images.map((image) => [id, image.id, image.label, image.split, image.weight ?? 1]));
      if (splitOff !== null) for (const image of images) this.#move.run(splitOff, image.id);
      return this.#subsetOf(this.#byId.get(id)!);
    })();
  }

  #subsetOf({ id, filter, ...rest }: StoredSubset): Subset {
    const { createdAt, ...named } = rest;
    const classes = this.#classes.all(id);
    return {
      ...named,
      filter: JSON.parse(filter) as ImageFilter,
      counts: classes.map(({ count }) => count),
      total: classes.reduce((sum, { count }) => sum + count, 0),
      shortfall: classes.map(({ shortfall }) => shortfall),
      createdAt,
    };
  }
}

/** Images of each class: as many counts as there are classes, seven at least. */
function countsOf(images: readonly Candidate[]): number[] {
  const classes = images.reduce((most, { label }) => Math.max(most, label + 1), DEFAULT_CLASS_COUNT);
  const counts = Array.from({ length: classes }, () => 0);
  for (const { label } of images) counts[label]!++;
  return counts;
}

/** A path as the catalog keeps it: below the root, with forward slashes. */
function pathBelow(root: string, path: string): string {
  const below = isAbsolute(path) ? relative(root, path) : path;
  return below.split(sep).join('/');
}
