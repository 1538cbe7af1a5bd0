import type { Exclusion } from '#shared/analysis.ts';
import { StudioError } from '#shared/errors.ts';
import { BulkInsert } from './bulk-insert.ts';
import type { Connection } from './database.ts';

/** Who changed what, and why. */
export interface ExclusionNote {
  /** Which images were meant, in words. */
  readonly rule: string;
  readonly reason: string;
  readonly author: string;
}

type StoredExclusion = Omit<Exclusion, 'excluded' | 'isUndone'> & {
  readonly excluded: number;
  readonly isUndone: number;
};

const COLUMNS = `id, excluded, rule, reason, author, images, undoes, made_at AS madeAt,
  EXISTS (SELECT 1 FROM exclusion AS later WHERE later.undoes = exclusion.id) AS isUndone`;

/**
 * The log of what was taken out of the catalog and back in. An undo is a row too; one after the other they go back to the beginning.
 * Excluded images are in no count, page, manifest or draw; subsets drawn before keep them.
 */
export class ExclusionLog {
  readonly #connection: Connection;
  readonly #excluded;
  readonly #setExcluded;
  readonly #insert;
  readonly #insertImages;
  readonly #images;
  readonly #newest;
  readonly #one;
  readonly #list;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#excluded = connection
      .prepare<[string, number], number>(
        `SELECT image.id FROM json_each(?) AS wanted CROSS JOIN image ON image.id = wanted.value WHERE image.excluded = ?`,
      )
      .pluck();
    this.#setExcluded = connection.prepare<[number, string]>(
      'UPDATE image SET excluded = ? WHERE id IN (SELECT wanted.value FROM json_each(?) AS wanted)',
    );
    this.#insert = connection.prepare<[number, string, string, string, number, number | null, string]>(
      'INSERT INTO exclusion (excluded, rule, reason, author, images, undoes, made_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.#insertImages = new BulkInsert(connection, 'INSERT INTO exclusion_image', ['exclusion_id', 'image_id']);
    this.#images = connection
      .prepare<[number], number>('SELECT image_id FROM exclusion_image WHERE exclusion_id = ?')
      .pluck();
    this.#newest = connection
      .prepare<[], number>(
        `SELECT id FROM exclusion WHERE undoes IS NULL
           AND NOT EXISTS (SELECT 1 FROM exclusion AS later WHERE later.undoes = exclusion.id)
         ORDER BY id DESC LIMIT 1`,
      )
      .pluck();
    this.#one = connection.prepare<[number], StoredExclusion>(`SELECT ${COLUMNS} FROM exclusion WHERE id = ?`);
    this.#list = connection.prepare<[number, number], StoredExclusion>(
      `SELECT ${COLUMNS} FROM exclusion WHERE id < ? ORDER BY id DESC LIMIT ?`,
    );
  }

  /** Takes images out, or back in. Those that are so already are left out. @returns the row of the log; null when nothing changed. */
  set(ids: readonly number[], excluded: boolean, note: ExclusionNote): Exclusion | null {
    return this.#connection.transaction(() => this.#change(ids, excluded, note, null))();
  }

  /**
   * Takes the newest change that stands back, in one step. @param expected the row that is meant. @throws StudioError 'conflict' when there is none,
   * or it is another than was meant.
   */
  undo(author: string, expected?: number): Exclusion {
    return this.#connection.transaction(() => {
      const id = this.#newest.get();
      if (expected !== undefined && id !== expected) {
        throw new StudioError('conflict', 'That is no longer the newest exclusion that stands.', {
          hint: 'Undo goes backwards, one step at a time: the log shows what comes first.',
        });
      }
      if (id === undefined) {
        throw new StudioError('conflict', 'There is no exclusion to undo.', {
          hint: 'The log lists what was done.',
          commandLine: '`exclude --log`',
        });
      }
      const { excluded, rule, reason } = this.#get(id);
      const note = { rule: `undo of ${id}: ${rule}`, reason, author };
      return this.#change(this.#images.all(id), !excluded, note, id)!;
    })();
  }

  /** Rows before one, the newest first. */
  list({ beforeId = Number.MAX_SAFE_INTEGER, limit = 100 } = {}): Exclusion[] {
    return this.#list.all(beforeId, limit).map(exclusionOf);
  }

  #change(ids: readonly number[], excluded: boolean, note: ExclusionNote, undoes: number | null): Exclusion | null {
    const changing = [...new Set(this.#excluded.all(JSON.stringify(ids), Number(!excluded)))];
    if (changing.length === 0 && undoes === null) return null;
    this.#setExcluded.run(Number(excluded), JSON.stringify(changing));
    const { rule, reason, author } = note;
    const now = new Date().toISOString();
    const row = this.#insert.run(Number(excluded), rule, reason, author, changing.length, undoes, now);
    const id = Number(row.lastInsertRowid);
    this.#insertImages.insert(changing.map((imageId) => [id, imageId]));
    return this.#get(id);
  }

  #get(id: number): Exclusion {
    return exclusionOf(this.#one.get(id)!);
  }
}

function exclusionOf({ excluded, isUndone, ...rest }: StoredExclusion): Exclusion {
  return { ...rest, excluded: excluded === 1, isUndone: isUndone === 1 };
}
