import { join } from 'node:path';
import type { ImagePage, ImageRow } from '#shared/catalog.ts';
import { StudioError } from '#shared/errors.ts';
import type { ImageReference, ManifestImage, Split } from '#shared/images.ts';
import type { Connection } from './database.ts';
import type { SourceTable } from './sources.ts';

export interface NewImage {
  readonly split: Split;
  /** Below the source's root, with forward slashes; empty when the root is the file itself. */
  readonly path: string;
  readonly encoding: ImageReference['encoding'];
  /** Bytes of a larger file; for encodings other than 'file'. */
  readonly offset?: number;
  readonly length?: number;
  readonly label: number | null;
  readonly identity: string | null;
  readonly width: number | null;
  readonly height: number | null;
}

export interface ImageFilter {
  readonly source?: string | undefined;
  readonly split?: Split | undefined;
  readonly label?: number | undefined;
}

export interface LocatedImage {
  readonly reference: ImageReference;
  /** The source's own folder: nothing outside it belongs to the source. */
  readonly root: string;
  readonly split: Split;
  readonly label: number | null;
}

interface StoredPlace {
  readonly root: string;
  readonly path: string;
  readonly encoding: ImageReference['encoding'];
  readonly place: number;
  readonly length: number | null;
}

const PLACE = 'source.root, image.path, image.encoding, image.place, image.length';

/** Images, by their source and place. */
export class ImageTable {
  readonly #connection: Connection;
  readonly #sources: SourceTable;
  readonly #insert;
  readonly #locate;
  readonly #setTruth;

  constructor(connection: Connection, sources: SourceTable) {
    this.#connection = connection;
    this.#sources = sources;
    this.#insert = connection.prepare(
      `INSERT INTO image (source_id, split, path, encoding, place, length, label, identity, width, height)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    );
    this.#locate = connection.prepare<[number], StoredPlace & { split: Split; label: number | null }>(
      `SELECT ${PLACE}, image.split, image.label FROM image JOIN source ON source.id = image.source_id WHERE image.id = ?`,
    );
    this.#setTruth = connection.prepare('UPDATE image SET truth = ? WHERE source_id = ? AND path = ? AND place = 0');
  }

  /** Adds images in one transaction; those the source has already are left as they are. */
  insertBatch(sourceId: number, images: readonly NewImage[]): { added: number; skipped: number } {
    const added = this.#connection.transaction(() => {
      let changes = 0;
      for (const { split, path, encoding, offset, length, label, identity, width, height } of images) {
        const values = [sourceId, split, path, encoding, offset ?? 0, length ?? null, label, identity, width, height];
        changes += this.#insert.run(...values).changes;
      }
      return changes;
    })();
    return { added, skipped: images.length - added };
  }

  /**
   * Keeps the true classes that the maker of an unlabeled set knows, for scoring pseudo labels; they are never shown as labels.
   * @param truths class index by path below the source's root.
   */
  setTruths(source: string, truths: ReadonlyMap<string, number>): void {
    const { id } = this.#sources.get(source);
    this.#connection.transaction(() => {
      for (const [path, label] of truths) this.#setTruth.run(label, id, path);
    })();
  }

  /** Images after one, in the order of their ids. */
  page({ afterId, limit, ...filter }: ImageFilter & { afterId: number; limit: number }): ImagePage {
    const { where, values } = this.#condition(filter);
    const rows = this.#connection
      .prepare<unknown[], ImageRow>(
        `SELECT image.id, source.name AS source, image.split, image.label, image.identity, image.path, image.width, image.height
         FROM image JOIN source ON source.id = image.source_id
         WHERE image.id > ?${where} ORDER BY image.id LIMIT ?`,
      )
      .all(afterId, ...values, limit);
    return { rows, nextCursor: rows.length === limit ? rows.at(-1)!.id : null };
  }

  /** Where an image's bytes are. @throws StudioError 'not-found'. */
  reference(id: number): LocatedImage {
    const row = this.#locate.get(id);
    if (row === undefined) throw new StudioError('not-found', `There is no image ${id} in this workspace.`);
    return { reference: referenceOf(row), root: row.root, split: row.split, label: row.label };
  }

  /** All images of a subset (with the labels it froze), or of a filter, in the order of their ids; label -1 where there is none. */
  manifest(of: ImageFilter | { readonly subset: string }): ManifestImage[] {
    return 'subset' in of ? this.#subsetManifest(of.subset) : this.#filteredManifest(of);
  }

  #subsetManifest(subset: string): ManifestImage[] {
    return this.#connection
      .prepare<[string], StoredPlace & { id: number; label: number }>(
        `SELECT image.id, subset_image.label, ${PLACE} FROM subset
         JOIN subset_image ON subset_image.subset_id = subset.id
         JOIN image ON image.id = subset_image.image_id JOIN source ON source.id = image.source_id
         WHERE subset.name = ? ORDER BY image.id`,
      )
      .all(subset)
      .map(manifestImage);
  }

  #filteredManifest(filter: ImageFilter): ManifestImage[] {
    const { where, values } = this.#condition(filter);
    return this.#connection
      .prepare<unknown[], StoredPlace & { id: number; label: number }>(
        `SELECT image.id, coalesce(image.label, -1) AS label, ${PLACE}
         FROM image JOIN source ON source.id = image.source_id WHERE TRUE${where} ORDER BY image.id`,
      )
      .all(...values)
      .map(manifestImage);
  }

  #condition({ source, split, label }: ImageFilter): { where: string; values: unknown[] } {
    const parts: [string, unknown][] = [];
    if (source !== undefined) parts.push([' AND image.source_id = ?', this.#sources.get(source).id]);
    if (split !== undefined) parts.push([' AND image.split = ?', split]);
    if (label !== undefined) parts.push([' AND image.label = ?', label]);
    return { where: parts.map(([sql]) => sql).join(''), values: parts.map(([, value]) => value) };
  }
}

function manifestImage(row: StoredPlace & { id: number; label: number }): ManifestImage {
  return { id: row.id, reference: referenceOf(row), label: row.label };
}

function referenceOf({ root, path, encoding, place, length }: StoredPlace): ImageReference {
  const file = path === '' ? root : join(root, path);
  return encoding === 'file' || length === null
    ? { path: file, encoding }
    : { path: file, encoding, offset: place, length };
}
