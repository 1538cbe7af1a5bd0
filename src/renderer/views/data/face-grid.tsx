import { type KeyboardEvent, type ReactElement, useEffect, useRef, useState } from 'react';
import type { ImageRow } from '#shared/catalog.ts';
import { ClassLetter } from '../../components/class-mark.tsx';
import { FaceImage } from '../../components/face-image.tsx';
import { formatCount } from '../../text/format.ts';
import { SPLIT_LABELS, expressionAt } from '../../text/words.ts';
import { columnsIn, moveIndex, sideIn, visibleRows } from './grid-geometry.ts';

interface FaceGridProps {
  /** Those loaded so far, in order. */
  readonly images: readonly ImageRow[];
  /** How many there are, loaded or not. */
  readonly total: number;
  /** Least side of a face, CSS pixels; faces grow to fill the width. */
  readonly size: number;
  readonly selected: number | undefined;
  readonly onSelect: (id: number) => void;
  readonly onNearEnd: () => void;
}

const GAP = 4;
/** Rows drawn above and below what is seen, so that scrolling shows no blank. */
const OVERSCAN_ROWS = 4;
/** More are asked for when fewer than so many screens are left. */
const SCREENS_AHEAD = 2;

/** Faces in a grid that draws only the rows in sight, whatever the number loaded. Arrow keys move, Enter selects. */
export function FaceGrid({ images, total, size, selected, onSelect, onNearEnd }: FaceGridProps): ReactElement {
  const scroller = useRef<HTMLDivElement>(null);
  const view = useView(scroller);
  const [active, setActive] = useState(0);

  const columns = columnsIn(view.width, size, GAP);
  const side = Math.max(size, sideIn(view.width, columns, GAP));
  const pitch = side + GAP;
  const rowCount = Math.ceil(images.length / columns);
  const rows = visibleRows({ top: view.top, height: view.height, pitch, count: rowCount, overscan: OVERSCAN_ROWS });

  const left = rowCount * pitch - (view.top + view.height);
  const isNearEnd = view.height > 0 && left < SCREENS_AHEAD * view.height;
  useEffect(() => {
    if (isNearEnd) onNearEnd();
  });

  const move = (event: KeyboardEvent): void => {
    const pageRows = Math.max(1, Math.floor(view.height / pitch));
    const next = moveIndex(event.key, active, { count: images.length, columns, pageRows });
    const image = images[active];
    if (next !== null) {
      event.preventDefault();
      setActive(next);
      scrollIntoView(scroller.current, Math.floor(next / columns) * pitch, pitch);
    } else if ((event.key === 'Enter' || event.key === ' ') && image !== undefined) {
      event.preventDefault();
      onSelect(image.id);
    }
  };

  const first = rows.first * columns;
  const shown = images.slice(first, (rows.last + 1) * columns);
  return (
    <div
      ref={scroller}
      className="face-grid"
      role="listbox"
      aria-label={`Faces, ${formatCount(total)}`}
      aria-activedescendant={images[active] === undefined ? undefined : `face-${images[active].id}`}
      tabIndex={0}
      onKeyDown={move}
    >
      <div className="face-grid-rows" style={{ height: rowCount * pitch - GAP }}>
        {shown.map((image, offset) => {
          const index = first + offset;
          return (
            <FaceTile
              key={image.id}
              image={image}
              size={side}
              left={(index % columns) * pitch}
              top={Math.floor(index / columns) * pitch}
              position={index + 1}
              total={total}
              isActive={index === active}
              isSelected={image.id === selected}
              onPress={() => {
                setActive(index);
                onSelect(image.id);
              }}
            />
          );
        })}
      </div>
    </div>
  );
}

interface FaceTileProps {
  readonly image: ImageRow;
  readonly size: number;
  readonly left: number;
  readonly top: number;
  readonly position: number;
  readonly total: number;
  readonly isActive: boolean;
  readonly isSelected: boolean;
  readonly onPress: () => void;
}

/** The keyboard is the grid's: it keeps the focus and names the active face. */
function FaceTile({
  image,
  size,
  left,
  top,
  position,
  total,
  isActive,
  isSelected,
  onPress,
}: FaceTileProps): ReactElement {
  const label = image.label === null ? 'unlabeled' : expressionAt(image.label).label;
  return (
    <div
      id={`face-${image.id}`}
      role="option"
      className={isActive ? 'face-tile face-tile-active' : 'face-tile'}
      aria-selected={isSelected}
      aria-label={`${label}, ${SPLIT_LABELS[image.split]}, ${image.source}`}
      aria-posinset={position}
      aria-setsize={total}
      style={{ width: size, height: size, left, top }}
      onClick={onPress}
    >
      <FaceImage id={image.id} size={size} alt="" />
      {image.label !== null && <ClassLetter index={image.label} />}
    </div>
  );
}

interface View {
  readonly width: number;
  readonly height: number;
  readonly top: number;
}

/** Size and place of what a scrolling element shows. */
function useView(scroller: React.RefObject<HTMLDivElement | null>): View {
  const [view, setView] = useState<View>({ width: 0, height: 0, top: 0 });
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const read = (): void =>
      setView({ width: element.clientWidth, height: element.clientHeight, top: element.scrollTop });
    const observer = new ResizeObserver(read);
    observer.observe(element);
    element.addEventListener('scroll', read, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', read);
    };
  }, [scroller]);
  return view;
}

function scrollIntoView(element: HTMLElement | null, top: number, height: number): void {
  if (element === null) return;
  if (top < element.scrollTop) element.scrollTop = top;
  else if (top + height > element.scrollTop + element.clientHeight)
    element.scrollTop = top + height - element.clientHeight;
}
