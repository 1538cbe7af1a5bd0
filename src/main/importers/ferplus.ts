import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { StudioError } from '#shared/errors.ts';
import type { Split } from '#shared/images.ts';
import { type Majority, majorityOf } from '#shared/label-votes.ts';
import { fer2013, rowOfName } from './fer2013.ts';
import {
  type FormatMatch,
  type ImportContext,
  type ImportEvent,
  type Importer,
  type RejectedRow,
  labelsFor,
  rejection,
} from './importer.ts';
import { splitNamed } from './splits.ts';
import { type Table, columnIndex, openTable } from './table.ts';

/** FER+'s columns in the order of VOTE_CHOICES. */
const VOTE_COLUMNS = [
  'neutral',
  'happiness',
  'sadness',
  'surprise',
  'fear',
  'disgust',
  'anger',
  'contempt',
  'unknown',
  'NF',
];
/** Where the list is, from the folders a person may name. */
const LIST_PLACES = ['', 'ferplus', 'FERPlus', 'data'];

/** The votes of a row of FER2013. */
export interface VotedRow {
  readonly kind: 'votes';
  /** Counted from 0: FER+ has FER2013's rows in their order. */
  readonly row: number;
  readonly split: Split;
  /** In the order of VOTE_CHOICES. */
  readonly counts: readonly number[];
  readonly majority: Majority;
  /** Index in VOTE_CHOICES of the choice with the most votes; of several, the one that stands first in FER+’s list. */
  readonly first: number;
}

/** A row whose image FER+ has taken out of FER2013: it is given no name. */
export interface UnnamedRow {
  readonly kind: 'unnamed';
}

/**
 * FER+: ten votes for each image of FER2013. A folder with both is a source of its own, whose labels are the majorities; the list of votes
 * alone is joined to FER2013 where that was imported.
 */
export const ferPlus: Importer = {
  format: 'ferplus',
  description: 'FER+: fer2013new.csv, joined to FER2013, or in one folder with it',
  async match(path): Promise<FormatMatch | null> {
    if ((await stat(path)).isDirectory()) return null;
    if ((await openVotes(path)) === null) return null;
    return { confidence: 1, reason: 'The csv has FER+’s columns of votes.' };
  },
  rootOf: async (path) => ((await stat(path)).isDirectory() ? (await ferPlusAt(path)).images : path),
  rows: ferPlusRows,
};

async function* ferPlusRows(path: string, context: ImportContext): AsyncGenerator<ImportEvent> {
  const { votes, images } = await ferPlusAt(path);
  const byRow = new Map<number, VotedRow>();
  for await (const event of votedRows(votes)) if (event.kind === 'votes') byRow.set(event.row, event);
  for await (const event of fer2013.rows(images, { ...context, root: images })) {
    if (event.kind !== 'image') {
      yield event;
      continue;
    }
    const row = event.row ?? rowOfName(event.path);
    const voted = row === undefined ? undefined : byRow.get(row);
    if (voted === undefined) yield { kind: 'left-out', what: 'without a name in FER+' };
    else if (voted.majority === null) yield { kind: 'left-out', what: 'without a majority' };
    else if (voted.majority === 'unknown') yield { kind: 'left-out', what: 'voted unknown' };
    else if (voted.majority === 'non-face') yield { kind: 'left-out', what: 'voted no face' };
    else yield { ...event, ...labelsFor(context.role, voted.majority) };
  }
}

/** The list of votes at a path: the file, or one in the folder. @throws StudioError 'bad-input' when there is none. */
export async function votesAt(path: string): Promise<string> {
  if (!(await stat(path)).isDirectory()) {
    if ((await openVotes(path)) !== null) return path;
    throw new StudioError('bad-input', `${path} has no columns of votes for ten choices in its first line.`, {
      hint: `FER+’s fer2013new.csv has the columns Usage, Image name, ${VOTE_COLUMNS.join(', ')}.`,
    });
  }
  for (const place of LIST_PLACES) {
    const folder = join(path, place);
    const names = await readdir(folder).catch(() => [] as string[]); // most of these places are not there
    for (const name of names.filter((candidate) => candidate.toLowerCase().endsWith('.csv'))) {
      if ((await openVotes(join(folder, name))) !== null) return join(folder, name);
    }
  }
  throw new StudioError('bad-input', `There is no list of FER+’s votes in ${path}.`, {
    hint: 'Put fer2013new.csv there, or name it to join it to FER2013 that was imported before.',
  });
}

/** FER2013 and its votes in a folder. @throws StudioError 'bad-input' when one is missing. */
async function ferPlusAt(path: string): Promise<{ readonly votes: string; readonly images: string }> {
  if (!(await stat(path)).isDirectory()) {
    throw new StudioError('bad-input', `${path} has votes and no images.`, {
      hint: 'Import FER2013 first, and name its source.',
      commandLine: '--source',
    });
  }
  const votes = await votesAt(path);
  const csv = join(path, 'fer2013.csv');
  const hasCsv = await stat(csv).then(
    (found) => found.isFile(),
    () => false, // its images are files then
  );
  return { votes, images: hasCsv ? csv : path };
}

/** Votes of every row, in the order of FER2013's. */
export async function* votedRows(path: string): AsyncGenerator<VotedRow | UnnamedRow | RejectedRow> {
  const votes = await openVotes(path);
  if (votes === null) return;
  const { table, places, usage, name } = votes;
  let row = -1;
  for await (const { line, values, problem } of table.rows()) {
    row++;
    const place = `line ${line}`;
    if (values === null) {
      yield rejection(place, problem!);
      continue;
    }
    const counts = places.map((index) => Number(values[index]!.trim() || NaN));
    const split = splitNamed(values[usage]!);
    if (split === undefined) yield rejection(place, `“${values[usage]!.slice(0, 20)}” is no split of FER2013.`);
    else if (!counts.every((count) => Number.isSafeInteger(count) && count >= 0)) {
      yield rejection(place, 'The votes are not all whole numbers.');
    } else if (values[name]!.trim() === '') yield { kind: 'unnamed' };
    else yield { kind: 'votes', row, split, counts, majority: majorityOf(counts), first: firstOf(places, counts) };
  }
}

function firstOf(places: readonly number[], counts: readonly number[]): number {
  const most = Math.max(...counts);
  const candidates = [...counts.keys()].filter((choice) => counts[choice] === most);
  return candidates.toSorted((one, other) => places[one]! - places[other]!)[0]!;
}

async function openVotes(
  path: string,
): Promise<{ table: Table; places: readonly number[]; usage: number; name: number } | null> {
  const table = await openTable(path);
  if (table === null) return null;
  const places = VOTE_COLUMNS.map((column) => columnIndex(table.columns, column));
  const [usage, name] = [columnIndex(table.columns, 'Usage'), columnIndex(table.columns, 'Image name')];
  return [...places, usage, name].includes(-1) ? null : { table, places, usage, name };
}
