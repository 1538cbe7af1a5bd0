/**
 * Scrolling through more pixels than an element may have: Chromium stops at some 33 million, divided by the zoom. A taller list gets an element
 * of the largest height; small movements are one to one, as a wheel or a finger makes them, and a leap of the scrollbar goes to the same share
 * of the list.
 */
export const LARGEST_HEIGHT = 12_000_000;

/** Where one is: the list's pixel at the top of the view, and how far it is from where the element is scrolled to. */
export interface ScrollPlace {
  readonly top: number;
  readonly offset: number;
}

export interface ScrollSize {
  /** Pixels of the whole list. */
  readonly length: number;
  /** Pixels of the view. */
  readonly view: number;
}

/** How tall the element is. */
export const elementHeight = ({ length }: ScrollSize): number => Math.min(length, LARGEST_HEIGHT);

/** Where the element is scrolled to when the list is at a pixel. */
export function scrollTopAt(top: number, size: ScrollSize): number {
  const { list, element } = rangesOf(size);
  return list === 0 ? 0 : (Math.min(list, Math.max(0, top)) / list) * element;
}

/** The place for a pixel of the list. The element is then scrolled to {@link scrollTopAt}. */
export function placeAt(top: number, size: ScrollSize): ScrollPlace {
  const { list } = rangesOf(size);
  const kept = Math.min(list, Math.max(0, top));
  return { top: kept, offset: kept - scrollTopAt(kept, size) };
}

/** The place after the element was scrolled. A movement of more than two views is a leap. */
export function placeAfterScroll(before: ScrollPlace, scrollTop: number, size: ScrollSize): ScrollPlace {
  const { list, element } = rangesOf(size);
  if (list === element) return { top: scrollTop, offset: 0 };
  if (isLeap(before, scrollTop, size)) return placeAt(element === 0 ? 0 : (scrollTop / element) * list, size);
  const top = Math.min(list, Math.max(0, scrollTop + before.offset));
  return { top, offset: top - scrollTop };
}

export function isLeap(before: ScrollPlace, scrollTop: number, size: ScrollSize): boolean {
  return Math.abs(scrollTop - (before.top - before.offset)) > 2 * size.view;
}

function rangesOf(size: ScrollSize): { list: number; element: number } {
  return {
    list: Math.max(0, size.length - size.view),
    element: Math.max(0, elementHeight(size) - size.view),
  };
}
