import type { Job } from '#shared/jobs.ts';
import type { ColumnValue } from './database.ts';

type KeptError = NonNullable<Job['error']>;

/** The columns in which runs and jobs keep how they failed. */
export interface StoredError {
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly errorHint: string | null;
  readonly errorCommandLine: string | null;
}

export const ERROR_COLUMNS = `error_code AS errorCode, error_message AS errorMessage, error_hint AS errorHint,
  error_command_line AS errorCommandLine`;

export function errorOf({ errorCode, errorMessage, errorHint, errorCommandLine }: StoredError): KeptError | null {
  if (errorCode === null || errorMessage === null) return null;
  return {
    code: errorCode,
    message: errorMessage,
    ...(errorHint !== null && { hint: errorHint }),
    ...(errorCommandLine !== null && { commandLine: errorCommandLine }),
  };
}

/** Values for `error_code, error_message, error_hint, error_command_line`. */
export function errorValues(error: KeptError | null): ColumnValue[] {
  return [error?.code ?? null, error?.message ?? null, error?.hint ?? null, error?.commandLine ?? null];
}
