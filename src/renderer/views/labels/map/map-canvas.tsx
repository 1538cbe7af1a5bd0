import { type PointerEvent, type KeyboardEvent, type ReactElement, useMemo, useRef, useState } from 'react';
import { IconButton } from '../../../components/button.tsx';
import { ClassLetter } from '../../../components/class-mark.tsx';
import { ErrorNote } from '../../../components/states.tsx';
import { type Point, toMap, toScreen, wholeMap } from './camera.ts';
import type { Columns } from './columns.ts';
import { PointCard } from './point-card.tsx';
import { PointIndex } from './point-index.ts';
import type { PaletteColor } from './scatter.ts';
import { useCamera } from './use-camera.ts';
import { useScatter } from './use-scatter.ts';

export const TOOLS = ['move', 'lasso', 'rectangle'] as const;
export type Tool = (typeof TOOLS)[number];

interface MapCanvasProps {
  readonly columns: Columns;
  readonly codes: Uint8Array;
  readonly palette: ReadonlyMap<number, PaletteColor>;
  /** Letters of classes where most of them lie, in map coordinates. */
  readonly letters: readonly { readonly classIndex: number; readonly x: number; readonly y: number }[];
  readonly tool: Tool;
  readonly selection: Uint32Array;
  readonly onSelect: (points: Uint32Array) => void;
  readonly onOpen: (point: number) => void;
}

/** A point within so many pixels is meant. */
const REACH = 12;
/** A press that moved less is a click. */
const CLICK_PIXELS = 4;
const KEY_STEP = 14;
const KEY_STRIDE = 56;
/** The keyboard's cross this near to the edge moves the map on. */
const EDGE = 32;
const ARROWS: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

const HELP =
  'Arrow keys move a cross, with Shift farther; the face nearest to it is told. Enter opens that face. Plus and minus zoom, 0 shows all. R begins a rectangle at the cross, and R again selects what is in it. Escape takes it back.';

/** What is being drawn around points, in CSS pixels of the map's window. */
interface Outline {
  readonly kind: 'lasso' | 'rectangle';
  readonly path: readonly Point[];
}

/** The points of a map: to be moved, looked at and selected by pointer or by keys. */
export function MapCanvas(props: MapCanvasProps): ReactElement {
  const { columns, codes, palette, letters, tool, selection, onSelect, onOpen } = props;
  const frame = useRef<HTMLDivElement>(null);
  const { camera: known, size, zoom, pan, reset } = useCamera(frame);
  const camera = known ?? wholeMap(size);
  const index = useMemo(() => new PointIndex(columns.positions), [columns]);
  const [hovered, setHovered] = useState(-1);
  const [cross, setCross] = useState<Point | null>(null);
  const [outline, setOutline] = useState<Outline | null>(null);
  const press = useRef<{ from: Point; last: Point; isClick: boolean; pans: boolean } | null>(null);
  const { attach, error } = useScatter({ positions: columns.positions, codes, palette, selection, camera, size });
  if (error !== null) return <ErrorNote error={error} />;

  const isShown = (point: number): boolean => palette.has(codes[point]!);
  const pointAt = (place: Point): number => index.nearest(toMap(camera, size, place), REACH / camera.scale, isShown);
  const placeOf = (event: PointerEvent): Point => {
    const bounds = frame.current!.getBoundingClientRect();
    return { x: event.clientX - bounds.left, y: event.clientY - bounds.top };
  };
  const select = ({ kind, path }: Outline): void => {
    setOutline(null);
    const corners = kind === 'lasso' ? path : rectangleOf(path[0]!, path.at(-1)!);
    if (corners.length < 3) return;
    onSelect(
      index.within(
        corners.map((corner) => toMap(camera, size, corner)),
        isShown,
      ),
    );
  };

  const down = (event: PointerEvent<HTMLDivElement>): void => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const from = placeOf(event);
    const pans = tool === 'move' && !event.shiftKey;
    press.current = { from, last: from, isClick: true, pans };
    setCross(null);
    if (!pans) setOutline({ kind: tool === 'rectangle' ? 'rectangle' : 'lasso', path: [from] });
  };
  const move = (event: PointerEvent<HTMLDivElement>): void => {
    const place = placeOf(event);
    const held = press.current;
    if (held === null) {
      setHovered(pointAt(place));
      return;
    }
    if (Math.hypot(place.x - held.from.x, place.y - held.from.y) > CLICK_PIXELS) held.isClick = false;
    if (held.isClick) return;
    setHovered(-1);
    if (held.pans) pan({ x: place.x - held.last.x, y: place.y - held.last.y });
    else setOutline((before) => before && { ...before, path: [...before.path, place] });
    held.last = place;
  };
  const up = (event: PointerEvent<HTMLDivElement>): void => {
    const held = press.current;
    press.current = null;
    if (held === null) return;
    if (held.isClick) {
      setOutline(null);
      const point = pointAt(placeOf(event));
      if (point >= 0) onOpen(point);
    } else if (outline !== null && !held.pans) select(outline);
  };
  const type = (event: KeyboardEvent<HTMLDivElement>): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = cross ?? { x: size.width / 2, y: size.height / 2 };
    const arrow = ARROWS[event.key];
    if (arrow !== undefined) {
      const step = event.shiftKey ? KEY_STRIDE : KEY_STEP;
      const next = { x: at.x + arrow.x * step, y: at.y + arrow.y * step };
      const kept = { x: within(next.x, EDGE, size.width - EDGE), y: within(next.y, EDGE, size.height - EDGE) };
      if (kept.x !== next.x || kept.y !== next.y) pan({ x: kept.x - next.x, y: kept.y - next.y });
      setCross(kept);
      setHovered(pointAt(kept));
      if (outline !== null) setOutline({ ...outline, path: [outline.path[0]!, kept] });
    } else if (event.key === '+' || event.key === '=') zoom(1.5, at);
    else if (event.key === '-') zoom(1 / 1.5, at);
    else if (event.key === '0') reset();
    else if (event.key === 'Enter' && hovered >= 0) onOpen(hovered);
    else if (event.key.toLowerCase() === 'r') {
      setCross(at);
      if (outline === null) setOutline({ kind: 'rectangle', path: [at] });
      else select({ ...outline, path: [outline.path[0]!, at] });
    } else if (event.key === 'Escape') {
      if (outline !== null) setOutline(null);
      else onSelect(new Uint32Array());
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const at =
    hovered < 0 ? null : toScreen(camera, size, columns.positions[2 * hovered]!, columns.positions[2 * hovered + 1]!);
  return (
    <div className="map-frame">
      <div
        ref={frame}
        className={`map-window map-tool-${tool}`}
        role="application"
        aria-label={`Map of ${columns.count.toLocaleString('en')} faces`}
        aria-describedby="map-help"
        tabIndex={0}
        onPointerDown={down}
        onPointerMove={move}
        onPointerUp={up}
        onPointerCancel={() => {
          press.current = null;
          setOutline(null);
        }}
        onPointerLeave={() => press.current === null && cross === null && setHovered(-1)}
        onKeyDown={type}
        onBlur={() => setCross(null)}
      >
        <canvas ref={attach} className="map-points" data-points={columns.count} data-scale={Math.round(camera.scale)} />
        {letters.map(({ classIndex, x, y }) => {
          const place = toScreen(camera, size, x, y);
          return (
            <span key={classIndex} className="map-letter" style={{ left: place.x, top: place.y }} aria-hidden="true">
              <ClassLetter index={classIndex} />
            </span>
          );
        })}
        {outline !== null && <OutlineShape outline={outline} />}
        {cross !== null && <span className="map-cross" style={{ left: cross.x, top: cross.y }} />}
        {at !== null && <PointCard columns={columns} point={hovered} at={at} size={size} />}
      </div>
      <div className="map-zoom">
        <IconButton icon="plus" label="Zoom in" onPress={() => zoom(1.5)} />
        <IconButton icon="minus" label="Zoom out" onPress={() => zoom(1 / 1.5)} />
        <IconButton icon="fit" label="Fit the map" onPress={reset} />
      </div>
      <p id="map-help" className="visually-hidden">
        {HELP}
      </p>
    </div>
  );
}

function OutlineShape({ outline: { kind, path } }: { outline: Outline }): ReactElement {
  const corners = kind === 'lasso' ? path : rectangleOf(path[0]!, path.at(-1)!);
  return (
    <svg className="map-outline" aria-hidden="true">
      <polygon points={corners.map(({ x, y }) => `${x},${y}`).join(' ')} />
    </svg>
  );
}

function rectangleOf(one: Point, other: Point): Point[] {
  if (one.x === other.x || one.y === other.y) return [one];
  return [one, { x: other.x, y: one.y }, other, { x: one.x, y: other.y }];
}

function within(value: number, least: number, most: number): number {
  return Math.min(Math.max(least, most), Math.max(least, value));
}
