import { realpath } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ImportPreview, ImportRequest } from '#shared/catalog.ts';
import { StudioError } from '#shared/errors.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { type ImportChoices, type Importer, ClassNames, chooseImporter, listBeginning } from '../../importers/index.ts';
import { choicesFor } from './import-choices.ts';

/** Rows shown before an import. */
const SAMPLES = 10;
/** Characters of a field that are shown: a picture's pixels may be one. */
const FIELD_LENGTH = 200;

type Look = Pick<ImportPreview, 'root' | 'total' | 'unknownClasses' | 'samples' | 'problem'>;

/**
 * What an import would do, from a look at its first images; nothing is changed. Why it would not begin is part of the answer, so that a person
 * can be asked. @throws StudioError 'not-found', 'bad-input' for what is of no known format.
 */
export async function previewImport(catalog: Catalog, request: ImportRequest): Promise<ImportPreview> {
  const { importer, reason, others } = await chooseImporter(request.path, request.format);
  const path = await realpath(request.path);
  const remembered = choicesFor(catalog, request, path);
  const look = await lookAt(importer, path, request.role, remembered);
  const table = await listBeginning(path, SAMPLES);
  return {
    ...{ source: request.source ?? basename(path), format: importer.format, reason, others: [...others], ...look },
    table: table && {
      columns: table.columns.map(shortened),
      rows: table.rows.map((row) => row.map(shortened)),
    },
  };
}

const shortened = (text: string): string => (text.length > FIELD_LENGTH ? `${text.slice(0, FIELD_LENGTH)}…` : text);

async function lookAt(
  importer: Importer,
  path: string,
  role: ImportRequest['role'],
  remembered: Omit<ImportChoices, 'classes'> & Pick<ImportRequest, 'classes'>,
): Promise<Look> {
  const look: Look = { root: null, total: null, unknownClasses: [], samples: [], problem: null };
  try {
    const choices = { ...remembered, classes: new ClassNames(remembered.classes) };
    const root = importer.rootOf ? await realpath(await importer.rootOf(path, choices)) : path;
    look.root = root;
    const onUnknownClasses = (counts: ReadonlyMap<string, number>): void => {
      look.unknownClasses = [...counts].map(([name, count]) => ({ name, count }));
    };
    for await (const event of importer.rows(path, { ...choices, role, root, isKnown: () => false, onUnknownClasses })) {
      if (event.kind === 'total') look.total = event.total;
      else if (event.kind === 'rejected') look.samples.push(event);
      else if (event.kind === 'image') {
        const { kind, label, truth, split, identity, width, height } = event;
        look.samples.push({ kind, path: event.path, label: label ?? truth, split, identity, width, height });
      }
      if (look.samples.length >= SAMPLES) break;
    }
  } catch (error) {
    if (!(error instanceof StudioError)) throw error;
    const { code: _code, ...problem } = error.toJSON();
    look.problem = problem;
  }
  return look;
}
