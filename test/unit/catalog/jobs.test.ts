import { expect, test } from 'vitest';
import { jobSchema } from '#shared/jobs.ts';
import { addRun, temporaryCatalog } from './temporary-catalog.ts';

test('a job is a row that says how far it is', () => {
  const { catalog } = temporaryCatalog();
  const job = catalog.jobs.create({ kind: 'import', title: 'Import faces', unit: 'images', run: null });
  expect(jobSchema.parse(job)).toMatchObject({
    id: 1,
    kind: 'import',
    status: 'queued',
    done: 0,
    total: null,
    message: '',
    error: null,
  });
  const updated = catalog.jobs.update(job.id, {
    status: 'running',
    done: 5,
    total: 10,
    rate: 2.5,
    secondsLeft: 2,
    message: 'faces',
  });
  expect(updated).toMatchObject({ status: 'running', done: 5, total: 10, rate: 2.5, secondsLeft: 2, message: 'faces' });
  expect(catalog.jobs.get(job.id)).toEqual(updated);
  const error = { code: 'no-space', message: 'The disk is full.', hint: 'Free some.', commandLine: '`rounds delete`' };
  expect(catalog.jobs.update(job.id, { status: 'failed', error, rate: null, message: undefined })).toMatchObject({
    ...{ status: 'failed', error, rate: null, message: 'faces', done: 5 },
  });
  expect(catalog.jobs.get(job.id).error).toEqual(error);
  expect(() => catalog.jobs.get(2)).toThrow(expect.objectContaining({ code: 'not-found' }));
  expect(() => catalog.jobs.update(2, { done: 1 })).toThrow(expect.objectContaining({ code: 'not-found' }));
});

test('the newest jobs come first', () => {
  const { catalog } = temporaryCatalog();
  for (const title of ['a', 'b', 'c']) catalog.jobs.create({ kind: 'demo', title, unit: 'images', run: null });
  expect(catalog.jobs.list({ limit: 2 }).map(({ title }) => title)).toEqual(['c', 'b']);
});

test('what a dead host left running or waiting becomes interrupted, and nothing else', () => {
  const { catalog } = temporaryCatalog();
  const statuses = ['queued', 'running', 'paused', 'finished', 'failed'] as const;
  for (const status of statuses) {
    addRun(catalog, status);
    catalog.runs.update(status, { status, secondsLeft: 5, imagesPerSecond: 7 });
    const { id } = catalog.jobs.create({ kind: 'train', title: status, unit: 'steps', run: status });
    catalog.jobs.update(id, { status, done: 3, rate: 1, secondsLeft: 9 });
  }
  const interrupted = catalog.markInterrupted();
  expect(interrupted).toMatchObject([
    { title: 'queued', status: 'interrupted', done: 3, rate: null, secondsLeft: null },
    { title: 'running', status: 'interrupted' },
  ]);
  expect(catalog.runs.list().map(({ id, status, secondsLeft }) => [id, status, secondsLeft])).toEqual([
    ['failed', 'failed', 5],
    ['finished', 'finished', 5],
    ['paused', 'paused', 5],
    ['running', 'interrupted', null],
    ['queued', 'interrupted', null],
  ]);
  expect(catalog.markInterrupted()).toEqual([]);
});

test('settings keep a text by its key', () => {
  const { settings } = temporaryCatalog().catalog;
  expect(settings.get('theme')).toBeNull();
  settings.set('theme', 'dark');
  settings.set('theme', 'light');
  expect(settings.get('theme')).toBe('light');
});
