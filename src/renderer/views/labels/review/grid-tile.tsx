import { type ReactElement, memo } from 'react';
import type { Suspect, Verdict } from '#shared/review.ts';
import { ClassLetter } from '../../../components/class-mark.tsx';
import { FaceImage } from '../../../components/face-image.tsx';
import { Icon } from '../../../components/icon.tsx';
import { expressionAt } from '../../../text/words.ts';
import { VERDICT_LABELS } from './queue-labels.ts';

const SIDE = 120;

interface GridTileProps {
  readonly face: Suspect;
  readonly place: number;
  readonly isMarked: boolean;
  readonly isActive: boolean;
  readonly decided: { readonly verdict: Verdict; readonly label: number | null } | null;
  readonly onPress: (place: number, isRange: boolean) => void;
}

/** One face of the grid: as labeled, marked as wrong, or decided. */
export const GridTile = memo(function GridTile(props: GridTileProps): ReactElement {
  const { face, place, isMarked, isActive, decided, onPress } = props;
  const classes = [
    'grid-tile',
    ...(isMarked ? ['grid-tile-marked'] : []),
    ...(isActive ? ['grid-tile-active'] : []),
    ...(decided === null ? [] : ['grid-tile-decided']),
  ];
  return (
    <div
      id={`grid-face-${face.image.id}`}
      role="option"
      aria-selected={isMarked}
      aria-label={nameOf(face, decided)}
      className={classes.join(' ')}
      title={face.reasons.map(({ sentence }) => sentence).join('\n')}
      onClick={(event) => onPress(place, event.shiftKey)}
    >
      <FaceImage id={face.image.id} size={SIDE} alt="" />
      <span className="confidence" aria-hidden="true">
        <span style={{ width: `${face.confidence * 100}%` }} />
      </span>
      {isMarked && (
        <span className="grid-mark">
          <Icon name="close" size={14} />
        </span>
      )}
      {decided !== null && (
        <span className="grid-mark grid-mark-decided">
          {decided.label !== null ? (
            <ClassLetter index={decided.label} />
          ) : (
            <Icon
              name={decided.verdict === 'accept' ? 'check' : decided.verdict === 'reject' ? 'close' : 'info'}
              size={14}
            />
          )}
        </span>
      )}
    </div>
  );
});

function nameOf(face: Suspect, decided: GridTileProps['decided']): string {
  const told = decided === null ? '' : `, ${VERDICT_LABELS[decided.verdict].toLowerCase()}`;
  return `Face ${face.image.id}, ${expressionAt(face.label).label} ${face.confidence.toFixed(2)}${told}`;
}
