import { type RefObject, useCallback, useEffect, useLayoutEffect, useState } from 'react';
import { type Camera, type Point, type Size, panned, wholeMap, zoomed } from './camera.ts';

export interface CameraControl {
  /** Null until the window's size is known. */
  readonly camera: Camera | null;
  readonly size: Size;
  readonly zoom: (factor: number, about?: Point) => void;
  readonly pan: (by: Point) => void;
  /** All of the map again. */
  readonly reset: () => void;
}

const NO_SIZE: Size = { width: 0, height: 0 };
/** A notch of a wheel, 100 pixels, goes in by a quarter. */
const WHEEL_PER_PIXEL = 0.0022;
const PIXELS_PER_LINE = 16;

/** What part of the map an element shows, moved by its wheel. */
export function useCamera(frame: RefObject<HTMLElement | null>): CameraControl {
  const [size, setSize] = useState<Size>(NO_SIZE);
  // Null: all of the map, at whatever size.
  const [moved, setMoved] = useState<Camera | null>(null);

  useLayoutEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setSize({ width: element.clientWidth, height: element.clientHeight }));
    observer.observe(element);
    return () => observer.disconnect();
  }, [frame]);

  const zoom = useCallback(
    (factor: number, about?: Point) =>
      setMoved((before) =>
        zoomed(before ?? wholeMap(size), size, about ?? { x: size.width / 2, y: size.height / 2 }, factor),
      ),
    [size],
  );
  const pan = useCallback((by: Point) => setMoved((before) => panned(before ?? wholeMap(size), by)), [size]);
  const reset = useCallback(() => setMoved(null), []);

  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const turn = (event: WheelEvent): void => {
      event.preventDefault();
      const bounds = element.getBoundingClientRect();
      const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? PIXELS_PER_LINE : 1);
      zoom(Math.exp(-pixels * WHEEL_PER_PIXEL), { x: event.clientX - bounds.left, y: event.clientY - bounds.top });
    };
    // React listens passively to wheels, and could not keep the page from scrolling.
    element.addEventListener('wheel', turn, { passive: false });
    return () => element.removeEventListener('wheel', turn);
  }, [frame, zoom]);

  const camera = moved ?? (size.width === 0 ? null : wholeMap(size));
  return { camera, size, zoom, pan, reset };
}
