import type { RunDetail, TrainingConfig } from './training.ts';

/** What may differ between two runs that only their seeds tell apart: names, and how the work was done. */
const NOT_COMPARED: ReadonlySet<keyof TrainingConfig> = new Set([
  ...(['name', 'seed', 'workers', 'threads', 'device', 'worldSize', 'cacheMegabytes'] as const),
  ...(['tensorBoard', 'checkpointEvery'] as const),
]);

/** Settings of a run that can change its result, as JSON by their names, without the seed; its data are among them. */
export function comparedSettings({ config, request }: Pick<RunDetail, 'config' | 'request'>): Map<string, string> {
  const { labeled, unlabeled, validation } = request;
  const settings = { ...config, labeled, unlabeled: unlabeled ?? null, validation };
  return new Map(
    Object.entries(settings)
      .filter(([name]) => !NOT_COMPARED.has(name as keyof TrainingConfig))
      .map(([name, value]) => [name, JSON.stringify(value)]),
  );
}

/**
 * The same for runs that only their seeds tell apart. A labeled set that is drawn anew for each seed counts as the same when it has as many
 * images of each class.
 */
export function seedKey(run: Pick<RunDetail, 'config' | 'request' | 'snapshot'>): string {
  const settings = [...comparedSettings(run)].filter(([name]) => name !== 'labeled');
  return JSON.stringify([settings, run.snapshot.labeledCounts]);
}
