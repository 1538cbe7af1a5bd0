import { setTimeout as sleep } from 'node:timers/promises';
import { StudioError, deserializeError } from '#shared/errors.ts';
import type { Job } from '#shared/jobs.ts';
import type { Connection } from '../connection.ts';
import type { ProgressPrinter } from './output.ts';

const POLL_MILLISECONDS = 200;

/** What every command is given: where the workspace is, how to print, and how to end. */
export interface CommandContext {
  readonly workspace: string;
  readonly progress: ProgressPrinter;
  /** Prints the command's result: the JSON document with --json, else `text`. Called once. */
  readonly result: (document: unknown, text: string) => void;
  /** The studio of the workspace; closed when the command ends. `serves`: the work is long, and others may reach it meanwhile. */
  readonly connect: (options?: { readonly serves: boolean }) => Promise<Connection>;
  /** Called at each Ctrl-C with how many there were. The default ends the command. */
  onInterrupt: ((count: number) => void) | undefined;
}

/** Follows a job to its end, showing its progress. Ctrl-C cancels it; what it did so far stays. */
export async function followJob(context: CommandContext, connection: Connection, job: Job): Promise<Job> {
  context.onInterrupt = (count) => {
    context.progress.line(count === 1 ? 'Cancelling; press Ctrl-C again to end at once.' : 'Ended.');
    if (count > 1) process.exit(130);
    connection.client.jobs.cancel.mutate({ id: job.id }).catch(() => process.exit(130));
  };
  for (;;) {
    const now = await connection.client.jobs.get.query({ id: job.id });
    context.progress.update({ ...now, label: now.title, detail: now.message });
    if (now.status === 'finished') {
      context.progress.finish();
      return now;
    }
    if (now.status !== 'running' && now.status !== 'queued') {
      context.progress.finish();
      throw now.error === null
        ? new StudioError('cancelled', `${now.title}: ${now.status}.`)
        : deserializeError(now.error as Parameters<typeof deserializeError>[0]);
    }
    await sleep(POLL_MILLISECONDS);
  }
}
