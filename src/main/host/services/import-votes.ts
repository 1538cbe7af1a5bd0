import { stat } from 'node:fs/promises';
import type { ImportFailure, VoteSummary } from '#shared/catalog.ts';
import { StudioError } from '#shared/errors.ts';
import type { Catalog, SourceRow } from '../../catalog/catalog.ts';
import { type VotedRow, pixelPlaces, rowOfName, votedRows } from '../../importers/index.ts';

const ORIGIN = 'ferplus';
/** Share of the images that may be in another split than the votes say before names are taken to be no row numbers. */
const MISPLACED_SHARE = 0.01;
/** A voted choice that is no expression: places behind the expressions. */
const UNKNOWN = 'unknown';
const NON_FACE = 'non-face';

export interface JoinedVotes {
  readonly summary: VoteSummary;
  /** Images whose votes are new or other than before. */
  readonly changed: number;
  /** Rows that FER+ has taken out. */
  readonly unnamed: number;
  readonly failures: ImportFailure[];
}

/**
 * Joins FER+'s votes to the images of a source, by FER2013's row numbers: the place in its csv, or the files' names.
 * @throws StudioError 'bad-input' when the source's files are not named after rows.
 */
export async function joinVotes(catalog: Catalog, list: string, source: SourceRow): Promise<JoinedVotes> {
  const byRow = new Map<number, VotedRow>();
  const failures: ImportFailure[] = [];
  let unnamed = 0;
  for await (const event of votedRows(list)) {
    if (event.kind === 'votes') byRow.set(event.row, event);
    else if (event.kind === 'unnamed') unnamed++;
    else failures.push({ path: event.path, reason: event.reason });
  }
  const images = catalog.sources.images(source.id);
  const rowOf = await rowReader(source);
  const matched = images.flatMap((image) => {
    const voted = byRow.get(rowOf(image) ?? -1);
    return voted === undefined ? [] : [{ image, voted }];
  });
  const joined = matched.filter(({ image, voted }) => source.role !== 'labeled' || image.split === voted.split);
  checkSplits(source, images.length, matched.length, joined.length);
  const changed = catalog.labelVotes.put(
    joined.map(({ image, voted: { counts, majority } }) => ({ image: image.id, origin: ORIGIN, counts, majority })),
  );
  const count = (is: (pair: (typeof joined)[number]) => boolean): number => joined.filter(is).length;
  const summary: VoteSummary = {
    joined: joined.length,
    unmatched: byRow.size - joined.length,
    agreeing: count(({ image, voted }) => image.label === voted.first),
    tied: count(({ voted }) => voted.majority === null),
    unknown: count(({ voted }) => voted.majority === UNKNOWN),
    nonFace: count(({ voted }) => voted.majority === NON_FACE),
  };
  return { summary, changed, unnamed, failures };
}

/** The source the votes are for: the one named, or the only one of FER2013. @throws StudioError 'not-found', 'usage'. */
export function votedSource(catalog: Catalog, name: string | undefined): SourceRow {
  if (name !== undefined) return catalog.sources.get(name);
  const sources = catalog.sources.list().filter(({ format }) => format === 'fer2013');
  const [only] = sources;
  if (only !== undefined && sources.length === 1) return only;
  if (only === undefined) {
    throw new StudioError('not-found', 'There is no source of FER2013 that the votes could be joined to.', {
      hint: 'Import FER2013 first; if it was imported in another format, name its source.',
      commandLine: '--source',
    });
  }
  throw new StudioError(
    'usage',
    `Several sources are of FER2013: ${sources.map((source) => source.name).join(', ')}.`,
    {
      hint: 'Name one as the source.',
      commandLine: '--source',
    },
  );
}

type PlacedImage = ReturnType<Catalog['sources']['images']>[number];

/** Tells an image's row in FER2013, counted from 0. */
async function rowReader(source: SourceRow): Promise<(image: PlacedImage) => number | undefined> {
  if ((await stat(source.root)).isDirectory()) return ({ path }) => rowOfName(path);
  const rows = new Map((await pixelPlaces(source.root)).map((place, row) => [place, row]));
  return ({ offset }) => rows.get(offset);
}

/** Files may be numbered otherwise than by rows, and then their splits give that away. */
function checkSplits({ name }: SourceRow, images: number, matched: number, joined: number): void {
  if (matched > 0 && matched - joined <= matched * MISPLACED_SHARE) return;
  const what =
    matched === 0
      ? `None of the ${images.toLocaleString('en')} images of ${name} is named after a row of FER2013.`
      : `The names of ${name} are no row numbers of FER2013: ${(matched - joined).toLocaleString('en')} of ${matched.toLocaleString('en')} images are in another split than FER+ says.`;
  throw new StudioError('bad-input', what, {
    hint: 'Import the original fer2013.csv, or files named after its rows, such as 00012.png.',
  });
}
