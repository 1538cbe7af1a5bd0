import type { CSSProperties, ReactElement } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import { ClassLetter, ClassMark } from '../../../components/class-mark.tsx';
import { formatCount, plural } from '../../../text/format.ts';
import { expressionAt } from '../../../text/words.ts';
import '../comparisons.css';

interface LabelMatrixProps {
  /** [K×K] rows are the labels before, columns those after. */
  readonly matrix: readonly (readonly number[])[];
  /** The cell that is looked at. */
  readonly was: number | undefined;
  readonly is: number | undefined;
  /** A cell that is pressed; nothing for the one looked at. */
  readonly onChoose: (was: number | undefined, is: number | undefined) => void;
}

/** How labels went from class to class; the faces behind a cell can be asked for. */
export function LabelMatrix({ matrix, was: shownWas, is: shownIs, onChoose }: LabelMatrixProps): ReactElement {
  const largest = Math.max(1, ...matrix.flatMap((row, was) => row.filter((_, is) => is !== was)));
  return (
    <table className="flips-matrix" aria-label="Labels before in rows, after in columns">
      <thead>
        <tr>
          <th scope="col">Was, becomes</th>
          {matrix.map((_, is) => (
            <th key={is} scope="col">
              <ClassLetter index={is} />
              <span className="visually-hidden">{expressionAt(is).label}</span>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {matrix.map((row, was) => (
          <tr key={was}>
            <th scope="row">
              <ClassMark index={was} />
            </th>
            {row.map((count, is) => {
              const isShown = shownWas === was && shownIs === is;
              return (
                <td key={is}>
                  {was === is || count === 0 ? (
                    <span className={was === is ? 'flip-cell flip-same' : 'flip-cell muted'}>{formatCount(count)}</span>
                  ) : (
                    <AriaButton
                      className={isShown ? 'flip-cell flip-button flip-shown' : 'flip-cell flip-button'}
                      aria-label={`${expressionAt(was).label} to ${expressionAt(is).label}: ${plural(count, 'face')}`}
                      aria-pressed={isShown}
                      style={{ '--share': `${Math.round((count / largest) * 36)}%` } as CSSProperties}
                      onPress={() => (isShown ? onChoose(undefined, undefined) : onChoose(was, is))}
                    >
                      {formatCount(count)}
                    </AriaButton>
                  )}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
