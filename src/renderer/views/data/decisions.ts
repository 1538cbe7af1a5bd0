import { StudioError } from '#shared/errors.ts';
import { MOST_CHOSEN, type Selection } from '#shared/faces.ts';
import { client } from '../../api/client.ts';
import { notices } from '../../api/notices.ts';
import { plural } from '../../text/format.ts';
import { expressionAt } from '../../text/words.ts';
import { tellError } from './undo.ts';

/** The screen that decisions made here are of. */
const SCREEN = 'data';

/** Gives what is selected another label, and offers to take it back. @throws what the host refuses. */
export async function relabelFaces(selection: Selection, label: number): Promise<void> {
  const images = await imagesOf(selection);
  const batch = await client.review.decide.mutate({ ...images, verdict: 'relabel', label, queue: SCREEN });
  notices.add({
    level: 'info',
    message: `${plural(batch.images, 'face')} relabeled ${expressionAt(label).label.toLowerCase()}.`,
    action: { label: 'Undo', run: () => void undoDecision(batch.id) },
  });
}

/** Takes a decision back, if it is still the newest. */
async function undoDecision(id: number): Promise<void> {
  try {
    const [newest] = await client.review.log.query({ limit: 1 });
    if (newest?.id !== id) {
      throw new StudioError('conflict', 'Something else was decided since.', {
        hint: 'The log of reviews undoes one step after the other.',
      });
    }
    const { images } = await client.review.undo.mutate();
    notices.add({ level: 'info', message: `Undone: ${plural(images, 'face')} as before.` });
  } catch (error) {
    tellError(error);
  }
}

/** A selection as decisions name it: by ids, or by a filter. */
async function imagesOf(selection: Selection): Promise<{ images: number[] } | { filter: object }> {
  if ('ids' in selection) return { images: selection.ids };
  const { filter, except } = selection;
  if (except.length === 0) return { filter };
  const { total } = await client.catalog.facets.query({ filter });
  if (total > MOST_CHOSEN) {
    throw new StudioError('usage', `So many faces cannot be relabeled while some of them are left out.`, {
      hint: 'Narrow the filter until it holds just the faces you mean.',
    });
  }
  const ids = await client.catalog.range.query({ filter, sort: 'id', descending: false, from: 0, to: total - 1 });
  const left = new Set(except);
  return { images: ids.filter((id) => !left.has(id)) };
}
