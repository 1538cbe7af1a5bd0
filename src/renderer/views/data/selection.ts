import type { Selection } from '#shared/faces.ts';
import type { ImageFilter } from '#shared/filter.ts';

/** Some faces by their ids, or all that match the filter but a few: a million are selected by one word. */
export type FaceSelection =
  | { readonly kind: 'some'; readonly ids: ReadonlySet<number> }
  | { readonly kind: 'all'; readonly except: ReadonlySet<number> };

export const NOTHING: FaceSelection = { kind: 'some', ids: new Set() };
export const EVERYTHING: FaceSelection = { kind: 'all', except: new Set() };

export function isSelected(selection: FaceSelection, id: number): boolean {
  return selection.kind === 'some' ? selection.ids.has(id) : !selection.except.has(id);
}

/** @param total faces that match. */
export function selectedCount(selection: FaceSelection, total: number): number {
  return selection.kind === 'some' ? selection.ids.size : Math.max(0, total - selection.except.size);
}

/** With some faces selected or no longer. */
export function withFaces(selection: FaceSelection, ids: Iterable<number>, selected: boolean): FaceSelection {
  const adds = selection.kind === 'some' ? selected : !selected;
  const named = new Set(selection.kind === 'some' ? selection.ids : selection.except);
  for (const id of ids) {
    if (adds) named.add(id);
    else named.delete(id);
  }
  return selection.kind === 'some' ? { kind: 'some', ids: named } : { kind: 'all', except: named };
}

export const onlyFaces = (ids: Iterable<number>): FaceSelection => ({ kind: 'some', ids: new Set(ids) });

/** The selection as the host is asked to change it. */
export function selectionRequest(selection: FaceSelection, filter: ImageFilter): Selection {
  return selection.kind === 'some' ? { ids: [...selection.ids] } : { filter, except: [...selection.except] };
}

const ALL = 'all';
/** A longer text makes an address that some programs cut off; such a selection lasts until the window is reloaded. */
const LONGEST = 1_000;
const kept = new Map<string, FaceSelection>();

/** A selection as a part of the address: `3,10-14`, `all`, `all,3` (all but the third); undefined when nothing is selected. */
export function pickOf(selection: FaceSelection): string | undefined {
  const ids = selection.kind === 'some' ? selection.ids : selection.except;
  if (selection.kind === 'some' && ids.size === 0) return undefined;
  const parts = [...(selection.kind === 'all' ? [ALL] : []), ...rangesOf(ids)];
  const text = parts.join(',');
  if (text.length <= LONGEST) return text;
  const name = `kept-${kept.size + 1}`;
  kept.set(name, selection);
  return name;
}

export function selectionOf(pick: string | undefined): FaceSelection {
  if (pick === undefined) return NOTHING;
  const found = kept.get(pick);
  if (found !== undefined) return found;
  const parts = pick.split(',');
  const ids = new Set(parts.flatMap(idsOf));
  return parts[0] === ALL ? { kind: 'all', except: ids } : { kind: 'some', ids };
}

function rangesOf(ids: ReadonlySet<number>): string[] {
  const sorted = [...ids].sort((one, other) => one - other);
  const ranges: [number, number][] = [];
  for (const id of sorted) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === id - 1) last[1] = id;
    else ranges.push([id, id]);
  }
  return ranges.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`));
}

/** A range of an address that was made up by hand may be any size. */
const LONGEST_RANGE = 100_000;

function idsOf(part: string): number[] {
  const match = /^(\d{1,15})(?:-(\d{1,15}))?$/.exec(part);
  if (match === null) return [];
  const first = Number(match[1]);
  const last = match[2] === undefined ? first : Number(match[2]);
  if (last < first || last - first >= LONGEST_RANGE) return [];
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
