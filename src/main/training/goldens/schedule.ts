import { join } from 'node:path';
import { learningRateFactor } from '../schedule.ts';
import { Comparison, type GoldenResult, readGoldenJson } from './comparison.ts';

const TOLERANCE = 1e-12;

interface ScheduleCase {
  readonly total_steps: number;
  readonly warmup_steps: number;
  readonly wait_steps: number;
  readonly steps: readonly number[];
  readonly factor: readonly number[];
}

export async function runScheduleGoldens(folder: string): Promise<GoldenResult[]> {
  const cases = await readGoldenJson<ScheduleCase[]>(join(folder, 'schedule.json'));
  return cases.map((golden) => {
    const schedule = { totalSteps: golden.total_steps, warmupSteps: golden.warmup_steps, waitSteps: golden.wait_steps };
    const comparison = new Comparison(
      `schedule/total ${golden.total_steps}, warm-up ${golden.warmup_steps}, wait ${golden.wait_steps}`,
      TOLERANCE,
    );
    comparison.addAbsolute(
      'factor',
      golden.steps.map((step) => learningRateFactor(step, schedule)),
      golden.factor,
    );
    return comparison.result();
  });
}
