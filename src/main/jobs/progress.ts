/** Rate and time left from the progress of the last few seconds, so that a slow start or a pause does not spoil the estimate. */
const WINDOW_MILLISECONDS = 15_000;

export interface Progress {
  readonly done: number;
  readonly total: number | null;
  /** Units a second; null until two readings are far enough apart to tell. */
  readonly rate: number | null;
  readonly secondsLeft: number | null;
}

export class ProgressMeter {
  readonly #readings: { at: number; done: number }[] = [];

  /** @param now milliseconds of any monotonic clock. */
  read(done: number, total: number | null, now: number = performance.now()): Progress {
    const readings = this.#readings;
    const last = readings.at(-1);
    if (last !== undefined && done < last.done) readings.length = 0;
    readings.push({ at: now, done });
    while (readings.length > 2 && now - readings[0]!.at > WINDOW_MILLISECONDS) readings.shift();
    const first = readings[0]!;
    const elapsed = now - first.at;
    const rate = elapsed >= 200 && done > first.done ? ((done - first.done) / elapsed) * 1000 : null;
    const secondsLeft = rate === null || total === null ? null : Math.max(0, total - done) / rate;
    return { done, total, rate, secondsLeft };
  }
}
