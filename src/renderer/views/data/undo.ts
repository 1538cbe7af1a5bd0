import type { Exclusion } from '#shared/analysis.ts';
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

/** Takes an exclusion back, if it is still the newest that stands; says so either way. */
export async function undoExclusion(id: number): Promise<void> {
  try {
    const { images, excluded } = await client.catalog.undoExclusion.mutate({ id });
    notices.add({ level: 'info', message: `Undone: ${plural(images, 'face')} ${excluded ? 'excluded' : 'put back'}.` });
  } catch (error) {
    const { message, hint } = describeError(error);
    notices.add({ level: 'error', message: hint === undefined ? message : `${message} ${hint}` });
  }
}
