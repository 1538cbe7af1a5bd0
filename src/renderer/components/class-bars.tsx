import { type ReactElement } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import { expressionAt } from '../text/words.ts';
import { formatCount } from '../text/format.ts';
import { ClassMark } from './class-mark.tsx';
import './class-bars.css';

export interface BarColumn<Key extends string> {
  readonly key: Key;
  readonly label: string;
  /** Under the label, such as the imbalance ratio. */
  readonly note: string;
  /** Images per class. */
  readonly counts: readonly number[];
}

interface ClassBarsProps<Key extends string> {
  readonly columns: readonly BarColumn<Key>[];
  /** Whether a bar is part of the filter now. */
  readonly isSelected?: (column: Key, classIndex: number) => boolean;
  /** @param add with Shift: beside what is selected already. */
  readonly onSelect: (column: Key, classIndex: number, add: boolean) => void;
}

/** One row a class, one column of bars a split. Bars of a column share a scale; columns do not, their sizes differ by orders. */
export function ClassBars<Key extends string>({ columns, isSelected, onSelect }: ClassBarsProps<Key>): ReactElement {
  const classes = columns[0]?.counts.map((_, index) => index) ?? [];
  return (
    <table className="class-bars">
      <thead>
        <tr>
          <td />
          {columns.map(({ key, label, note }) => (
            <th key={key} scope="col">
              {label} <span className="class-bars-note">{note}</span>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {classes.map((classIndex) => (
          <tr key={classIndex}>
            <th scope="row">
              <ClassMark index={classIndex} />
            </th>
            {columns.map((column) => (
              <td key={column.key}>
                <Bar
                  column={column}
                  classIndex={classIndex}
                  isSelected={isSelected?.(column.key, classIndex) ?? false}
                  onPress={(add) => onSelect(column.key, classIndex, add)}
                />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface BarProps {
  readonly column: BarColumn<string>;
  readonly classIndex: number;
  readonly isSelected: boolean;
  readonly onPress: (add: boolean) => void;
}

function Bar({ column, classIndex, isSelected, onPress }: BarProps): ReactElement {
  const count = column.counts[classIndex] ?? 0;
  const largest = Math.max(1, ...column.counts);
  const { label, color } = expressionAt(classIndex);
  return (
    <AriaButton
      className={isSelected ? 'class-bar class-bar-selected' : 'class-bar'}
      aria-label={`${label}, ${column.label}: ${formatCount(count)} images`}
      aria-pressed={isSelected}
      onPress={({ shiftKey }) => onPress(shiftKey)}
    >
      <span className="class-bar-track">
        <span
          className="class-bar-fill"
          style={{ width: `${(count / largest) * 100}%`, minWidth: count > 0 ? 2 : 0, backgroundColor: color }}
        />
      </span>
      <span className="class-bar-count">{formatCount(count)}</span>
    </AriaButton>
  );
}
