import type { Exclusion } from '#shared/analysis.ts';
import type { Selection } from '#shared/faces.ts';
import { client } from '../../api/client.ts';
import { describeError } from '../../api/errors.ts';
import { notices } from '../../api/notices.ts';
import { plural } from '../../text/format.ts';

/** Tells what an exclusion did, with a way to take it back. */
export function tellExclusion(exclusion: Exclusion | null): void {
  if (exclusion === null) {
    notices.add({ level: 'info', message: 'Nothing changed: there was nothing left to exclude.' });
    return;
  }
  const { id, images, excluded } = exclusion;
  notices.add({
    level: 'info',
    message: `${plural(images, 'face')} ${excluded ? 'excluded' : 'put back'}.`,
    action: { label: 'Undo', run: () => void undoExclusion(id) },
  });
}

/** Excludes faces, or puts them back, at one press; what went wrong is told. */
export async function setExcluded(selection: Selection, excluded: boolean, reason: string): Promise<void> {
  try {
    tellExclusion(await client.catalog.excludeSelected.mutate({ selection, excluded, reason }));
  } catch (error) {
    tellError(error);
  }
}

/** Says over the window what went wrong, where there is no better place for it. */
export function tellError(error: unknown): void {
  const { message, hint } = describeError(error);
  notices.add({ level: 'error', message: hint === undefined ? message : `${message} ${hint}` });
}

/** Takes an exclusion back, if it is still the newest that stands; says so either way. */
export async function undoExclusion(id: number): Promise<void> {
  try {
    const { images, excluded } = await client.catalog.undoExclusion.mutate({ id });
    notices.add({ level: 'info', message: `Undone: ${plural(images, 'face')} ${excluded ? 'excluded' : 'put back'}.` });
  } catch (error) {
    tellError(error);
  }
}
