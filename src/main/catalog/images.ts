import { join } from 'node:path';
import type { ImagePage } from '#shared/catalog.ts';
import { StudioError } from '#shared/errors.ts';
import type { ExportedImage } from '#shared/export.ts';
import type { ImageReference, ManifestImage, Split } from '#shared/images.ts';
import { BulkInsert } from './bulk-insert.ts';
import { type CellTable, type ImagePlace, filterOf } from './cells.ts';
import type { ColumnValue, Connection } from './database.ts';
import type { ImageQuery } from './image-query.ts';
import { encodeCursor } from './image-orders.ts';
import type { SourceTable } from './sources.ts';
import type { SubsetNames } from './subset-names.ts';

export interface NewImage {
  readonly split: Split;
  /** Below the source's root, with forward slashes; empty when the root is the file itself. */
  readonly path: string;
  readonly encoding: ImageReference['encoding'];
  /** Bytes of a larger file; for encodings other than 'file'. */
  readonly offset?: number;
  readonly length?: number;
  /** A crop in pixels. */
  readonly box?: ImageReference['box'];
  readonly label: number | null;
  /** The true class of an unlabeled image, where it is known: for scoring pseudo labels, never shown as a label. */
  readonly truth?: number | null;
  readonly identity: string | null;
  /** Pixels. */
  readonly width: number | null;
  readonly height: number | null;
}

export interface LocatedImage {
  readonly reference: ImageReference;
  /** The source's own folder: nothing outside it belongs to the source. */
  readonly root: string;
  readonly split: Split;
  readonly label: number | null;
}

interface StoredPlace {
  readonly path: string;
  readonly encoding: ImageReference['encoding'];
  readonly offset: number;
  readonly length: number | null;
  readonly x: number | null;
  readonly y: number | null;
  readonly boxWidth: number | null;
  readonly boxHeight: number | null;
}
type StoredImage = StoredPlace & { readonly id: number };
type StoredSubsetImage = StoredImage & { readonly root: string; readonly label: number; readonly weight: number };
type StoredDescription = StoredPlace &
  Omit<ExportedImage, 'reference' | 'excluded'> & { readonly root: string; readonly excluded: number };
type StoredLocation = StoredPlace & Omit<LocatedImage, 'reference'>;

const PLACE = `image.path, image.encoding, image.byte_offset AS "offset", image.byte_length AS length,
  image.box_x AS x, image.box_y AS y, image.box_width AS boxWidth, image.box_height AS boxHeight`;

const PLAIN_COLUMNS = ['source_id', 'split', 'path', 'label', 'truth', 'identity', 'width', 'height'];
const PLACED_COLUMNS = ['encoding', 'byte_offset', 'byte_length', 'box_x', 'box_y', 'box_width', 'box_height'];
const ONCE = 'ON CONFLICT (source_id, path, byte_offset) DO NOTHING';

export interface ImageTableParts {
  readonly sources: SourceTable;
  readonly cells: CellTable;
  readonly query: ImageQuery;
  readonly subsetNames: SubsetNames;
}

/** Images, by their source and place. */
export class ImageTable {
  readonly #connection: Connection;
  readonly #sources: SourceTable;
  readonly #cells: CellTable;
  readonly #query: ImageQuery;
  readonly #subsetNames: SubsetNames;
  readonly #insertPlain;
  readonly #insertPlaced;
  readonly #contains;
  readonly #setTruth;
  readonly #locate;
  readonly #descriptions;
  readonly #cellImages;
  readonly #subsetImages;

  constructor(connection: Connection, { sources, cells, query, subsetNames }: ImageTableParts) {
    this.#connection = connection;
    this.#sources = sources;
    this.#cells = cells;
    this.#query = query;
    this.#subsetNames = subsetNames;
    // Most images are whole files: leaving out the columns that have their defaults then makes an import a third faster.
    this.#insertPlain = new BulkInsert(connection, 'INSERT INTO image', PLAIN_COLUMNS, ONCE);
    this.#insertPlaced = new BulkInsert(connection, 'INSERT INTO image', [...PLAIN_COLUMNS, ...PLACED_COLUMNS], ONCE);
    this.#contains = connection
      .prepare<[number, string, number], number>(
        'SELECT 1 FROM image WHERE source_id = ? AND path = ? AND byte_offset = ?',
      )
      .pluck();
    this.#setTruth = connection.prepare('UPDATE image SET truth = ? WHERE source_id = ? AND path = ?');
    this.#locate = connection.prepare<[number], StoredLocation>(
      `SELECT source.root, ${PLACE}, image.split, image.label
       FROM image JOIN source ON source.id = image.source_id WHERE image.id = ?`,
    );
    this.#descriptions = connection.prepare<[string], StoredDescription>(
      `SELECT image.id, source.name AS source, source.root, image.split, image.label, image.identity, image.width, image.height,
         image.excluded, ${PLACE}
       FROM json_each(?) AS wanted CROSS JOIN image ON image.id = wanted.value JOIN source ON source.id = image.source_id
       ORDER BY wanted.key`,
    );
    this.#cellImages = connection.prepare<[number], StoredImage>(
      `SELECT image.id, ${PLACE} FROM image WHERE cell = ? ORDER BY id`,
    );
    this.#subsetImages = connection.prepare<[number], StoredSubsetImage>(
      `SELECT image.id, subset_image.label, subset_image.weight, source.root, ${PLACE} FROM subset_image
       JOIN image ON image.id = subset_image.image_id JOIN source ON source.id = image.source_id
       WHERE subset_image.subset_id = ? ORDER BY subset_image.image_id`,
    );
  }

  /** Adds images in one transaction; those the source has already are left as they are. */
  insertBatch(sourceId: number, images: readonly NewImage[]): { added: number; skipped: number } {
    const plain: ColumnValue[][] = [];
    const placed: ColumnValue[][] = [];
    for (const image of images) {
      const { split, path, label, truth = null, identity, width, height } = image;
      const values = [sourceId, split, path, label, truth, identity, width, height];
      if (image.encoding === 'file' && image.box === undefined) plain.push(values);
      else placed.push([...values, ...placeValues(image)]);
    }
    const added = this.#connection.transaction(
      () => this.#insertPlain.insert(plain) + this.#insertPlaced.insert(placed),
    )();
    return { added, skipped: images.length - added };
  }

  /** Whether a source has an image at a place: an import need not look at the file again. */
  contains(sourceId: number, path: string, offset: number): boolean {
    return this.#contains.get(sourceId, path, offset) !== undefined;
  }

  /**
   * Keeps the true classes that the maker of an unlabeled set knows. @param truths class index by path below the source's root.
   * @returns how many images have such a path.
   */
  setTruths(source: string, truths: ReadonlyMap<string, number>): number {
    const { id } = this.#sources.get(source);
    return this.#connection.transaction(() => {
      let found = 0;
      for (const [path, label] of truths) found += this.#setTruth.run(label, id, path).changes;
      return found;
    })();
  }

  /** Images after one, in the order of their ids. @throws StudioError 'not-found' for an unknown source. */
  page({ afterId, limit, ...place }: ImagePlace & { afterId: number; limit: number }): ImagePage {
    const { rows } = this.#query.page({
      filter: filterOf(place),
      sort: 'id',
      descending: false,
      cursor: encodeCursor([afterId]),
      limit,
    });
    return { rows, nextCursor: rows.length === limit ? rows.at(-1)!.id : null };
  }

  /** Where an image's bytes are. @throws StudioError 'not-found'. */
  reference(id: number): LocatedImage {
    const stored = this.#locate.get(id);
    if (stored !== undefined) {
      return {
        reference: referenceOf(stored, stored.root),
        root: stored.root,
        split: stored.split,
        label: stored.label,
      };
    }
    throw new StudioError('not-found', `There is no image ${id} in this workspace.`, {
      hint: 'It may have been removed since; look at the list again.',
    });
  }

  /** Everything exports tell of some images, in the order of the ids; those that are gone are left out. */
  describe(ids: readonly number[]): ExportedImage[] {
    return this.#descriptions.all(JSON.stringify(ids)).map((stored) => {
      const { id, source, root, split, label, identity, width, height, excluded } = stored;
      const reference = referenceOf(stored, root);
      return { id, source, split, label, identity, reference, width, height, excluded: excluded === 1 };
    });
  }

  /**
   * All images of a place, or of a subset (`NAME` or `NAME@VERSION`) with the labels it froze, in the order of their ids; label -1 where there
   * is none. @throws StudioError 'not-found' for an unknown subset or source.
   */
  manifest(of: ImagePlace | { readonly subset: string }): ManifestImage[] {
    if ('subset' in of) {
      return this.#subsetImages.all(this.#subsetNames.get(of.subset)).map(({ weight, ...stored }) => ({
        ...{ id: stored.id, reference: referenceOf(stored, stored.root), label: stored.label },
        ...(weight === 1 ? {} : { weight }),
      }));
    }
    const roots = new Map(this.#sources.list().map(({ id, root }) => [id, root]));
    return this.#cells
      .of(of)
      .flatMap(({ id: cell, sourceId, label }) =>
        this.#cellImages.all(cell).map((stored): ManifestImage => ({
          id: stored.id,
          reference: referenceOf(stored, roots.get(sourceId)!),
          label: label ?? -1,
        })),
      )
      .sort((one, other) => one.id - other.id);
  }
}

function placeValues({ encoding, offset, length, box }: NewImage): ColumnValue[] {
  return [
    encoding,
    offset ?? 0,
    length ?? null,
    box?.x ?? null,
    box?.y ?? null,
    box?.width ?? null,
    box?.height ?? null,
  ];
}

function referenceOf(stored: StoredPlace, root: string): ImageReference {
  const { path, encoding, offset, length } = stored;
  const box = boxOf(stored);
  return {
    path: path === '' ? root : join(root, path),
    encoding,
    ...(encoding !== 'file' && length !== null && { offset, length }),
    ...(box && { box }),
  };
}

function boxOf({ x, y, boxWidth, boxHeight }: StoredPlace): ImageReference['box'] {
  if (x === null || y === null || boxWidth === null || boxHeight === null) return undefined;
  return { x, y, width: boxWidth, height: boxHeight };
}
