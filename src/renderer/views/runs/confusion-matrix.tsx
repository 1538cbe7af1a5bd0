import { type ReactElement, useState } from 'react';
import { ToggleButton, ToggleButtonGroup } from 'react-aria-components';
import type { Evaluation } from '#shared/training.ts';
import { ClassLetter, ClassMark } from '../../components/class-mark.tsx';
import { formatCount } from '../../text/format.ts';
import { expressionAt } from '../../text/words.ts';

type Shown = 'share' | 'count';

/** Rows are true classes, columns predictions. A cell's shade is its share of its row, so rare classes read as well as common ones. */
export function ConfusionMatrix({ confusion }: { confusion: Evaluation['confusion'] }): ReactElement {
  const [shown, setShown] = useState<Shown>('share');
  return (
    <section>
      <div className="row">
        <h2>Confusion</h2>
        <span className="spacer" />
        <ToggleButtonGroup
          className="segments"
          aria-label="Cells show"
          selectionMode="single"
          disallowEmptySelection
          selectedKeys={[shown]}
          onSelectionChange={([key]) => setShown(key as Shown)}
        >
          <ToggleButton id="share" className="segment">
            Share, %
          </ToggleButton>
          <ToggleButton id="count" className="segment">
            Count
          </ToggleButton>
        </ToggleButtonGroup>
      </div>
      <table className="confusion">
        <thead>
          <tr>
            <th scope="col">True class</th>
            {confusion.map((_, index) => (
              <th key={expressionAt(index).name} scope="col">
                <ClassLetter index={index} />
                <span className="visually-hidden">{expressionAt(index).label}</span>
              </th>
            ))}
            <th scope="col" className="number">
              Images
            </th>
          </tr>
        </thead>
        <tbody>
          {confusion.map((row, truth) => {
            const total = row.reduce((sum, count) => sum + count, 0);
            return (
              <tr key={expressionAt(truth).name}>
                <th scope="row">
                  <ClassMark index={truth} />
                </th>
                {row.map((count, predicted) => (
                  <Cell
                    key={expressionAt(predicted).name}
                    count={count}
                    share={total === 0 ? 0 : count / total}
                    shown={shown}
                    isCorrect={truth === predicted}
                  />
                ))}
                <td className="number muted">{formatCount(total)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

interface CellProps {
  readonly count: number;
  readonly share: number;
  readonly shown: Shown;
  readonly isCorrect: boolean;
}

function Cell({ count, share, shown, isCorrect }: CellProps): ReactElement {
  const shade = `color-mix(in srgb, var(${isCorrect ? '--ok' : '--danger'}) ${Math.round(share * 55)}%, transparent)`;
  const text = shown === 'share' ? (share * 100).toFixed(1) : formatCount(count);
  return (
    <td className={count === 0 ? 'confusion-cell muted' : 'confusion-cell'} style={{ background: shade }}>
      {text}
    </td>
  );
}
