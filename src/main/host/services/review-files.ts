import { readFile } from 'node:fs/promises';
import { csvRecord, csvRecords } from '#shared/csv.ts';
import { StudioError, toStudioError } from '#shared/errors.ts';
import { EXPRESSIONS, expressionIndex } from '#shared/expressions.ts';
import { VERDICTS, type Verdict } from '#shared/review.ts';
import type { DecisionConflict, DecisionImport } from '#shared/review-use.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { Decision } from '../../catalog/decisions.ts';
import type { Outcome } from '../../catalog/review-outcomes.ts';
import { writeFileAtomically } from '../../interchange/atomic-file.ts';

const COLUMNS = [
  ...[
    'source',
    'path',
    'offset',
    'reviewer',
    'verdict',
    'label',
    'judged',
    'round',
    'queue',
    'reason',
    'seconds',
    'decided_at',
  ],
] as const;
/** Conflicts and problems that are told; all are counted. */
const TOLD = 1_000;
const CHUNK_ROWS = 1_000;

/** Writes what every reviewer said last of each image, so that it means the same in another workspace. @returns how many rows. */
export async function exportDecisions(catalog: Catalog, file: string): Promise<number> {
  const records = catalog.decisions
    .reviewers()
    .flatMap((reviewer) =>
      catalog.reviews
        .told(reviewer)
        .map((told) =>
          csvRecord([
            ...[
              told.source,
              told.path,
              told.offset,
              told.reviewer,
              told.verdict,
              nameOf(told.label),
              nameOf(told.from),
            ],
            ...[told.round, told.queue, told.reason, Number(told.seconds.toFixed(3)), told.madeAt],
          ]),
        ),
    );
  await writeFileAtomically(file, chunksOf([csvRecord(COLUMNS), ...records]));
  return records.length;
}

function* chunksOf(records: readonly string[]): Generator<Uint8Array> {
  for (let from = 0; from < records.length; from += CHUNK_ROWS) {
    yield Buffer.from(records.slice(from, from + CHUNK_ROWS).join(''));
  }
}

/** A row of a file of decisions, with its image in this workspace. */
export interface ReadDecision extends Outcome {
  readonly line: number;
  readonly path: string;
  readonly reviewer: string;
  readonly reason: string;
  readonly seconds: number;
  /** ISO 8601; empty where the file does not tell. */
  readonly decidedAt: string;
}

export interface ReadDecisions {
  readonly decisions: ReadDecision[];
  readonly problems: { readonly line: number; readonly reason: string }[];
}

/**
 * Reads a file of decisions. Its columns may come in any order; source, path, verdict and label are needed. @param reviewer for rows that name none.
 * @throws StudioError 'not-found' for the file, 'bad-input' for one that is no such csv.
 */
export async function readDecisions(catalog: Catalog, file: string, reviewer: string): Promise<ReadDecisions> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw toStudioError(error);
  });
  const [header = [], ...rows] = recordsOf(text, file);
  const missing = ['source', 'path', 'verdict', 'label'].filter((column) => !header.includes(column));
  if (missing.length > 0) {
    throw new StudioError('bad-input', `${file} has no column ${missing.join(', ')} in its first line.`, {
      hint: 'Decisions are read from a csv as the studio exports them.',
      commandLine: '`review export`',
    });
  }
  const read: ReadDecisions = { decisions: [], problems: [] };
  rows.forEach((row, index) => {
    const field = (name: string): string => row[header.indexOf(name)] ?? '';
    const found = decisionOf(catalog, field);
    // The header is line 1.
    const line = index + 2;
    if (typeof found === 'string') read.problems.push({ line, reason: found });
    else read.decisions.push({ ...found, line, path: field('path'), reviewer: field('reviewer') || reviewer });
  });
  return read;
}

/** @returns what is wrong with a row that means nothing here. */
function decisionOf(
  catalog: Catalog,
  field: (name: string) => string,
): Omit<ReadDecision, 'line' | 'path' | 'reviewer'> | string {
  const verdict = VERDICTS.find((known) => known === field('verdict'));
  if (verdict === undefined) return `“${field('verdict')}” is no verdict.`;
  const hasLabel = verdict === 'accept' || verdict === 'relabel';
  const label = hasLabel ? expressionIndex(field('label')) : null;
  if (label === undefined) return `“${field('label')}” is no class.`;
  const offset = Number(field('offset'));
  const image = Number.isSafeInteger(offset)
    ? catalog.reviews.imageAt(field('source'), field('path'), offset)
    : undefined;
  if (image === undefined) return `There is no image ${field('path')} in the source ${field('source')}.`;
  const seconds = Number(field('seconds'));
  return {
    image,
    verdict,
    label,
    reason: field('reason'),
    seconds: seconds > 0 ? seconds : 0,
    decidedAt: field('decided_at'),
  };
}

export interface DecisionImportOptions {
  readonly file: string;
  readonly overwrite: boolean;
  readonly dryRun: boolean;
  readonly reviewer: string;
}

/**
 * Takes decisions from a file. A row whose image is decided otherwise here is a conflict: it is told, and left out unless the file may overwrite.
 * What a reviewer of the file decided becomes one act of theirs, so that one undo takes it back.
 */
export async function importDecisions(catalog: Catalog, options: DecisionImportOptions): Promise<DecisionImport> {
  const { file, overwrite, dryRun, reviewer } = options;
  const { decisions, problems } = await readDecisions(catalog, file, reviewer);
  const here = catalog.reviews.of(decisions.map(({ image }) => image));
  const own = new Map(catalog.decisions.reviewers().map((name) => [name, catalog.reviews.ofReviewer(name)]));
  const conflicts: DecisionConflict[] = [];
  const taken: ReadDecision[] = [];
  const newest = new Map<number, ReadDecision>();
  let [same, overwritten] = [0, 0];
  // Where the reviewers of the file disagree, what was decided last holds, as it did where the file comes from.
  for (const decision of decisions.toSorted((one, other) => (one.decidedAt < other.decidedAt ? 1 : -1))) {
    const rival = newest.get(decision.image);
    const current = here.get(decision.image);
    const before = own.get(decision.reviewer)?.get(decision.image);
    if (rival !== undefined && isOther(rival, decision)) conflicts.push(conflictOf(decision, rival));
    else if (current !== undefined && isOther(current, decision)) {
      conflicts.push(conflictOf(decision, current));
      if (!overwrite) continue;
      overwritten++;
      taken.push(decision);
      newest.set(decision.image, decision);
    } else if (before !== undefined && !isOther(before, decision)) same++;
    else {
      taken.push(decision);
      newest.set(decision.image, decision);
    }
  }
  if (!dryRun) keep(catalog, taken, file);
  return {
    added: taken.length - overwritten,
    same,
    overwritten,
    conflicts: conflicts.slice(0, TOLD),
    conflictCount: conflicts.length,
    problems: problems.slice(0, TOLD),
    problemCount: problems.length,
  };
}

function conflictOf(
  { line, image, path, reviewer, verdict, label }: ReadDecision,
  here: Outcome & { readonly reviewer: string },
): DecisionConflict {
  return {
    ...{ line, image, path },
    here: { reviewer: here.reviewer, verdict: here.verdict, label: here.label },
    file: { reviewer, verdict, label },
  };
}

/** Accepting a class and changing to it come to the same. */
export function isOther(one: Outcome, other: Outcome): boolean {
  if (one.label !== null || other.label !== null) return one.label !== other.label;
  return one.verdict !== other.verdict;
}

function keep(catalog: Catalog, taken: readonly ReadDecision[], file: string): void {
  for (const [reviewer, rows] of Map.groupBy(taken, (decision) => decision.reviewer)) {
    const decisions = rows.map(({ image, label, verdict, reason }): Decision => ({
      image,
      // Whether it was a correction is told by the label it has here.
      ...(label === null ? { verdict } : { verdict: 'relabel' as Verdict, label }),
      reason: reason === '' ? null : reason,
    }));
    const seconds = rows.reduce((sum, row) => sum + row.seconds, 0);
    const note = {
      reviewer,
      round: null,
      audit: null,
      queue: null,
      reason: `imported from ${file}`,
      seconds,
      key: null,
    };
    catalog.decisions.record(decisions, note);
  }
}

function recordsOf(text: string, file: string): string[][] {
  try {
    return [...csvRecords(text)];
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new StudioError('bad-input', `${file} is no csv: ${error.message}`, { cause: error });
  }
}

const nameOf = (label: number | null): string | null => (label === null ? null : EXPRESSIONS[label]!.name);
