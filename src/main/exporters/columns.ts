import type { ExportedImage } from '#shared/export.ts';
import { EXPRESSIONS } from '#shared/expressions.ts';

export type ColumnType = 'integer' | 'number' | 'text' | 'boolean';

/** A column of the tabular formats. */
export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly valueOf: (image: ExportedImage) => string | number | boolean | null;
}

export const COLUMNS: readonly Column[] = [
  { name: 'id', type: 'integer', valueOf: ({ id }) => id },
  { name: 'source', type: 'text', valueOf: ({ source }) => source },
  { name: 'split', type: 'text', valueOf: ({ split }) => split },
  { name: 'class', type: 'text', valueOf: ({ label }) => (label === null ? null : EXPRESSIONS[label]!.name) },
  { name: 'label', type: 'integer', valueOf: ({ label }) => label },
  { name: 'identity', type: 'text', valueOf: ({ identity }) => identity },
  { name: 'path', type: 'text', valueOf: ({ reference }) => reference.path },
  { name: 'encoding', type: 'text', valueOf: ({ reference }) => reference.encoding },
  { name: 'byte_offset', type: 'integer', valueOf: ({ reference }) => reference.offset ?? null },
  { name: 'byte_length', type: 'integer', valueOf: ({ reference }) => reference.length ?? null },
  { name: 'box_x', type: 'number', valueOf: ({ reference }) => reference.box?.x ?? null },
  { name: 'box_y', type: 'number', valueOf: ({ reference }) => reference.box?.y ?? null },
  { name: 'box_width', type: 'number', valueOf: ({ reference }) => reference.box?.width ?? null },
  { name: 'box_height', type: 'number', valueOf: ({ reference }) => reference.box?.height ?? null },
  { name: 'width', type: 'integer', valueOf: ({ width }) => width },
  { name: 'height', type: 'integer', valueOf: ({ height }) => height },
  { name: 'excluded', type: 'boolean', valueOf: ({ excluded }) => excluded },
];
