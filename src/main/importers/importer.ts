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
  /** The class an unlabeled image would have, where the data tells it. */
  readonly truth: number | null;
  readonly identity: string | null;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
}

/** A file or row that cannot be used, and why. */
export interface RejectedRow {
  readonly kind: 'rejected';
  readonly path: string;
  readonly reason: string;
}

/** An image the catalog has already; it was not looked at again. */
export interface KnownRow {
  readonly kind: 'known';
}

/** About how many rows there will be, as soon as that is known. */
export interface RowTotal {
  readonly kind: 'total';
  readonly total: number;
}

export type ImportEvent = ImportRow | RejectedRow | KnownRow | RowTotal;

export interface FormatMatch {
  /** 0 … 1; the importer with the highest is taken. */
  readonly confidence: number;
  /** What was seen, as a sentence for the person. */
  readonly reason: string;
}

export interface ImportContext {
  readonly role: Role;
  /** Whether the catalog has the image at a place already. */
  readonly isKnown: (path: string, offset: number) => boolean;
}

/** One format of data sets. */
export interface Importer {
  readonly format: string;
  readonly description: string;
  /** Whether what lies at a path is of this format, by a look at a part of it; null when it is not. */
  match(path: string): Promise<FormatMatch | null>;
  /**
   * Everything at the path, in the same order each time.
   * @throws StudioError when the whole cannot be used, such as folders that are no classes: then before the first image.
   */
  rows(path: string, context: ImportContext): AsyncGenerator<ImportEvent>;
}

/** Split of images of a source without splits of its own. */
export function splitOfRole(role: Role): Split {
  return role === 'labeled' ? 'train' : role;
}

export function rejection(path: string, reason: string): RejectedRow {
  return { kind: 'rejected', path, reason };
}
