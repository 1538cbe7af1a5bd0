import type { ReactElement } from 'react';
import type { CatalogStats } from '#shared/catalog.ts';
import { formatPoints, formatShare } from '../text/format.ts';
import { expressionAt } from '../text/words.ts';
import { ClassMark } from './class-mark.tsx';
import './mirrored-bars.css';

/** Share of each class among the labeled images to the left, among the unlabeled by their pseudo labels to the right, and the difference. */
export function MirroredBars({ mismatch }: { mismatch: NonNullable<CatalogStats['mismatch']> }): ReactElement {
  const { labeledShare, unlabeledShare, totalVariation } = mismatch;
  const largest = Math.max(...labeledShare, ...unlabeledShare, Number.EPSILON);
  return (
    <table className="mirrored">
      <thead>
        <tr>
          <th className="number">Labeled</th>
          <td />
          <th>Pseudo labels</th>
          <th className="number">Difference, points</th>
        </tr>
      </thead>
      <tbody>
        {labeledShare.map((labeled, index) => {
          const unlabeled = unlabeledShare[index] ?? 0;
          const { color, name } = expressionAt(index);
          return (
            <tr key={name}>
              <td>
                <ShareBar share={labeled} largest={largest} color={color} mirrored />
              </td>
              <th scope="row">
                <ClassMark index={index} />
              </th>
              <td>
                <ShareBar share={unlabeled} largest={largest} color={color} />
              </td>
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
  readonly color: string;
  readonly mirrored?: boolean;
}

function ShareBar({ share, largest, color, mirrored = false }: ShareBarProps): ReactElement {
  return (
    <span className={mirrored ? 'share-bar share-bar-mirrored' : 'share-bar'}>
      <span className="share-bar-track">
        <span className="share-bar-fill" style={{ width: `${(share / largest) * 100}%`, backgroundColor: color }} />
      </span>
      <span className="share-bar-number">{formatShare(share)}</span>
    </span>
  );
}
