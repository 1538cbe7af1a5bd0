import type { SeedGroup } from '#shared/evaluation.ts';
import type { Evaluation, RunDetail, TrainingConfig } from '#shared/training.ts';
import { meanInterval } from './intervals.ts';

/** What may differ between two runs that only their seeds tell apart: names, and how the work was done. */
const NOT_COMPARED: ReadonlySet<keyof TrainingConfig> = new Set([
  ...(['name', 'seed', 'workers', 'threads', 'device', 'worldSize', 'cacheMegabytes'] as const),
  ...(['tensorBoard', 'checkpointEvery'] as const),
]);

export interface ScoredRun {
  readonly run: Pick<RunDetail, 'id' | 'config' | 'request' | 'snapshot'>;
  readonly evaluation: Evaluation;
}

/** Settings in which runs differ, as JSON, a value for each run; what cannot change a result is left out, but for the seed. */
export function differingSettings(runs: readonly Pick<RunDetail, 'config' | 'request'>[]): {
  name: string;
  values: string[];
}[] {
  const all = runs.map((run) => new Map([...settingsOf(run), ['seed', JSON.stringify(run.config.seed)]]));
  const names = new Set(all.flatMap((settings) => [...settings.keys()]));
  return [...names]
    .map((name) => ({ name, values: all.map((settings) => settings.get(name) ?? '–') }))
    .filter(({ values }) => new Set(values).size > 1);
}

/**
 * Runs whose settings are the same but for the seed, together, with the mean and interval of their scores. A labeled set that is drawn anew
 * for each seed counts as the same when it has as many images of each class. The best group comes first.
 */
export function seedGroups(scored: readonly ScoredRun[]): SeedGroup[] {
  const groups = [
    ...Map.groupBy(scored, ({ run }) =>
      JSON.stringify([[...settingsOf(run)].filter(([name]) => name !== 'labeled'), run.snapshot.labeledCounts]),
    ).values(),
  ];
  const differing = new Set(
    differingSettings(groups.map(([first]) => first!.run))
      .map(({ name }) => name)
      .filter((name) => name !== 'seed'),
  );
  return groups
    .map((members) => groupOf(members, differing))
    .toSorted((one, other) => other.accuracy.mean - one.accuracy.mean);
}

function groupOf(members: readonly ScoredRun[], differing: ReadonlySet<string>): SeedGroup {
  const mean = (value: (evaluation: Evaluation) => number): ReturnType<typeof meanInterval> =>
    meanInterval(members.map(({ evaluation }) => value(evaluation)));
  const [first] = members;
  return {
    runs: members
      .map(({ run, evaluation }) => ({ run: run.id, seed: run.config.seed, accuracy: evaluation.accuracy }))
      .toSorted((one, other) => one.seed - other.seed),
    settings: Object.fromEntries([...settingsOf(first!.run)].filter(([name]) => differing.has(name))),
    accuracy: mean(({ accuracy }) => accuracy),
    meanClassAccuracy: mean(({ meanClassAccuracy }) => meanClassAccuracy),
    ece: mean(({ ece }) => ece),
    nll: mean(({ nll }) => nll),
    perClass: first!.evaluation.perClass.map(({ name }, index) => ({
      name,
      recall: mean(({ perClass }) => perClass[index]!.recall),
    })),
  };
}

function settingsOf({ config, request }: Pick<RunDetail, 'config' | 'request'>): Map<string, string> {
  const { labeled, unlabeled, validation } = request;
  const settings = { ...config, labeled, unlabeled: unlabeled ?? null, validation };
  return new Map(
    Object.entries(settings)
      .filter(([name]) => !NOT_COMPARED.has(name as keyof TrainingConfig))
      .map(([name, value]) => [name, JSON.stringify(value)]),
  );
}
