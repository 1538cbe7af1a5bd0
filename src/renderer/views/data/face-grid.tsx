import {
  type KeyboardEvent,
  type MouseEvent,
  type ReactElement,
  type RefObject,
  useCallback,
  useEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';
import { ErrorNote } from '../../components/states.tsx';
import { formatCount } from '../../text/format.ts';
import { FaceTile } from './face-tile.tsx';
import type { FaceWindows } from './face-windows.ts';
import { columnsIn, moveIndex, sideIn, visibleRows } from './grid-geometry.ts';
import { elementHeight } from './scaled-scroll.ts';
import { type FaceSelection, isSelected } from './selection.ts';
import { useScaledScroll } from './use-scaled-scroll.ts';
import './face-grid.css';

/** How a face was chosen: alone, with others, or with all up to it. */
export type Gesture = 'only' | 'toggle' | 'range';

interface FaceGridProps {
  readonly windows: FaceWindows;
  /** Least side of a face, CSS pixels; faces grow to fill the width. */
  readonly size: number;
  /** Position that is in sight at first. */
  readonly start: number;
  readonly selection: FaceSelection;
  readonly onSelect: (position: number, gesture: Gesture, anchor: number) => void;
  readonly onSelectAll: () => void;
  readonly onClear: () => void;
  /** The face at a position is looked at. */
  readonly onLook: (position: number) => void;
  /** The first position in sight is another one. */
  readonly onScroll: (position: number) => void;
}

const GAP = 4;
/** Rows drawn above and below what is seen, so that scrolling shows no blank. */
const OVERSCAN_ROWS = 3;

/**
 * Faces in a grid that draws only the rows in sight, however many there are. Arrow keys move, with Shift they select up to there; Enter selects
 * one, Space one more, Ctrl or ⌘ A all that match, Escape none.
 */
export function FaceGrid(props: FaceGridProps): ReactElement {
  const { windows, size, start, selection, onSelect, onSelectAll, onClear, onLook, onScroll } = props;
  useSyncExternalStore(windows.subscribe, windows.version);
  const total = windows.total ?? 0;
  const scroller = useRef<HTMLDivElement>(null);
  const width = useWidth(scroller);
  const [active, setActive] = useState(start);
  const [anchor, setAnchor] = useState(start);

  const columns = columnsIn(width, size, GAP);
  const side = Math.max(size, sideIn(width, columns, GAP));
  const pitch = side + GAP;
  const rowCount = Math.ceil(total / columns);
  const { top, offset, view, isLeaping, moveTo } = useScaledScroll(scroller, rowCount * pitch);
  const firstSeen = Math.min(Math.max(0, total - 1), Math.floor(top / pitch) * columns);
  const lastSeen = Math.min(Math.max(0, total - 1), (Math.floor((top + view) / pitch) + 1) * columns - 1);
  const loadedTop = windows.placeToShow(top, firstSeen, lastSeen);
  const shownTop = isLeaping ? loadedTop : top;
  // In a leap the faces stick to the view: left to scroll with the element they would be out of sight before they are drawn.
  const shownOffset = isLeaping ? shownTop : offset;
  const rows = visibleRows({ top: shownTop, height: view, pitch, count: rowCount, overscan: OVERSCAN_ROWS });
  const first = rows.first * columns;
  const last = Math.min(total, (rows.last + 1) * columns) - 1;

  // The first position stays the first one when the faces change their size.
  const held = useRef(start);
  const layout = `${columns}/${pitch}`;
  const lastLayout = useRef('');
  useEffect(() => {
    if (view === 0 || width === 0 || total === 0) return;
    if (lastLayout.current !== layout) {
      lastLayout.current = layout;
      moveTo(Math.floor(held.current / columns) * pitch);
      return;
    }
    if (held.current === firstSeen) return;
    held.current = firstSeen;
    onScroll(firstSeen);
  });
  useEffect(() => {
    if (view > 0 && width > 0 && lastLayout.current === layout) windows.show(firstSeen, lastSeen);
  }, [windows, firstSeen, lastSeen, view, width, layout]);

  const bringIntoView = (position: number): void => {
    const rowTop = Math.floor(position / columns) * pitch;
    if (rowTop < top) moveTo(rowTop);
    else if (rowTop + pitch > top + view) moveTo(rowTop + pitch - view);
  };
  const act = useCallback(
    (position: number, gesture: Gesture): void => {
      setActive(position);
      if (gesture !== 'range') setAnchor(position);
      onSelect(position, gesture, anchor);
      onLook(position);
    },
    [anchor, onSelect, onLook],
  );
  const press = useCallback((position: number, event: MouseEvent): void => act(position, gestureOf(event)), [act]);

  const handleKey = (event: KeyboardEvent): void => {
    const isCommand = event.ctrlKey || event.metaKey;
    if (isCommand && event.key.toLowerCase() === 'a') onSelectAll();
    else if (isCommand || event.altKey) return;
    else if (event.key === 'Escape') onClear();
    else if (event.key === 'Enter') act(active, 'only');
    else if (event.key === ' ') act(active, 'toggle');
    else {
      const pageRows = Math.max(1, Math.floor(view / pitch));
      const next = moveIndex(event.key, active, { count: total, columns, pageRows });
      if (next === null) return;
      bringIntoView(next);
      if (event.shiftKey) act(next, 'range');
      else {
        setActive(next);
        setAnchor(next);
        onLook(next);
      }
    }
    event.preventDefault();
  };

  const activeRow = active >= first && active <= last ? windows.row(active) : undefined;
  return (
    <>
      <div
        ref={scroller}
        className="face-grid"
        role="listbox"
        aria-multiselectable="true"
        aria-label={`Faces, ${formatCount(total)}`}
        aria-activedescendant={activeRow === undefined ? undefined : `face-${activeRow.id}`}
        tabIndex={0}
        onKeyDown={handleKey}
      >
        <div
          className="face-grid-rows"
          role="presentation"
          style={{ height: elementHeight({ length: rowCount * pitch, view }) }}
        >
          <div className={isLeaping ? 'face-grid-leaping' : undefined} role="presentation">
            {Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => {
              const position = first + index;
              const image = windows.row(position);
              const place = {
                left: (position % columns) * pitch,
                top: Math.floor(position / columns) * pitch - shownOffset,
              };
              if (image === undefined) {
                const style = { width: side, height: side, ...place };
                return <div key={`at-${position}`} className="face-tile face-tile-waiting" style={style} aria-hidden />;
              }
              return (
                <FaceTile
                  key={image.id}
                  image={image}
                  size={side}
                  {...place}
                  position={position}
                  total={total}
                  isActive={position === active}
                  isSelected={isSelected(selection, image.id)}
                  showsPicture={!isLeaping}
                  onPress={press}
                />
              );
            })}
          </div>
        </div>
      </div>
      {windows.error !== null && <ErrorNote error={windows.error} onRetry={() => windows.retry()} />}
    </>
  );
}

function gestureOf(event: MouseEvent): Gesture {
  if (event.shiftKey) return 'range';
  return event.ctrlKey || event.metaKey ? 'toggle' : 'only';
}

function useWidth(scroller: RefObject<HTMLDivElement | null>): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, [scroller]);
  return width;
}
