import type { ReactElement } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import { Button } from '../../../components/button.tsx';
import { ClassLetter } from '../../../components/class-mark.tsx';
import { formatCount } from '../../../text/format.ts';
import type { LegendEntry } from './colourings.ts';

interface LegendProps {
  readonly entries: readonly LegendEntry[];
  /** [256] points of each code. */
  readonly counts: Uint32Array;
  readonly hidden: ReadonlySet<number>;
  readonly onHide: (hidden: ReadonlySet<number>) => void;
}

/** What the colours mean, with how many points have each; pressed, those points are hidden or shown again. */
export function Legend({ entries, counts, hidden, onHide }: LegendProps): ReactElement {
  const present = entries.filter(({ code }) => counts[code]! > 0);
  const toggle = (code: number): void => {
    const next = new Set(hidden);
    if (!next.delete(code)) next.add(code);
    onHide(next);
  };
  return (
    <div className="map-legend" role="group" aria-label="Colours">
      <ul>
        {present.map(({ code, label, color, classIndex }) => {
          const isShown = !hidden.has(code);
          return (
            <li key={code}>
              <AriaButton
                className={isShown ? 'legend-entry' : 'legend-entry legend-hidden'}
                aria-pressed={isShown}
                aria-label={`${label}, ${formatCount(counts[code]!)} faces`}
                onPress={() => toggle(code)}
              >
                {classIndex === null ? (
                  <span className="legend-dot" style={{ backgroundColor: color }} />
                ) : (
                  <ClassLetter index={classIndex} />
                )}
                <span className="truncate">{label}</span>
                <span className="legend-count">{formatCount(counts[code]!)}</span>
              </AriaButton>
            </li>
          );
        })}
      </ul>
      {hidden.size > 0 && (
        <Button kind="quiet" onPress={() => onHide(new Set())}>
          Show all
        </Button>
      )}
    </div>
  );
}
