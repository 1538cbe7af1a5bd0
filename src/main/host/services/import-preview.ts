import { realpath } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ImportPreview, ImportRequest } from '#shared/catalog.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { ClassNames, chooseImporter, listColumns } from '../../importers/index.ts';
import { choicesFor } from './import-choices.ts';

/** Rows shown before an import. */
const SAMPLES = 10;

/**
 * What an import would do, from a look at its first images; nothing is changed.
 * @throws StudioError as the import would before its first image, such as 'bad-input' with all names that are no classes.
 */
export async function previewImport(catalog: Catalog, request: ImportRequest): Promise<ImportPreview> {
  const { importer, reason, others } = await chooseImporter(request.path, request.format);
  const path = await realpath(request.path);
  const name = request.source ?? basename(path);
  const remembered = choicesFor(catalog, request, path);
  const choices = { ...remembered, classes: new ClassNames(remembered.classes) };
  const root = importer.rootOf ? await realpath(await importer.rootOf(path, choices)) : path;
  const samples: ImportPreview['samples'] = [];
  let total: number | null = null;
  for await (const event of importer.rows(path, { ...choices, role: request.role, root, isKnown: () => false })) {
    if (event.kind === 'total') total = event.total;
    else if (event.kind === 'rejected') samples.push(event);
    else if (event.kind === 'image') {
      const { kind, label, truth, split, identity, width, height } = event;
      samples.push({ kind, path: event.path, label: label ?? truth, split, identity, width, height });
    }
    if (samples.length >= SAMPLES) break;
  }
  const columns = await listColumns(path);
  return { source: name, root, format: importer.format, reason, others: [...others], total, columns, samples };
}
