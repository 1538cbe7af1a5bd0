import { type ReactElement, useState } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import type { EvaluationReport } from '#shared/evaluation.ts';
import { Segments } from '../../components/segments.tsx';
import { formatCount, formatPercent, formatShare, plural } from '../../text/format.ts';
import { ClassName, ClassNameLetter } from '../predict/class-name.tsx';
import { labelOfClass } from '../predict/classes.ts';

type Shown = 'share' | 'count';

interface ConfusionProps {
  readonly report: EvaluationReport;
  readonly chosen: { readonly label: string | undefined; readonly predicted: string | undefined };
  readonly onChoose: (label: string, predicted: string) => void;
}

/**
 * Rows are true classes, columns what was said. A cell's shade is its share of its row, so that rare classes read as well as common ones;
 * pressing it shows its faces.
 */
export function Confusion({ report: { confusion, classes }, chosen, onChoose }: ConfusionProps): ReactElement {
  const [shown, setShown] = useState<Shown>('share');
  return (
    <section className="panel" aria-labelledby="confusion">
      <div className="row">
        <h2 id="confusion">Confusion</h2>
        <span className="spacer" />
        <Segments
          label="Cells show"
          value={shown}
          options={[
            { value: 'share', label: 'Share, %' },
            { value: 'count', label: 'Count' },
          ]}
          onChange={setShown}
        />
      </div>
      <div className="table-scroll" role="region" aria-label="Confusion matrix" tabIndex={0}>
        <table className="confusion-table">
          <thead>
            <tr>
              <th scope="col">True class</th>
              {classes.map((name) => (
                <th key={name} scope="col" className="confusion-column">
                  <ClassNameLetter name={name} />
                  <span className="visually-hidden">{labelOfClass(name)}</span>
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
              const label = classes[truth]!;
              return (
                <tr key={label}>
                  <th scope="row">
                    <ClassName name={label} />
                  </th>
                  {row.map((count, column) => (
                    <Cell
                      key={classes[column]}
                      label={label}
                      predicted={classes[column]!}
                      count={count}
                      share={total === 0 ? 0 : count / total}
                      shown={shown}
                      isChosen={chosen.label === label && chosen.predicted === classes[column]}
                      onPress={() => onChoose(label, classes[column]!)}
                    />
                  ))}
                  <td className="number muted">{formatCount(total)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <p className="muted small confusion-note">Columns are what was said. Press a cell to see its faces.</p>
    </section>
  );
}

interface CellProps {
  readonly label: string;
  readonly predicted: string;
  readonly count: number;
  readonly share: number;
  readonly shown: Shown;
  readonly isChosen: boolean;
  readonly onPress: () => void;
}

/** The deepest shade, percent of the colour: what stands on it must still be read. */
const DEEPEST = 42;

function Cell({ label, predicted, count, share, shown, isChosen, onPress }: CellProps): ReactElement {
  const isRight = label === predicted;
  const shade = `color-mix(in srgb, var(${isRight ? '--ok' : '--danger'}) ${Math.round(share * DEEPEST)}%, var(--surface-1))`;
  const text = shown === 'share' ? formatPercent(share) : formatCount(count);
  const said = isRight ? 'taken for what it is' : `taken for ${labelOfClass(predicted)}`;
  return (
    <td className="confusion-cell">
      {count === 0 ? (
        <span className="confusion-none" style={{ background: shade }}>
          <span aria-hidden="true">·</span>
          <span className="visually-hidden">0</span>
        </span>
      ) : (
        <AriaButton
          className={isChosen ? 'confusion-press confusion-chosen' : 'confusion-press'}
          style={{ background: shade }}
          aria-pressed={isChosen}
          aria-label={`${labelOfClass(label)} ${said}: ${plural(count, 'image')}, ${formatShare(share)}`}
          onPress={onPress}
        >
          {text}
        </AriaButton>
      )}
    </td>
  );
}
