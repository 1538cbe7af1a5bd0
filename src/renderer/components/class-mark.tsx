import type { ReactElement } from 'react';
import { formatShare } from '../text/format.ts';
import { expressionAt } from '../text/words.ts';

/** A class's letter on its colour, so that colour is never alone. The name is in the text beside it, or in the title. */
export function ClassLetter({ index }: { index: number }): ReactElement {
  const { letter, label, color } = expressionAt(index);
  return (
    <span className="class-letter" style={{ backgroundColor: color, color: inkOn(color) }} title={label}>
      {letter}
    </span>
  );
}

/** The letter of a class that a network gave and nobody decided: dashed, and not filled. */
export function PseudoLetter({ index, confidence }: { index: number; confidence: number }): ReactElement {
  const { letter, label, color } = expressionAt(index);
  return (
    <span
      className="class-letter class-letter-pseudo"
      style={{ borderColor: color }}
      title={`Pseudo label ${label}, ${formatShare(confidence)} sure`}
    >
      {letter}
    </span>
  );
}

export function ClassMark({ index }: { index: number }): ReactElement {
  return (
    <span className="class-mark">
      <ClassLetter index={index} />
      {expressionAt(index).label}
    </span>
  );
}

/** Black or white, whichever reads better on a colour `#RRGGBB` (WCAG 2.2 relative luminance; 0.179 is where both are equal). */
function inkOn(color: string): string {
  const [red, green, blue] = [1, 3, 5].map((start) => {
    const share = Number.parseInt(color.slice(start, start + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue! > 0.179 ? '#000000' : '#ffffff';
}
