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

  constructor(connection: Connection) {
    this.#insert = connection.prepare<unknown[], SourceRow>(
      `INSERT INTO source (name, root, format, role, created_at) VALUES (?, ?, ?, ?, ?) RETURNING ${COLUMNS}`,
    );
    this.#byName = connection.prepare<[string], SourceRow>(`SELECT ${COLUMNS} FROM source WHERE name = ?`);
    this.#all = connection.prepare<[], SourceRow>(`SELECT ${COLUMNS} FROM source ORDER BY id`);
    this.#places = connection.prepare<[number], SourceImage>(
      `SELECT id, path, byte_offset AS "offset", split, label FROM image WHERE source_id = ? ORDER BY path, byte_offset`,
    );
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

  /** @throws StudioError 'conflict' when the name is taken. */
  add(source: { name: string; root: string; format: string; role: Role }): SourceRow {
    if (this.find(source.name) !== undefined) {
      throw new StudioError('conflict', `There is a source named “${source.name}” already.`, {
        hint: 'Choose another name with --source.',
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
    throw new StudioError('not-found', `There is no source named “${name}”.`, { hint: '`stats` lists the sources.' });
  }

  /** In the order they were added. */
  list(): SourceRow[] {
    return this.#all.all();
  }
}
