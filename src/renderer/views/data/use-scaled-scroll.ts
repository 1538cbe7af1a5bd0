import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { type ScrollPlace, isLeap, placeAfterScroll, placeAt, scrollTopAt } from './scaled-scroll.ts';

/** So long after the last leap pictures are asked for. */
const LEAP_MILLISECONDS = 90;
/** So long after the last movement the element's own place is put right. */
const REST_MILLISECONDS = 150;

interface ScaledScroll extends ScrollPlace {
  /** Height of the view, pixels. */
  readonly view: number;
  /** The scrollbar is being dragged far. */
  readonly isLeaping: boolean;
  /** Shows a pixel of the list at the top. */
  readonly moveTo: (top: number) => void;
}

/** Where a list of any length is scrolled to; see scaled-scroll.ts. @param length of the list, pixels. */
export function useScaledScroll(scrollerRef: RefObject<HTMLDivElement | null>, length: number): ScaledScroll {
  const [place, setPlace] = useState<ScrollPlace>({ top: 0, offset: 0 });
  const [view, setView] = useState(0);
  const [isLeaping, setLeaping] = useState(false);
  const current = useRef({ place, length, view });
  useLayoutEffect(() => {
    current.current = { place: current.current.place, length, view };
  }, [length, view]);

  const move = useCallback(
    (top: number): void => {
      const { length, view } = current.current;
      const size = { length, view };
      const next = placeAt(top, size);
      current.current.place = next;
      setPlace(next);
      // A later frame's scroll event finds the element where this place says, and changes nothing.
      scrollerRef.current?.scrollTo({ top: scrollTopAt(next.top, size) });
    },
    [scrollerRef],
  );

  useEffect(() => {
    const element = scrollerRef.current;
    if (element === null) return;
    let leap: ReturnType<typeof setTimeout> | undefined;
    let rest: ReturnType<typeof setTimeout> | undefined;
    const read = (): void => {
      const { place: before, length, view } = current.current;
      const size = { length, view };
      if (isLeap(before, element.scrollTop, size)) {
        setLeaping(true);
        clearTimeout(leap);
        leap = setTimeout(() => setLeaping(false), LEAP_MILLISECONDS);
      }
      const next = placeAfterScroll(before, element.scrollTop, size);
      current.current.place = next;
      setPlace(next);
      clearTimeout(rest);
      rest = setTimeout(() => settle(next, size), REST_MILLISECONDS);
    };
    const settle = (at: ScrollPlace, size: { length: number; view: number }): void => {
      if (current.current.place !== at || Math.abs(element.scrollTop - scrollTopAt(at.top, size)) < 1) return;
      move(at.top);
    };
    const observer = new ResizeObserver(() => setView(element.clientHeight));
    observer.observe(element);
    element.addEventListener('scroll', read, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', read);
      clearTimeout(leap);
      clearTimeout(rest);
    };
  }, [scrollerRef, move]);

  return { ...place, view, isLeaping, moveTo: move };
}
