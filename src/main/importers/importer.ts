import type { ImageReference, Role, Split } from '#shared/images.ts';
import type { ClassNames } from './class-names.ts';

/** An image an importer found and could read. Paths are below the source's root, with forward slashes; empty: the root is the file. */
export interface ImportRow {
  readonly kind: 'image';
  readonly split: Split;
  readonly path: string;
  readonly encoding: ImageReference['encoding'];
  readonly offset?: number;
  readonly length?: number;
  /** A crop in pixels. */
  readonly box?: ImageReference['box'];
  readonly label: number | null;
  /** The class an unlabeled image would have, where the data tells it. */
  readonly truth: number | null;
  readonly identity: string | null;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Row of the data set's list, counted from 0, where other lists refer to it. */
  readonly row?: number;
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

/** An image that is in order, and that the data set or the person says is not to be used, such as AffectNet's "no face". */
export interface LeftOutRow {
  readonly kind: 'left-out';
  /** What all such images are, in a few words: they are counted by it. */
  readonly what: string;
}

/** About how many rows there will be, as soon as that is known. */
export interface RowTotal {
  readonly kind: 'total';
  readonly total: number;
}

export type ImportEvent = ImportRow | RejectedRow | KnownRow | LeftOutRow | RowTotal;

export interface FormatMatch {
  /** 0 … 1; the importer with the highest is taken. */
  readonly confidence: number;
  /** What was seen, as a sentence for the person. */
  readonly reason: string;
}

/** What the person says of the data beside its format. */
export interface ImportChoices {
  /** Classes by the names they have in the data. */
  readonly classes: ClassNames;
  /** Which column is which field of a manifest, where the person said so. */
  readonly columns?: Readonly<Record<string, string>> | undefined;
  /** The folder a list's paths are below; looked for when left out. */
  readonly images?: string | undefined;
}

export interface ImportContext extends ImportChoices {
  readonly role: Role;
  /** What the rows' paths are below. */
  readonly root: string;
  /** Is told names that are no classes, with how many images have them; without it they are an error. */
  readonly onUnknownClasses?: (counts: ReadonlyMap<string, number>) => void;
  /** Ends a look through everything that comes before the first image, which takes minutes on a slow disk. */
  readonly signal?: AbortSignal | undefined;
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
   * What the rows' paths are below; the path itself when there is no such function.
   * @throws StudioError 'bad-input' when the images that a list names are not to be found.
   */
  rootOf?(path: string, choices: ImportChoices): Promise<string>;
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

/** Labels are taken as truths where the role is to learn without them. */
export function labelsFor(role: Role, label: number | null): Pick<ImportRow, 'label' | 'truth'> {
  return role === 'unlabeled' ? { label: null, truth: label } : { label, truth: null };
}

/** The data set's own split where the role keeps it. */
export function splitFor(role: Role, own: Split | undefined): Split {
  return (role === 'labeled' ? own : undefined) ?? splitOfRole(role);
}

export function rejection(path: string, reason: string): RejectedRow {
  return { kind: 'rejected', path, reason };
}
