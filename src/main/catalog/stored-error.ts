import type { Job } from '#shared/jobs.ts';
import type { ColumnValue } from './database.ts';

type KeptError = NonNullable<Job['error']>;

/** The columns in which runs and jobs keep how they failed. */
export interface StoredError {
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly errorHint: string | null;
}

export const ERROR_COLUMNS = 'error_code AS errorCode, error_message AS errorMessage, error_hint AS errorHint';

export function errorOf({ errorCode, errorMessage, errorHint }: StoredError): KeptError | null {
  if (errorCode === null || errorMessage === null) return null;
  return { code: errorCode, message: errorMessage, ...(errorHint !== null && { hint: errorHint }) };
}

/** Values for `error_code, error_message, error_hint`. */
export function errorValues(error: KeptError | null): ColumnValue[] {
  return [error?.code ?? null, error?.message ?? null, error?.hint ?? null];
}
