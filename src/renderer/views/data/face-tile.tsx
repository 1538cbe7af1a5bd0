import { type MouseEvent, type ReactElement, memo } from 'react';
import type { ImageRow } from '#shared/catalog.ts';
import type { QualityFlag } from '#shared/filter.ts';
import { ClassLetter, PseudoLetter } from '../../components/class-mark.tsx';
import { FaceImage } from '../../components/face-image.tsx';
import { Icon } from '../../components/icon.tsx';
import { formatShare } from '../../text/format.ts';
import { QUALITY_LABELS, SPLIT_LABELS, expressionAt } from '../../text/words.ts';
import './face-tile.css';

interface FaceTileProps {
  readonly image: ImageRow;
  readonly size: number;
  readonly left: number;
  readonly top: number;
  readonly position: number;
  readonly total: number;
  readonly isActive: boolean;
  readonly isSelected: boolean;
  /** While one drags the scrollbar pictures are not asked for: they would be out of sight before they came. */
  readonly showsPicture: boolean;
  readonly onPress: (position: number, event: MouseEvent) => void;
}

/** One face of the grid. The keyboard is the grid's: it keeps the focus and names the active face. */
export const FaceTile = memo(function FaceTile(props: FaceTileProps): ReactElement {
  const { image, size, left, top, position, total, isActive, isSelected, showsPicture, onPress } = props;
  const flags = flagsOf(image);
  return (
    <div
      id={`face-${image.id}`}
      role="option"
      className={classesOf({ isActive, isExcluded: image.excluded })}
      aria-selected={isSelected}
      aria-label={nameOf(image, flags)}
      aria-posinset={position + 1}
      aria-setsize={total}
      style={{ width: size, height: size, left, top }}
      onClick={(event) => onPress(position, event)}
    >
      {showsPicture && <FaceImage key={image.id} id={image.id} size={size} alt="" />}
      <Chips image={image} />
      {(flags.length > 0 || image.excluded) && (
        <span className="face-flags">
          {image.excluded && (
            <span className="face-flag" title="Excluded">
              <Icon name="excluded" size={12} />
            </span>
          )}
          {flags.length > 0 && (
            <span className="face-flag" title={flags.map((flag) => QUALITY_LABELS[flag]).join(', ')}>
              <Icon name="warning" size={12} />
            </span>
          )}
        </span>
      )}
      {isSelected && (
        <span className="face-check">
          <Icon name="check" size={12} />
        </span>
      )}
    </div>
  );
});

/** The label, beside it what the round of the filter says, dashed, and how sure it is as a bar along the lower edge. */
function Chips({ image }: { image: ImageRow }): ReactElement {
  const { label, pseudo } = image;
  return (
    <>
      <span className="face-chips">
        {label !== null && <ClassLetter index={label} />}
        {isUnlike(image) && (
          <span className="face-unlike" title="The round says another class">
            ≠
          </span>
        )}
        {pseudo !== undefined && <PseudoLetter index={pseudo.label} confidence={pseudo.confidence} />}
      </span>
      {pseudo !== undefined && (
        <span className="face-sureness">
          <span style={{ width: `${pseudo.confidence * 100}%`, backgroundColor: expressionAt(pseudo.label).color }} />
        </span>
      )}
    </>
  );
}

/** Whether the round says another class than the image's own. */
const isUnlike = ({ label, pseudo }: ImageRow): boolean =>
  label !== null && pseudo !== undefined && pseudo.label !== label;

function classesOf({ isActive, isExcluded }: { isActive: boolean; isExcluded: boolean }): string {
  return ['face-tile', ...(isActive ? ['face-tile-active'] : []), ...(isExcluded ? ['face-tile-excluded'] : [])].join(
    ' ',
  );
}

function nameOf(image: ImageRow, flags: readonly QualityFlag[]): string {
  const label = image.label === null ? 'unlabeled' : expressionAt(image.label).label;
  const { pseudo } = image;
  const said =
    pseudo === undefined
      ? []
      : [
          `${isUnlike(image) ? 'but ' : ''}pseudo label ${expressionAt(pseudo.label).label}, ${formatShare(pseudo.confidence)} sure`,
        ];
  return [
    label,
    ...said,
    SPLIT_LABELS[image.split],
    image.source,
    ...(image.excluded ? ['excluded'] : []),
    ...flags.map((flag) => QUALITY_LABELS[flag].toLowerCase()),
  ].join(', ');
}

function flagsOf({ qualities }: ImageRow): QualityFlag[] {
  return qualities.filter((quality): quality is QualityFlag => quality !== 'good' && quality !== 'unknown');
}
