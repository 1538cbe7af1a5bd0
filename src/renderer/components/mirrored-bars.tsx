import type { ReactElement } from 'react';
import type { ClassMismatch } from '#shared/catalog.ts';
import { formatPoints, formatShare } from '../text/format.ts';
import { expressionAt } from '../text/words.ts';
import { ClassMark } from './class-mark.tsx';
import './mirrored-bars.css';

export type MirroredSide = 'labeled' | 'unlabeled';

interface MirroredBarsProps {
  readonly mismatch: Pick<ClassMismatch, 'labeledShare' | 'unlabeledShare' | 'totalVariation'>;
  readonly isSelected?: (side: MirroredSide, label: number) => boolean;
  /** Called when a bar is pressed; `add` with Shift. Without it there is nothing to press. */
  readonly onSelect?: (side: MirroredSide, label: number, add: boolean) => void;
}

/** Share of each class among the labeled images to the left, among the unlabeled by their pseudo labels to the right, and the difference. */
export function MirroredBars({ mismatch, isSelected, onSelect }: MirroredBarsProps): ReactElement {
  const { labeledShare, unlabeledShare, totalVariation } = mismatch;
  const largest = Math.max(...labeledShare, ...unlabeledShare, Number.EPSILON);
  const barOf = (side: MirroredSide, label: number, share: number): ReactElement => {
    const bar = <ShareBar share={share} largest={largest} label={label} mirrored={side === 'labeled'} />;
    if (onSelect === undefined) return bar;
    return (
      <button
        type="button"
        className="share-bar-button"
        aria-pressed={isSelected?.(side, label) ?? false}
        aria-label={`${expressionAt(label).label}, ${side === 'labeled' ? 'labeled' : 'pseudo labels'}: ${formatShare(share)}`}
        onClick={(event) => onSelect(side, label, event.shiftKey)}
      >
        {bar}
      </button>
    );
  };
  return (
    <table className="mirrored">
      <colgroup>
        <col />
        <col className="mirrored-class" />
        <col />
        <col className="mirrored-difference" />
      </colgroup>
      <thead>
        <tr>
          <th className="number">Labeled</th>
          <td />
          <th>Pseudo labels</th>
          <th className="number" title="Percentage points">
            Difference
          </th>
        </tr>
      </thead>
      <tbody>
        {labeledShare.map((labeled, index) => {
          const unlabeled = unlabeledShare[index] ?? 0;
          return (
            <tr key={expressionAt(index).name}>
              <td>{barOf('labeled', index, labeled)}</td>
              <th scope="row">
                <ClassMark index={index} />
              </th>
              <td>{barOf('unlabeled', index, unlabeled)}</td>
              <td className="number">{formatPoints(unlabeled - labeled)}</td>
            </tr>
          );
        })}
      </tbody>
      <caption>Half the sum of the differences: {formatShare(totalVariation)}</caption>
    </table>
  );
}

interface ShareBarProps {
  readonly share: number;
  readonly largest: number;
  readonly label: number;
  readonly mirrored: boolean;
}

function ShareBar({ share, largest, label, mirrored }: ShareBarProps): ReactElement {
  const style = { width: `${(share / largest) * 100}%`, backgroundColor: expressionAt(label).color };
  return (
    <span className={mirrored ? 'share-bar share-bar-mirrored' : 'share-bar'}>
      <span className="share-bar-track">
        <span className="share-bar-fill" style={style} />
      </span>
      <span className="share-bar-number">{formatShare(share)}</span>
    </span>
  );
}
