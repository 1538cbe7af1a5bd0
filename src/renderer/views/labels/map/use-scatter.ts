import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { Camera, Size } from './camera.ts';
import { type PaletteColor, Scatter } from './scatter.ts';

/** A frame may take this long while the map moves; longer, and fewer points are drawn until it rests. */
const SLOW_FRAME_MILLISECONDS = 34;
const QUICK_FRAME_MILLISECONDS = 20;
const REST_MILLISECONDS = 200;
const FIRST_DRAWN = 250_000;
const FEWEST_DRAWN = 20_000;

export interface Drawn {
  readonly positions: Float32Array;
  readonly codes: Uint8Array;
  readonly palette: ReadonlyMap<number, PaletteColor>;
  readonly selection: Uint32Array;
  readonly camera: Camera;
  readonly size: Size;
}

export interface ScatterCanvas {
  /** For the canvas that is to show it. */
  readonly attach: (canvas: HTMLCanvasElement | null) => (() => void) | undefined;
  /** Why nothing can be drawn; null when it can. */
  readonly error: unknown;
}

/**
 * Keeps a canvas showing what it is given, one frame a change at most. On a machine that is too slow for all points a part of them moves, and the
 * rest comes back once the map stands still.
 */
export function useScatter(drawn: Drawn): ScatterCanvas {
  const { positions, codes, palette, selection, camera, size } = drawn;
  const [scatter, setScatter] = useState<Scatter | null>(null);
  const [error, setError] = useState<unknown>(null);
  /** Points that a frame may hold while the map moves. */
  const pace = useRef(FIRST_DRAWN);

  const attach = useCallback(
    (canvas: HTMLCanvasElement | null) => {
      if (canvas === null) return undefined;
      const begin = (): void => {
        try {
          setScatter(new Scatter(canvas, positions));
          setError(null);
        } catch (failure) {
          setError(failure);
        }
      };
      const lose = (event: Event): void => event.preventDefault(); // asks for the context to come back
      canvas.addEventListener('webglcontextlost', lose);
      canvas.addEventListener('webglcontextrestored', begin);
      begin();
      return () => {
        canvas.removeEventListener('webglcontextlost', lose);
        canvas.removeEventListener('webglcontextrestored', begin);
      };
    },
    [positions],
  );
  useLayoutEffect(() => scatter?.setCodes(codes), [scatter, codes]);
  useLayoutEffect(() => scatter?.setPalette(palette), [scatter, palette]);
  useLayoutEffect(() => scatter?.setSelection(selection), [scatter, selection]);

  useEffect(() => {
    if (scatter === null || size.width === 0) return;
    const count = codes.length;
    let rest: ReturnType<typeof setTimeout> | undefined;
    let frame = requestAnimationFrame((drawnAt) => {
      const most = Math.min(count, Math.round(pace.current));
      scatter.draw(camera, size, window.devicePixelRatio, most);
      // The next frame comes when the machine is done with this one.
      frame = requestAnimationFrame((doneAt) => (pace.current = nextPace(most, doneAt - drawnAt)));
      if (most < count) {
        rest = setTimeout(() => scatter.draw(camera, size, window.devicePixelRatio, count), REST_MILLISECONDS);
      }
    });
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(rest);
    };
  }, [scatter, codes, palette, selection, camera, size]);
  return { attach, error };
}

/** Points of the next frame, when so many took so long. */
function nextPace(drawn: number, milliseconds: number): number {
  if (milliseconds < QUICK_FRAME_MILLISECONDS) return drawn * 1.5;
  if (milliseconds < SLOW_FRAME_MILLISECONDS) return drawn;
  return Math.max(FEWEST_DRAWN, drawn * Math.max(0.1, SLOW_FRAME_MILLISECONDS / milliseconds) * 0.9);
}
