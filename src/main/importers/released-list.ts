import { stat } from 'node:fs/promises';
import { StudioError } from '#shared/errors.ts';
import { affectNetColumns, affectNetRows, namesAbsolutePaths } from './affectnet.ts';
import type { FormatMatch, Importer } from './importer.ts';
import { type ImageList, rootOfList } from './list-rows.ts';
import { openTable } from './table.ts';

/**
 * A labeled set as the released program reads it, such as the authors' `labeled_10_balance.csv`, or what `subset --out` writes: AffectNet's
 * columns, of which only path and class have to be there, and usually whole paths.
 */
export const releasedList: Importer = {
  format: 'csv',
  description: 'the released program’s lists, such as labeled_10_balance.csv',
  async match(path): Promise<FormatMatch | null> {
    const list = (await stat(path)).isFile() ? await listAt(path) : null;
    if (list === null) return null;
    const paths = (await namesAbsolutePaths(list)) ? 'whole paths' : 'paths';
    return { confidence: 0.9, reason: `The csv has ${paths} and classes in the columns the released program reads.` };
  },
  rootOf: async (path, choices) => rootOfList(await requireList(path), choices),
  async *rows(path, context) {
    yield* affectNetRows([await requireList(path)], context);
  },
};

async function listAt(path: string): Promise<ImageList | null> {
  const table = await openTable(path);
  const columns = table && affectNetColumns(table);
  return table === null || columns === null ? null : { table, columns, prefix: '' };
}

async function requireList(path: string): Promise<ImageList> {
  const list = await listAt(path);
  if (list !== null) return list;
  throw new StudioError('bad-input', `${path} has no columns subDirectory_filePath and expression in its first line.`, {
    hint: 'Import another list as a manifest.',
    commandLine: '--format manifest',
  });
}
