import { renameSync, rmSync } from 'node:fs';
import { StudioError, toStudioError } from '#shared/errors.ts';
import type { Connection } from './database.ts';
import { migration as initial } from './migrations/0001-initial.ts';
import { migration as queries } from './migrations/0002-queries.ts';
import { migration as labelVotes } from './migrations/0003-label-votes.ts';
import { migration as analysis } from './migrations/0004-analysis.ts';
import { migration as rounds } from './migrations/0005-rounds.ts';
import { migration as decisions } from './migrations/0006-decisions.ts';
import { migration as reviewed } from './migrations/0007-reviewed.ts';
import { migration as runRecords } from './migrations/0008-run-records.ts';
import { migration as imageWeights } from './migrations/0009-image-weights.ts';

/** One change of the schema. Numbers only grow; a migration that was released never changes. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
}

export const MIGRATIONS: readonly Migration[] = [
  initial,
  queries,
  labelVotes,
  analysis,
  rounds,
  decisions,
  reviewed,
  runRecords,
  imageWeights,
];

/** Marks the file as the studio's (sqlite.org/pragma.html#pragma_application_id): "F2E" and the format's number. */
const APPLICATION_ID = 0x46324501;

/**
 * Brings the schema up to date, each migration in a transaction of its own. A catalog that has data is first copied aside, beside the file.
 * @throws StudioError 'unsupported' for a catalog of a newer studio or of another program, 'corrupt' when a migration fails, 'no-space'.
 */
export function migrate(connection: Connection, file: string, migrations: readonly Migration[] = MIGRATIONS): void {
  const { current, isEmpty } = checkSchema(connection, file, migrations);
  const pending = migrations.filter(({ number }) => number > current);
  if (pending.length > 0 && !isEmpty) backUp(connection, `${file}.before-schema-${newestOf(migrations)}`);
  for (const migration of pending) apply(connection, file, migration);
}

const newestOf = (migrations: readonly Migration[]): number => migrations.at(-1)?.number ?? 0;

/** Whose database it is, and of which version. @throws StudioError 'unsupported' for one of a newer studio or of another program. */
export function checkSchema(
  connection: Connection,
  file: string,
  migrations: readonly Migration[] = MIGRATIONS,
): { readonly current: number; readonly isEmpty: boolean } {
  const current = connection.pragma('user_version', { simple: true }) as number;
  const newest = newestOf(migrations);
  const isEmpty = connection.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() === 0;
  if (!isEmpty && connection.pragma('application_id', { simple: true }) !== APPLICATION_ID) {
    throw new StudioError('unsupported', `${file} is a database of another program.`, {
      hint: 'Choose another workspace folder.',
    });
  }
  if (current > newest) {
    throw new StudioError(
      'unsupported',
      `The catalog ${file} was written by a newer studio (schema ${current}; this one knows ${newest}).`,
      { hint: 'Open it with that version or a newer one.' },
    );
  }
  return { current, isEmpty };
}

function apply(connection: Connection, file: string, { number, name, sql }: Migration): void {
  try {
    connection.transaction(() => {
      connection.exec(sql);
      connection.pragma(`application_id = ${APPLICATION_ID}`);
      connection.pragma(`user_version = ${number}`);
    })();
  } catch (error) {
    const known = toStudioError(error);
    if (known.code !== 'internal') throw known;
    throw new StudioError(
      'corrupt',
      `The catalog ${file} could not be brought to schema ${number} (${name}): ${known.message}.`,
      {
        hint: 'It was left as it is; this studio cannot open it. Open it with the version that wrote it.',
        cause: error,
      },
    );
  }
}

/** A whole copy by way of a second name, so that a crash leaves no half of one. */
function backUp(connection: Connection, copy: string): void {
  rmSync(`${copy}.new`, { force: true });
  connection.prepare('VACUUM INTO ?').run(`${copy}.new`);
  renameSync(`${copy}.new`, copy);
}
