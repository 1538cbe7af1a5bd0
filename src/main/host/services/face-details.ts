import { DUPLICATE_KINDS } from '#shared/analysis.ts';
import type { Face, FaceCopies } from '#shared/faces.ts';
import { StudioError } from '#shared/errors.ts';
import type { Catalog } from '../../catalog/catalog.ts';

/** Copies of a face that are shown beside it. */
const COPIES_SHOWN = 24;

/** Everything the catalog knows of one image, whether it is excluded or not. @throws StudioError 'not-found'. */
export function faceOf(catalog: Catalog, id: number): Face {
  const [row] = catalog.query.rows([id]);
  if (row === undefined) {
    throw new StudioError('not-found', `There is no image ${id} in this workspace.`, {
      hint: 'It may have been removed since; look at the list again.',
    });
  }
  const { duplicates, images, analyses, labelVotes, query } = catalog;
  const copies = DUPLICATE_KINDS.flatMap((kind): FaceCopies[] => {
    const group = duplicates.groupOf(kind, id);
    if (group === undefined) return [];
    const { rows } = duplicates.members({ group: group.id, limit: COPIES_SHOWN + 1 }, (ids) => query.rows(ids));
    return [{ kind, group: group.id, size: group.size, rows: rows.filter((copy) => copy.id !== id) }];
  });
  return {
    ...row,
    file: images.reference(id).reference.path,
    analysis: analyses.find(id) ?? null,
    votes: labelVotes.of(id).map(({ origin, counts }) => ({ origin, counts: [...counts] })),
    copies,
  };
}
