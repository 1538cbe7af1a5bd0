import type { Exclusion } from '#shared/analysis.ts';
import type { Subset } from '#shared/catalog.ts';
import { StudioError } from '#shared/errors.ts';
import type { Selection } from '#shared/faces.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { filterWords } from '../../catalog/exclusion-choice.ts';
import { userName } from './analysis-service.ts';

/** The images a person selected, ascending. @throws StudioError 'not-found' for an unknown source. */
export function selectedIds(catalog: Catalog, selection: Selection): number[] {
  if ('ids' in selection) return selection.ids;
  const except = new Set(selection.except);
  return catalog.query.ids(selection.filter).filter((id) => !except.has(id));
}

/** Takes what is selected out of the catalog, or back in, in one step of the log. @returns null when nothing changed. */
export function excludeSelected(
  catalog: Catalog,
  { selection, excluded, reason }: { selection: Selection; excluded: boolean; reason: string },
): Exclusion | null {
  const note = { rule: ruleOf(selection), reason, author: userName() };
  return catalog.exclusions.set(selectedIds(catalog, selection), excluded, note);
}

/**
 * Makes the next version of a subset with what is selected in it too, or the first of a new one.
 * @throws StudioError 'bad-input' when nothing selected has a label, or all of it is in the subset already.
 */
export function addToSubset(catalog: Catalog, { selection, name }: { selection: Selection; name: string }): Subset {
  const ids = selectedIds(catalog, selection);
  if (ids.length === 0) throw new StudioError('bad-input', 'Nothing is selected.', { hint: 'Select faces first.' });
  return catalog.subsets.extend(name, ids, ruleOf(selection));
}

function ruleOf(selection: Selection): string {
  if ('ids' in selection) return 'chosen by hand';
  const words = filterWords(selection.filter);
  const without = selection.except.length === 0 ? '' : `, without ${selection.except.length} chosen by hand`;
  return `${words === '' ? 'all images' : words}${without}`;
}
