import type { BrowserWindow as ElectronWindow } from 'electron';
import { beforeEach, expect, test, vi } from 'vitest';
import type { Job } from '../../../src/shared/jobs.ts';
import { workOf } from '../../../src/renderer/frame/work-of-jobs.ts';
import { BrowserWindow, Notification, powerSaveBlocker } from './electron-double.ts';

vi.mock('electron', () => import('./electron-double.ts'));
const { workShower } = await import('../../../src/main/shell/work.ts');

let window: BrowserWindow;
const focus = vi.fn();
let show: (work: unknown) => Promise<void>;

beforeEach(() => {
  vi.clearAllMocks();
  Notification.all.length = 0;
  window = new BrowserWindow({ webPreferences: {} });
  show = workShower(window as unknown as ElectronWindow, focus);
});

const NOTHING = { isWorking: false, progress: null, ended: [] };

test('while something runs the bar shows it and the machine stays awake, once; then both end', async () => {
  await show({ ...NOTHING, isWorking: true, progress: 0.25 });
  await show({ ...NOTHING, isWorking: true, progress: 0.5 });
  expect(window.setProgressBar.mock.calls).toEqual([[0.25], [0.5]]);
  expect(powerSaveBlocker.start.mock.calls).toEqual([['prevent-app-suspension']]);
  expect(powerSaveBlocker.stop).not.toHaveBeenCalled();
  await show(NOTHING);
  expect(window.setProgressBar).toHaveBeenLastCalledWith(-1);
  expect(powerSaveBlocker.stop.mock.calls).toEqual([[7]]);
});

test('a window that is closed keeps nobody awake', async () => {
  await show({ ...NOTHING, isWorking: true });
  window.emit('closed');
  expect(powerSaveBlocker.stop.mock.calls).toEqual([[7]]);
});

test('what has ended is told where nobody looks, and pressing it brings the window', async () => {
  const ended = [{ title: 'Train r1', outcome: 'Finished. 400 of 400 steps' }];
  await show({ ...NOTHING, ended });
  expect(Notification.all.map(({ options }) => options)).toEqual([
    { title: 'Train r1', body: 'Finished. 400 of 400 steps' },
  ]);
  expect(Notification.all[0]!.show).toHaveBeenCalledOnce();
  Notification.all[0]!.emit('click');
  expect(focus).toHaveBeenCalledOnce();
  window.isFocused.mockReturnValue(true);
  await show({ ...NOTHING, ended });
  expect(Notification.all).toHaveLength(1);
});

test('what the page says is checked', () => {
  expect(() => show({ ...NOTHING, progress: 7 })).toThrow();
  expect(() => show('all is well')).toThrow();
  expect(window.setProgressBar).not.toHaveBeenCalled();
});

test('of several jobs the bar shows the mean, and what ended is what ran before', () => {
  const job = (id: number, status: Job['status'], done: number, total: number | null): Job =>
    ({
      id,
      status,
      done,
      total,
      title: `Job ${id}`,
      unit: 'images',
      error: null,
      message: '',
      rate: null,
      secondsLeft: null,
    }) as unknown as Job;
  const jobs = [
    job(1, 'running', 50, 100),
    job(2, 'running', 10, 10),
    job(3, 'running', 5, null),
    job(4, 'finished', 9, 9),
    job(5, 'finished', 1, 1),
  ];
  const work = workOf(jobs, new Set([4] as unknown as Job['id'][]));
  expect(work).toMatchObject({ isWorking: true, progress: 0.75 });
  expect(work.ended).toHaveLength(1);
  expect(work.ended[0]!.title).toBe('Job 4');
  expect(work.ended[0]!.outcome).toMatch(/^Finished/);
  expect(workOf([jobs[3]!], new Set())).toEqual({ isWorking: false, progress: null, ended: [] });
});
