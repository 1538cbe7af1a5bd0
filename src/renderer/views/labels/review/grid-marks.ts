import type { Suspect, Verdict } from '#shared/review.ts';

/** Faces of one predicted class, which of them were marked as wrong, and what was decided of them. */
export interface GridState {
  readonly faces: readonly Suspect[];
  readonly marked: ReadonlySet<number>;
  /** By image. */
  readonly decided: ReadonlyMap<number, { readonly verdict: Verdict; readonly label: number | null }>;
  /** Place the keyboard is at, and where a range begins. */
  readonly active: number;
  readonly anchor: number;
}

export const emptyGrid = (faces: readonly Suspect[]): GridState => ({
  faces,
  marked: new Set(),
  decided: new Map(),
  active: 0,
  anchor: 0,
});

/** Marks a face, or takes its mark away; decided faces keep what was decided. */
export function toggleMark(state: GridState, place: number): GridState {
  const id = state.faces[place]?.image.id;
  if (id === undefined) return state;
  const marked = new Set(state.marked);
  if (!marked.delete(id) && !state.decided.has(id)) marked.add(id);
  return { ...state, marked, active: place, anchor: place };
}

/** Marks all faces from the anchor to a place, both included. */
export function markRange(state: GridState, place: number): GridState {
  const [first, last] = state.anchor < place ? [state.anchor, place] : [place, state.anchor];
  const ids = state.faces.slice(first, last + 1).map(({ image }) => image.id);
  const marked = new Set([...state.marked, ...ids.filter((id) => !state.decided.has(id))]);
  return { ...state, marked, active: place };
}

/** Images that are neither marked nor decided. */
export function unmarked({ faces, marked, decided }: GridState): number[] {
  return faces.map(({ image }) => image.id).filter((id) => !marked.has(id) && !decided.has(id));
}

/** After a verdict on some images: they are no longer marked. */
export function decide(
  state: GridState,
  images: readonly number[],
  verdict: Verdict,
  label: number | null = null,
): GridState {
  const decided = new Map(state.decided);
  const marked = new Set(state.marked);
  for (const id of images) {
    decided.set(id, { verdict, label });
    marked.delete(id);
  }
  return { ...state, decided, marked };
}

/** Without what was decided of some images; those that were found wrong are marked again. */
export function takeBack(state: GridState, images: readonly number[]): GridState {
  const decided = new Map(state.decided);
  const marked = new Set(state.marked);
  for (const id of images) {
    const was = decided.get(id);
    decided.delete(id);
    if (was !== undefined && was.verdict !== 'accept') marked.add(id);
  }
  return { ...state, decided, marked };
}
