import type { Job } from '#shared/jobs.ts';
import type { ShellWork } from '#shared/shell.ts';
import { isActiveJob, jobProgressText } from '../text/job.ts';

/** Most that one telling of ended jobs holds. */
const MOST_ENDED = 20;

/** What the system is told of the jobs. @param before jobs that ran when it was told last. */
export function workOf(jobs: readonly Job[], before: ReadonlySet<Job['id']>): ShellWork {
  const active = jobs.filter(isActiveJob);
  const measured = active.filter(({ total }) => total !== null && total > 0);
  const done = measured.reduce((sum, { done: own, total }) => sum + Math.min(1, own / total!), 0);
  const ended = jobs.filter((job) => before.has(job.id) && !isActiveJob(job));
  return {
    isWorking: active.length > 0,
    // In hundredths: a bar shows no more, and each change is a message.
    progress: measured.length === 0 ? null : Math.round((100 * done) / measured.length) / 100,
    ended: ended.slice(0, MOST_ENDED).map((job) => ({ title: job.title.slice(0, 200), outcome: outcomeOf(job) })),
  };
}

function outcomeOf(job: Job): string {
  const words = job.error === null ? `${job.status}. ${jobProgressText(job)}` : job.error.message;
  return `${words[0]!.toUpperCase()}${words.slice(1)}`.slice(0, 300);
}
