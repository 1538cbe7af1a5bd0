import type { ImageReference, Role, Split } from '#shared/images.ts';

/** An image an importer found and could read. Paths are below the source's root, with forward slashes; empty: the root is the file. */
export interface ImportRow {
  readonly kind: 'image';
  readonly split: Split;
  readonly path: string;
  readonly encoding: ImageReference['encoding'];
  readonly offset?: number;
  readonly length?: number;
  readonly label: number | null;
  readonly identity: string | null;
  readonly width: number;
  readonly height: number;
}

/** A file or row that cannot be used, and why. */
export interface RejectedRow {
  readonly kind: 'rejected';
  readonly path: string;
  readonly reason: string;
}

/** How many rows there will be, as soon as that is known. */
export interface RowTotal {
  readonly kind: 'total';
  readonly total: number;
}

export type ImportEvent = ImportRow | RejectedRow | RowTotal;

export interface FormatMatch {
  /** 0 … 1; the importer with the highest is taken. */
  readonly confidence: number;
  /** What was seen, as a sentence for the person. */
  readonly reason: string;
}

/** One format of data sets. */
export interface Importer {
  readonly format: string;
  readonly description: string;
  /** Whether what lies at a path is of this format; null when it is not. */
  match(path: string): Promise<FormatMatch | null>;
  /**
   * Everything at the path, in the same order each time.
   * @throws StudioError when the whole cannot be used, such as folders that are no classes.
   */
  rows(path: string, options: { role: Role }): AsyncGenerator<ImportEvent>;
}

/** Split of images of a source without splits of its own. */
export function splitOfRole(role: Role): Split {
  return role === 'labeled' ? 'train' : role;
}
