/**
 * The one error class of the studio. Everything a person may read is a {@link StudioError}: a code for programs, a sentence that says
 * what went wrong and where, and what to do about it. One place each turns it into an exit code (CLI), an HTTP status (host), a toast (UI).
 */

export const STUDIO_ERROR_CODES = [
  'usage', // the command or request itself is wrong
  'bad-input', // a file, folder or value the person gave cannot be used
  'not-found', // something named does not exist
  'conflict', // it exists already, or is in a state that does not allow this
  'unauthorized', // no or wrong token, foreign origin
  'unsupported', // a kind of file, platform or option this build cannot handle
  'unavailable', // something needed is not there now: network, runtime, compiler, engine
  'corrupt', // data that should be sound is not: checksum, truncated file, damaged database
  'no-space', // the disk is full
  'out-of-memory',
  'cancelled', // the person stopped it
  'interrupted', // a crash or a kill stopped it; it can be resumed
  'internal', // a fault of the studio
] as const;

export type StudioErrorCode = (typeof STUDIO_ERROR_CODES)[number];

/** What travels over a process or network border in place of an error. */
export interface SerializedStudioError {
  readonly code: StudioErrorCode;
  readonly message: string;
  readonly hint?: string;
  readonly commandLine?: string;
}

export class StudioError extends Error {
  readonly code: StudioErrorCode;
  /** What the person can do, as a sentence that is right in the window and on the command line. */
  readonly hint: string | undefined;
  /** The flags or commands that do what the hint says: told on the command line alone. */
  readonly commandLine: string | undefined;

  /**
   * @param message what went wrong and where, one sentence. @param options.hint what to do. @param options.commandLine by which flags or
   * commands, such as `--name`. @param options.cause the error beneath.
   */
  constructor(
    code: StudioErrorCode,
    message: string,
    options: { hint?: string; commandLine?: string; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'StudioError';
    this.code = code;
    this.hint = options.hint;
    this.commandLine = options.commandLine;
  }

  toJSON(): SerializedStudioError {
    const { code, message, hint, commandLine } = this;
    return { code, message, ...(hint !== undefined && { hint }), ...(commandLine !== undefined && { commandLine }) };
  }
}

/** The hint as the command line tells it: with the flags or commands that do it. */
export function commandLineHint({
  hint,
  commandLine,
}: Pick<SerializedStudioError, 'hint' | 'commandLine'>): string | undefined {
  if (hint === undefined || commandLine === undefined) return hint;
  return `${hint.replace(/\.$/, '')} (${commandLine}).`;
}

/** Any thrown value as a StudioError; operating-system errors get a sentence of their own. */
export function toStudioError(thrown: unknown): StudioError {
  if (thrown instanceof StudioError) return thrown;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const system = error as NodeJS.ErrnoException;
  const where = system.path === undefined ? '' : `: ${system.path}`;
  switch (system.code) {
    case 'ENOSPC':
      return new StudioError('no-space', `The disk is full${where}.`, {
        hint: 'Free some space and try again.',
        cause: error,
      });
    case 'ENOENT':
      return new StudioError('not-found', `No such file or folder${where}.`, { hint: 'Check the path.', cause: error });
    case 'ENOTDIR':
      return new StudioError('bad-input', `Not a folder${where}.`, { hint: 'Check the path.', cause: error });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new StudioError('bad-input', `Permission denied${where}.`, {
        hint: 'Check who may read or write it.',
        cause: error,
      });
    default:
      return databaseError(error, system.code) ?? new StudioError('internal', error.message, { cause: error });
  }
}

/** What SQLite's result codes (sqlite.org/rescode.html) mean to a person. */
const DATABASE_ERRORS: readonly {
  readonly prefix: string;
  readonly code: StudioErrorCode;
  readonly message: string;
  readonly hint: string;
}[] = [
  { prefix: 'SQLITE_FULL', code: 'no-space', message: 'The disk is full.', hint: 'Free some space and try again.' },
  {
    prefix: 'SQLITE_IOERR',
    code: 'unavailable',
    message: 'The disk that holds the catalog does not read or write.',
    hint: 'Check the disk that holds the workspace.',
  },
  {
    prefix: 'SQLITE_NOTADB',
    code: 'corrupt',
    message: 'The file catalog.sqlite of the workspace is no database.',
    hint: 'Restore a backup with `restore FILE`, or choose another workspace folder.',
  },
  {
    prefix: 'SQLITE_CORRUPT',
    code: 'corrupt',
    message: 'The catalog of the workspace is damaged.',
    hint: 'Close the studio and restore a backup with `restore FILE`.',
  },
  {
    prefix: 'SQLITE_BUSY',
    code: 'conflict',
    message: 'Another program is writing to the catalog of the workspace.',
    hint: 'Close it and try again.',
  },
  {
    prefix: 'SQLITE_READONLY',
    code: 'bad-input',
    message: 'The catalog of the workspace may not be written to.',
    hint: 'Check who may write to the workspace folder.',
  },
  {
    prefix: 'SQLITE_CANTOPEN',
    code: 'bad-input',
    message: 'The catalog of the workspace cannot be opened.',
    hint: 'Check who may read and write the workspace folder.',
  },
];

function databaseError(error: Error, code: string | undefined): StudioError | undefined {
  const meaning = DATABASE_ERRORS.find(({ prefix }) => code?.startsWith(prefix) === true);
  return meaning && new StudioError(meaning.code, meaning.message, { hint: meaning.hint, cause: error });
}

export function serializeError(thrown: unknown): SerializedStudioError {
  return toStudioError(thrown).toJSON();
}

export function deserializeError(serialized: SerializedStudioError): StudioError {
  const { code, message, hint, commandLine } = serialized;
  return new StudioError(code, message, {
    ...(hint !== undefined && { hint }),
    ...(commandLine !== undefined && { commandLine }),
  });
}

/** Exit code of the command line: 2 wrong usage, 1 anything else. */
export function exitCodeOf(error: StudioError): number {
  return error.code === 'usage' ? 2 : 1;
}
