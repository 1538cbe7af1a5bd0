import { type ReactElement, type ReactNode, useState } from 'react';
import type { Round } from '#shared/rounds.ts';
import { ClassLetter } from '../../../components/class-mark.tsx';
import { Toggle } from '../../../components/fields.tsx';
import { ErrorNote, Skeleton } from '../../../components/states.tsx';
import { formatCount, formatRatio, formatShare } from '../../../text/format.ts';
import { expressionAt } from '../../../text/words.ts';
import {
  type Acceptance,
  type AcceptanceCounts,
  THRESHOLD_STEP,
  movedThresholds,
  steppedThreshold,
} from './thresholds.ts';

interface ThresholdPanelProps {
  readonly round: Round;
  readonly thresholds: readonly number[];
  readonly onChange: (thresholds: readonly number[]) => void;
  /** Null until the round's confidences are counted. */
  readonly counts: AcceptanceCounts | null;
  readonly error: unknown;
  readonly onRetry: () => void;
  readonly precision: ReactNode;
}

/** One slider a class; what they would accept is counted as they move, from the histogram of confidences. */
export function ThresholdPanel(props: ThresholdPanelProps): ReactElement {
  const { round, thresholds, onChange, counts, error, onRetry, precision } = props;
  const [isLinked, setLinked] = useState(() => thresholds.every((value) => value === thresholds[0]));
  if (counts === null) {
    return error === null ? <Skeleton height={72} /> : <ErrorNote error={error} onRetry={onRetry} />;
  }
  const acceptance = counts.accepted(thresholds);
  const largest = Math.max(...acceptance.perClass.map(({ share }) => share), Number.EPSILON);
  return (
    <div className="thresholds">
      <dl className="head-figures">
        <div className="head-figure">
          <dt>Accepted</dt>
          <dd>
            <span role="status" aria-label={`Accepted: ${formatCount(acceptance.accepted)}`}>
              {formatCount(acceptance.accepted)}
            </span>
          </dd>
          <dd className="muted small">{formatShare(acceptance.share)}</dd>
        </div>
        <div className="head-figure">
          <dt>Imbalance</dt>
          <dd>{acceptance.imbalanceRatio === null ? '–' : formatRatio(acceptance.imbalanceRatio)}</dd>
          <dd className="muted small">{emptyText(acceptance)}</dd>
        </div>
        {precision}
      </dl>
      <div className="threshold-sliders" role="group" aria-label="Threshold of confidence by class">
        {round.classes.map((name, label) => {
          const { accepted, share } = acceptance.perClass[label]!;
          const value = thresholds[label] ?? 0;
          const { label: title, color } = expressionAt(label);
          return (
            <div key={name} className="threshold">
              <span className="threshold-head">
                <ClassLetter index={label} />
                <span className="threshold-value">{value.toFixed(3)}</span>
              </span>
              <input
                type="range"
                className="range"
                min={0}
                max={1}
                step={THRESHOLD_STEP}
                value={value}
                aria-label={`Threshold of ${title}`}
                aria-valuetext={`${value.toFixed(3)}, ${formatCount(accepted)} accepted`}
                onChange={(event) =>
                  onChange(movedThresholds(thresholds, label, steppedThreshold(event.target.valueAsNumber), isLinked))
                }
              />
              <span className="threshold-balance" title={`${title}: ${formatShare(share)} of what is accepted`}>
                <span style={{ width: `${(share / largest) * 100}%`, backgroundColor: color }} />
              </span>
              <span className="threshold-count">{formatCount(accepted)}</span>
            </div>
          );
        })}
      </div>
      <Toggle
        label="Linked"
        value={isLinked}
        onChange={(linked) => {
          setLinked(linked);
          if (linked) onChange(thresholds.map(() => thresholds[0] ?? 0));
        }}
      />
    </div>
  );
}

function emptyText({ emptyClasses, accepted }: Acceptance): string {
  if (accepted === 0) return 'nothing accepted';
  if (emptyClasses.length === 0) return 'all classes';
  return `no ${emptyClasses.map((label) => expressionAt(label).label.toLowerCase()).join(', ')}`;
}
