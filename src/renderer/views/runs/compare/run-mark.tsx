import type { ReactElement } from 'react';
import type { ComparedRun } from './overlay.ts';

/** A run's number on its colour, so that colour is never alone. */
export function RunNumber({ of: { number, color, isDashed } }: { of: ComparedRun }): ReactElement {
  return (
    <span className={isDashed ? 'run-number run-number-dashed' : 'run-number'} style={{ borderColor: color }}>
      {number}
    </span>
  );
}
