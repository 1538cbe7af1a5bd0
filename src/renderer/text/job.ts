import type { Job } from '#shared/jobs.ts';
import { formatDuration } from '#shared/duration.ts';
import { formatBytes, formatCount, formatRate } from './format.ts';

/** A job that has not ended. */
export function isActiveJob({ status }: Job): boolean {
  return status === 'running' || status === 'queued';
}

/** "1,200 of 5,000 images · 840 a second · 4 s left · drawing". */
export function jobProgressText(job: Job): string {
  const isBytes = job.unit === 'bytes';
  const amount = isBytes ? formatBytes : formatCount;
  const done = job.total === null ? amount(job.done) : `${amount(job.done)} of ${amount(job.total)}`;
  const parts = [isBytes ? done : `${done} ${job.unit}`];
  if (isActiveJob(job)) {
    if (job.rate !== null) parts.push(`${isBytes ? formatBytes(Math.round(job.rate)) : formatRate(job.rate)} a second`);
    if (job.secondsLeft !== null) parts.push(`${formatDuration(job.secondsLeft)} left`);
  }
  if (job.message !== '') parts.push(job.message);
  return parts.join(' · ');
}
