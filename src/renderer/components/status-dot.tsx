import type { ReactElement } from 'react';
import type { JobStatus } from '#shared/jobs.ts';
import type { RunStatus } from '#shared/training.ts';
import { STATUS_LABELS } from '../text/words.ts';

/** A dot and the word: the dot's shape differs too (filled, ring, square), not its colour alone. */
export function Status({ status }: { status: RunStatus | JobStatus }): ReactElement {
  return (
    <span className="status">
      <span className={`status-dot status-${status}`} />
      {STATUS_LABELS[status]}
    </span>
  );
}
