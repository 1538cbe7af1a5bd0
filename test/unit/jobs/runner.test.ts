import { expect, test } from 'vitest';
import { StudioError } from '#shared/errors.ts';
import type { Job } from '#shared/jobs.ts';
import { formatDuration } from '#shared/duration.ts';
import { ProgressMeter } from '#main/jobs/progress.ts';
import { JobRunner, type JobStore } from '#main/jobs/runner.ts';

function memoryStore(): JobStore & { readonly rows: Map<number, Job>; readonly statuses: string[] } {
  const rows = new Map<number, Job>();
  const statuses: string[] = [];
  return {
    rows,
    statuses,
    create: ({ kind, title, unit, run }) => {
      const now = new Date().toISOString();
      const job: Job = {
        id: rows.size + 1,
        kind,
        title,
        unit,
        run,
        status: 'queued',
        done: 0,
        total: null,
        rate: null,
        secondsLeft: null,
        message: '',
        error: null,
        createdAt: now,
        updatedAt: now,
      };
      rows.set(job.id, job);
      return job;
    },
    update: (id, patch) => {
      const job = { ...rows.get(id)!, ...patch };
      rows.set(id, job);
      if (patch.status !== undefined) statuses.push(patch.status);
      return job;
    },
  };
}

const description = { kind: 'import', title: 'Import faces', unit: 'images' } as const;

test('a job runs, reports, finishes and gives its result', async () => {
  const store = memoryStore();
  const runner = new JobRunner(store, () => undefined);
  const { job, result } = runner.start(description, async ({ report }) => {
    report(10, 10, 'ten faces');
    return Promise.resolve('done');
  });
  expect(store.rows.get(job.id)!.status).toBe('running');
  await expect(result).resolves.toBe('done');
  expect(store.rows.get(job.id)).toMatchObject({ status: 'finished', done: 10, total: 10, message: 'ten faces' });
  expect(runner.result(job.id)).toBe('done');
  expect(store.statuses).toEqual(['running', 'finished']);
});

test('a job that throws is failed, with its sentence kept', async () => {
  const store = memoryStore();
  const runner = new JobRunner(store, () => undefined);
  const { job, result } = runner.start(description, () =>
    Promise.reject(new StudioError('bad-input', 'No faces.', { hint: 'Add some.' })),
  );
  await expect(result).rejects.toThrow('No faces.');
  expect(store.rows.get(job.id)).toMatchObject({
    status: 'failed',
    error: { code: 'bad-input', message: 'No faces.', hint: 'Add some.' },
  });
});

const untilAborted = ({ signal }: { signal: AbortSignal }): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));

test('cancelling ends a job as cancelled; closing ends the others as interrupted', async () => {
  const store = memoryStore();
  const runner = new JobRunner(store, () => undefined);
  const first = runner.start(description, untilAborted);
  const second = runner.start(description, untilAborted);
  const ends = Promise.allSettled([first.result, second.result]);
  await Promise.resolve();
  runner.cancel(first.job.id);
  await runner.close();
  await ends;
  expect(store.rows.get(first.job.id)!.status).toBe('cancelled');
  expect(store.rows.get(second.job.id)!.status).toBe('interrupted');
  expect(() => runner.cancel(first.job.id)).toThrow('not running');
});

test('rate and time left come from the last readings', () => {
  const meter = new ProgressMeter();
  expect(meter.read(0, 100, 0).rate).toBeNull();
  // 10 units in 1 s, 90 left: 10/s and 9 s.
  expect(meter.read(10, 100, 1000)).toMatchObject({ rate: 10, secondsLeft: 9 });
  // 30 s later the window holds only the last reading before it and this one: 20 units in 30 s.
  expect(meter.read(30, 100, 31_000).rate).toBeCloseTo(20 / 30, 10);
});

test('durations are written in at most two units', () => {
  expect(formatDuration(9.9)).toBe('9 s');
  expect(formatDuration(245)).toBe('4 min 05 s');
  expect(formatDuration(11_520)).toBe('3 h 12 min');
  expect(formatDuration(200_000)).toBe('2 d 7 h');
});
