import { z } from 'zod';
import { StudioError } from '#shared/errors.ts';
import { type SavedView, savedViewSchema } from '#shared/faces.ts';
import type { Catalog } from '../../catalog/catalog.ts';

const KEY = 'views';
const MOST_VIEWS = 100;

/** Filters kept under a name, in the order of their names. */
export function savedViews(catalog: Catalog): SavedView[] {
  const stored = catalog.settings.get(KEY);
  return stored === null ? [] : z.array(savedViewSchema).parse(JSON.parse(stored));
}

/** One of that name is replaced. @throws StudioError 'usage' when there are a hundred. */
export function saveView(catalog: Catalog, view: SavedView): SavedView[] {
  const others = savedViews(catalog).filter(({ name }) => name !== view.name);
  if (others.length >= MOST_VIEWS) {
    throw new StudioError('usage', `There are ${MOST_VIEWS} saved views already.`, { hint: 'Remove one first.' });
  }
  return keep(catalog, [...others, view]);
}

export function removeView(catalog: Catalog, name: string): SavedView[] {
  return keep(
    catalog,
    savedViews(catalog).filter((view) => view.name !== name),
  );
}

function keep(catalog: Catalog, views: readonly SavedView[]): SavedView[] {
  const sorted = views.toSorted((one, other) => one.name.localeCompare(other.name));
  catalog.settings.set(KEY, JSON.stringify(sorted));
  return sorted;
}
