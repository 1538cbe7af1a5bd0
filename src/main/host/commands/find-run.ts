import { StudioError } from '#shared/errors.ts';
import type { RunDetail } from '#shared/training.ts';
import type { Connection } from '../connection.ts';

/** A run by its id, or by its name when only one has it. */
export async function findRun(connection: Connection, name: string): Promise<RunDetail> {
  const matches = (await connection.client.runs.list.query()).filter((run) => run.id === name || run.name === name);
  const exact = matches.find((run) => run.id === name) ?? (matches.length === 1 ? matches[0] : undefined);
  if (exact !== undefined) return connection.client.runs.get.query({ id: exact.id });
  if (matches.length === 0)
    throw new StudioError('not-found', `There is no run ${name} in this workspace.`, {
      hint: 'List them with `runs list`.',
    });
  throw new StudioError('conflict', `${matches.length} runs are named ${name}.`, {
    hint: `Name one by its id: ${matches.map((run) => run.id).join(', ')}.`,
  });
}
