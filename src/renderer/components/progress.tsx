import type { ReactElement } from 'react';
import { ProgressBar } from 'react-aria-components';

/** A thin bar; without a total it says only that something goes on. */
export function Progress({ label, done, total }: { label: string; done: number; total: number | null }): ReactElement {
  const isIndeterminate = total === null || total === 0;
  return (
    <ProgressBar
      aria-label={label}
      className="progress"
      isIndeterminate={isIndeterminate}
      value={done}
      maxValue={isIndeterminate ? 100 : total}
    >
      {({ percentage }) => (
        <span
          className={isIndeterminate ? 'progress-bar progress-busy' : 'progress-bar'}
          style={isIndeterminate ? undefined : { width: `${percentage ?? 0}%` }}
        />
      )}
    </ProgressBar>
  );
}
