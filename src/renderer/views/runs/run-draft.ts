import type { CatalogStats, Subset } from '#shared/catalog.ts';
import { PRESETS } from '#shared/presets.ts';
import { type RunRequest, type TrainingConfig, trainingConfigSchema } from '#shared/training.ts';
import { formatCount } from '../../text/format.ts';
import { type ClusterDraft, clusterOf, isSomewhere } from '../workers/cluster-draft.ts';

/** A run as it is being put together. `config` holds only what differs from the defaults. */
export interface RunDraft {
  /** Empty: the studio's own name for a run. */
  readonly name: string;
  readonly preset: string;
  readonly config: Partial<TrainingConfig>;
  readonly labeled: string | null;
  readonly unlabeled: string | null;
  readonly validation: string;
  /** Workers that train together; null: this machine. */
  readonly cluster: ClusterDraft | null;
}

export const DEFAULT_CONFIG: TrainingConfig = trainingConfigSchema.parse({});

/** A preset that none of the list is. */
export const OWN_PRESET = 'own';

export interface DataOption {
  readonly value: string;
  readonly label: string;
  readonly note: string;
}

export interface DataOptions {
  readonly labeled: readonly DataOption[];
  readonly unlabeled: readonly DataOption[];
  readonly validation: readonly DataOption[];
}

/** What a run can train on and be scored on. Subsets come first: a balanced labeled set is what the method expects. */
export function dataOptions(stats: CatalogStats, subsets: readonly Subset[]): DataOptions {
  const option = (value: string, label: string, count: number): DataOption => ({
    value,
    label,
    note: formatCount(count),
  });
  const labeledSources = stats.sources.flatMap(({ name, splits }) => {
    const count = splits.train?.counts.reduce((sum, images) => sum + images, 0) ?? 0;
    return count === 0 ? [] : [option(name, `${name}, all training images`, count)];
  });
  const unlabeled = stats.sources.flatMap(({ name, total, splits }) =>
    (splits.unlabeled?.total ?? 0) === 0 ? [] : [option(name, name, total)],
  );
  const all = stats.splits.validation?.total ?? 0;
  const validation = stats.sources.flatMap(({ name, splits }) =>
    splits.validation === undefined ? [] : [option(`${name}:validation`, name, splits.validation.total)],
  );
  return {
    labeled: [...subsets.map(({ name, total }) => option(name, name, total)), ...labeledSources],
    unlabeled,
    validation: all === 0 ? [] : [option('validation', 'All validation images', all), ...validation],
  };
}

/** Where a new run starts: the demo's preset on the demo, the quick one elsewhere, with the first data there are. */
export function newDraft(options: DataOptions, stats: CatalogStats): RunDraft {
  const isDemo = stats.sources.some(({ name }) => name === 'demo');
  const draft: RunDraft = {
    name: '',
    preset: OWN_PRESET,
    config: {},
    labeled: options.labeled[0]?.value ?? null,
    unlabeled: options.unlabeled[0]?.value ?? null,
    validation: options.validation[0]?.value ?? 'validation',
    cluster: null,
  };
  return withPreset(draft, isDemo ? 'demo' : 'quick');
}

/** The settings that differ from the defaults: requests that an earlier studio kept hold all of them. */
export function withoutDefaults(config: Partial<TrainingConfig>): Partial<TrainingConfig> {
  return Object.fromEntries(
    Object.entries(config).filter(
      ([key, value]) => JSON.stringify(value) !== JSON.stringify(DEFAULT_CONFIG[key as keyof TrainingConfig]),
    ),
  );
}

/** A draft that repeats a run's request. */
export function draftOf(request: RunRequest): RunDraft {
  const { name = '', ...config } = withoutDefaults(request.config);
  return {
    name,
    preset: OWN_PRESET,
    config,
    labeled: request.labeled,
    unlabeled: request.unlabeled ?? null,
    validation: request.validation,
    cluster: request.cluster ?? null,
  };
}

/** The draft with a preset's settings in place of its own; name and data stay. */
export function withPreset(draft: RunDraft, name: string): RunDraft {
  const preset = PRESETS.find((candidate) => candidate.name === name);
  return preset === undefined ? draft : { ...draft, preset: name, config: preset.config };
}

/** The draft with one setting changed; a default is not kept, so that it follows the defaults. */
export function withSetting<Key extends keyof TrainingConfig>(
  draft: RunDraft,
  key: Key,
  value: TrainingConfig[Key],
): RunDraft {
  const { [key]: _replaced, ...rest } = draft.config;
  const isDefault = JSON.stringify(value) === JSON.stringify(DEFAULT_CONFIG[key]);
  return { ...draft, config: isDefault ? (rest as Partial<TrainingConfig>) : { ...draft.config, [key]: value } };
}

/** The draft with several settings changed. */
export function withSettings(draft: RunDraft, change: Partial<TrainingConfig>): RunDraft {
  return (Object.keys(change) as (keyof TrainingConfig)[]).reduce(
    (changed, key) => withSetting(changed, key, change[key]!),
    draft,
  );
}

/** All settings of a draft, those that nobody set included. */
export function configOf(draft: RunDraft): TrainingConfig {
  return { ...DEFAULT_CONFIG, ...draft.config };
}

/** Whether a setting was changed since the preset was chosen. */
export function differsFromPreset({ preset, config }: RunDraft): boolean {
  const chosen = PRESETS.find(({ name }) => name === preset);
  const base: TrainingConfig = { ...DEFAULT_CONFIG, ...chosen?.config };
  const own: TrainingConfig = { ...DEFAULT_CONFIG, ...config };
  return (Object.keys(base) as (keyof TrainingConfig)[]).some(
    (key) => JSON.stringify(base[key]) !== JSON.stringify(own[key]),
  );
}

/** How many images each part of a draft's data holds; 0 where it names none. */
export function imagesOf(
  { labeled, unlabeled, validation }: RunDraft,
  stats: CatalogStats,
  subsets: readonly Subset[],
): { labeled: number; unlabeled: number; validation: number } {
  // A run that is copied names the version of its subset.
  const subset = subsets.find(({ name, version }) => labeled === name || labeled === `${name}@${version}`);
  const sourceOf = (name: string | null | undefined): CatalogStats['sources'][number] | undefined =>
    stats.sources.find((source) => source.name === name);
  const [validationSource, ofSource] = validation.split(/:(?=[^:]*$)/);
  return {
    labeled: subset?.total ?? sourceOf(labeled)?.splits.train?.total ?? 0,
    unlabeled: sourceOf(unlabeled)?.total ?? 0,
    validation:
      (ofSource === undefined ? stats.splits.validation : sourceOf(validationSource)?.splits.validation)?.total ?? 0,
  };
}

/** The request of a draft; null while a part is missing. */
export function requestOf(draft: RunDraft): RunRequest | null {
  const isSupervised = draft.config.method === 'supervised';
  const name = draft.name.trim();
  if (draft.labeled === null || (!isSupervised && draft.unlabeled === null) || !isSomewhere(draft.cluster)) return null;
  return {
    config: name === '' ? draft.config : { ...draft.config, name },
    labeled: draft.labeled,
    validation: draft.validation,
    ...(isSupervised || draft.unlabeled === null ? {} : { unlabeled: draft.unlabeled }),
    ...clusterOf(draft.cluster),
  };
}

/** Devices that take a batch each: of this machine one, of workers one each, unless the run asks for more. */
export function devicesOf(draft: RunDraft): number {
  if (draft.cluster === null) return 1;
  const workers = Math.max(1, draft.cluster.workers.length);
  return workers * Math.max(1, Math.floor(configOf(draft).worldSize / workers));
}
