import type { Split } from '#shared/images.ts';
import type { Connection } from './database.ts';
import type { SourceTable } from './sources.ts';

export interface ImageFilter {
  readonly source?: string | undefined;
  readonly split?: Split | undefined;
  readonly label?: number | undefined;
}

/** The images of one source, split and class: what counts are kept for, and what one index holds in the order of ids. */
export interface Cell {
  readonly sourceId: number;
  readonly root: string;
  readonly split: Split;
  /** Null: the images without a label. */
  readonly label: number | null;
  readonly count: number;
}

/**
 * Cells that hold images. There are at most 36 a source, so a filter of any kind is a choice of cells, and one index over cells serves them
 * all.
 */
export class CellTable {
  readonly #sources: SourceTable;
  readonly #all;
  readonly #ofSource;

  constructor(connection: Connection, sources: SourceTable) {
    this.#sources = sources;
    const select = `SELECT source_id AS sourceId, source.root, split, nullif(label, -1) AS label, count
      FROM class_count JOIN source ON source.id = class_count.source_id`;
    this.#all = connection.prepare<[], Cell>(`${select} WHERE count > 0`);
    this.#ofSource = connection.prepare<[number], Cell>(`${select} WHERE source_id = ? AND count > 0`);
  }

  /** @throws StudioError 'not-found' for an unknown source. */
  list({ source, split, label }: ImageFilter = {}): Cell[] {
    const cells = source === undefined ? this.#all.all() : this.#ofSource.all(this.#sources.get(source).id);
    return cells.filter(
      (cell) => (split === undefined || cell.split === split) && (label === undefined || cell.label === label),
    );
  }
}
