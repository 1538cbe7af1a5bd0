import { basename } from 'node:path';
import { z } from 'zod';
import { type ImportRequest, importRequestSchema } from '#shared/catalog.ts';
import type { Catalog } from '../../catalog/catalog.ts';

/** What the workspace remembers of a source's import, so that it need not be said again. */
const rememberedSchema = importRequestSchema.pick({ columns: true, classes: true, images: true, copy: true }).extend({
  /** What was named when it was imported: the list or folder. */
  path: z.string(),
});
export type RememberedChoices = z.infer<typeof rememberedSchema>;

const keyOf = (source: string): string => `import:${source}`;

function rememberedChoices(catalog: Catalog, source: string): RememberedChoices | undefined {
  const stored = catalog.settings.get(keyOf(source));
  return stored === null ? undefined : rememberedSchema.parse(JSON.parse(stored));
}

export function rememberChoices(catalog: Catalog, source: string, choices: RememberedChoices): void {
  catalog.settings.set(keyOf(source), JSON.stringify(choices));
}

/** What is asked for now goes before what was before. A list of the same name elsewhere is another source, unless the source is named. */
export function choicesFor(catalog: Catalog, request: ImportRequest, path: string): RememberedChoices {
  const before = rememberedChoices(catalog, request.source ?? basename(path));
  const remembered = before?.path === path || request.source !== undefined ? before : undefined;
  return {
    path,
    columns: request.columns ?? remembered?.columns,
    classes: request.classes ?? remembered?.classes,
    // What was moved is no longer where it was.
    images: request.images ?? (request.relink === true ? undefined : remembered?.images),
    copy: request.copy ?? remembered?.copy,
  };
}
