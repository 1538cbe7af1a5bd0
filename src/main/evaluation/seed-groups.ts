import type { SeedGroup } from '#shared/evaluation.ts';
import { comparedSettings, seedKey } from '#shared/seed-runs.ts';
import type { Evaluation, RunDetail } from '#shared/training.ts';
import { meanInterval } from './intervals.ts';

export interface ScoredRun {
  readonly run: Pick<RunDetail, 'id' | 'config' | 'request' | 'snapshot'>;
  readonly evaluation: Evaluation;
}

/** Settings in which runs differ, as JSON, a value for each run; what cannot change a result is left out, but for the seed. */
export function differingSettings(runs: readonly Pick<RunDetail, 'config' | 'request'>[]): {
  name: string;
  values: string[];
}[] {
  const all = runs.map((run) => new Map([...comparedSettings(run), ['seed', JSON.stringify(run.config.seed)]]));
  const names = new Set(all.flatMap((settings) => [...settings.keys()]));
  return [...names]
    .map((name) => ({ name, values: all.map((settings) => settings.get(name) ?? '–') }))
    .filter(({ values }) => new Set(values).size > 1);
}

/** Runs that only their seeds tell apart together, with the mean and interval of their scores. The best group comes first. */
export function seedGroups(scored: readonly ScoredRun[]): SeedGroup[] {
  const groups = [...Map.groupBy(scored, ({ run }) => seedKey(run)).values()];
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
    settings: Object.fromEntries([...comparedSettings(first!.run)].filter(([name]) => differing.has(name))),
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
