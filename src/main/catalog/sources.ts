import { StudioError } from '#shared/errors.ts';
import type { Role, Split } from '#shared/images.ts';
import type { Connection } from './database.ts';

export interface SourceRow {
  readonly id: number;
  readonly name: string;
  /** Absolute folder (or file) the images' paths are below. */
  readonly root: string;
  readonly format: string;
  readonly role: Role;
  readonly createdAt: string;
}

/** An image as its source knows it. */
export interface SourceImage {
  readonly id: number;
  /** Below the source's root. */
  readonly path: string;
  readonly offset: number;
  readonly split: Split;
  readonly label: number | null;
}

const COLUMNS = 'id, name, root, format, role, created_at AS createdAt';

/** Where images come from. */
export class SourceTable {
  readonly #insert;
  readonly #byName;
  readonly #all;
  readonly #places;
  readonly #relink;
  readonly #count;
  readonly #removeImages;
  readonly #remove;

  constructor(connection: Connection) {
    this.#insert = connection.prepare<unknown[], SourceRow>(
      `INSERT INTO source (name, root, format, role, created_at) VALUES (?, ?, ?, ?, ?) RETURNING ${COLUMNS}`,
    );
    this.#byName = connection.prepare<[string], SourceRow>(`SELECT ${COLUMNS} FROM source WHERE name = ?`);
    this.#all = connection.prepare<[], SourceRow>(`SELECT ${COLUMNS} FROM source ORDER BY id`);
    this.#places = connection.prepare<[number], SourceImage>(
      `SELECT id, path, byte_offset AS "offset", split, label FROM image WHERE source_id = ? ORDER BY path, byte_offset`,
    );
    this.#count = connection.prepare<[number], number>('SELECT count(*) FROM image WHERE source_id = ?').pluck();
    this.#removeImages = connection.prepare<[number, number]>(
      'DELETE FROM image WHERE id IN (SELECT id FROM image WHERE source_id = ? LIMIT ?)',
    );
    this.#remove = connection.prepare<[number]>('DELETE FROM source WHERE id = ?');
    this.#relink = connection.prepare<[string, number]>('UPDATE source SET root = ? WHERE id = ?');
  }

  /** All images of a source, by their paths. */
  images(sourceId: number): SourceImage[] {
    return this.#places.all(sourceId);
  }

  /** The source is somewhere else now. @param root absolute folder or file. */
  relink(sourceId: number, root: string): void {
    this.#relink.run(root, sourceId);
  }

  /** Counts all images of a source one by one: for work in the background. */
  imageCount(sourceId: number): number {
    return this.#count.get(sourceId)!;
  }

  /** Removes some images with all that is known of them. @returns how many; fewer than asked for when none are left. */
  removeImages(sourceId: number, limit: number): number {
    return this.#removeImages.run(sourceId, limit).changes;
  }

  /** Removes a source; images that are left go with it. */
  remove(sourceId: number): void {
    this.#remove.run(sourceId);
  }

  /** @throws StudioError 'conflict' when the name is taken. */
  add(source: { name: string; root: string; format: string; role: Role }): SourceRow {
    if (this.find(source.name) !== undefined) {
      throw new StudioError('conflict', `There is a source named “${source.name}” already.`, {
        hint: 'Choose another name.',
        commandLine: '--source',
      });
    }
    return this.#insert.get(source.name, source.root, source.format, source.role, new Date().toISOString())!;
  }

  find(name: string): SourceRow | undefined {
    return this.#byName.get(name);
  }

  /** @throws StudioError 'not-found'. */
  get(name: string): SourceRow {
    const source = this.find(name);
    if (source !== undefined) return source;
    throw new StudioError('not-found', `There is no source named “${name}”.`, {
      hint: 'It may have been removed: choose another.',
      commandLine: '`stats` lists them',
    });
  }

  /** In the order they were added. */
  list(): SourceRow[] {
    return this.#all.all();
  }
}
