import { StudioError } from '#shared/errors.ts';
import type { TrainingConfig } from '#shared/training.ts';
import { checkTrainingConfig, notReleased, unusedSettingsAsReleased } from '#shared/training-check.ts';
import { configText } from '../config-field.ts';
import { CONFIG_FIELDS } from '../config-fields.ts';
import { DEFAULT_CONFIG } from '../run-draft.ts';

/** Settings that do not go together, said where they are set. */
export interface Contradiction {
  /** With `error` the run cannot start; a `note` needs no doing. */
  readonly level: 'error' | 'warning' | 'note';
  readonly text: string;
  readonly keys: readonly (keyof TrainingConfig)[];
  /** What would end it. */
  readonly fix?: { readonly label: string; readonly change: Partial<TrainingConfig> };
}

const labelOf = (key: keyof TrainingConfig): string => CONFIG_FIELDS.find((field) => field.key === key)?.label ?? key;

/** What to say at one of the fields: all of it at the first, at the others what they do not go with. */
export function textAt({ keys, text }: Contradiction, key: keyof TrainingConfig): string {
  return keys[0] === undefined || keys[0] === key ? text : `Does not go with “${labelOf(keys[0])}” as it is set.`;
}

/** Everything about settings that would be refused, and what would have no effect. */
export function contradictionsOf(config: TrainingConfig): Contradiction[] {
  const errors = [...againstReleased(config), ...warmupTooLong(config)];
  return [...(errors.length > 0 ? errors : otherRefusals(config)), ...warnings(config)];
}

function againstReleased(config: TrainingConfig): Contradiction[] {
  const keys = config.released ? notReleased(config) : [];
  if (keys.length === 0) return [];
  return [
    {
      level: 'error',
      text: `“As released” refuses what the released program did not have: ${keys.map(labelOf).join(', ')}.`,
      keys: ['released', ...keys],
      fix: { label: 'Leave out “As released”', change: { released: false } },
    },
  ];
}

function warmupTooLong({ method, baseWarmupSteps, totalSteps }: TrainingConfig): Contradiction[] {
  if (method !== 'meta-face2exp' || baseWarmupSteps < totalSteps) return [];
  const shorter = Math.floor(totalSteps / 3);
  return [
    {
      level: 'error',
      text: `The base network would train alone for ${configText(baseWarmupSteps)} of ${configText(totalSteps)} steps: the adaptation network would never learn.`,
      keys: ['baseWarmupSteps', 'totalSteps'],
      fix: { label: `Train it alone for ${configText(shorter)}`, change: { baseWarmupSteps: shorter } },
    },
  ];
}

/** What the host would refuse and this table does not know yet, in the host's words. */
function otherRefusals(config: TrainingConfig): Contradiction[] {
  try {
    checkTrainingConfig(config);
    return [];
  } catch (error) {
    if (!(error instanceof StudioError)) throw error;
    return [{ level: 'error', text: error.message, keys: [] }];
  }
}

/** Settings of parts that a method does not have. */
const UNUSED_BY: Readonly<Record<TrainingConfig['method'], readonly (keyof TrainingConfig)[]>> = {
  'meta-face2exp': [],
  fixmatch: ['feedback', 'baseWarmupSteps'],
  supervised: [
    ...(['feedback', 'baseWarmupSteps', 'mu', 'threshold', 'temperature', 'lambdaUnlabeled', 'udaSteps'] as const),
    ...(['maskUnlabeledLoss', 'alignDistribution', 'balancePseudoLabels', 'separateNormalization'] as const),
  ],
};

function warnings(config: TrainingConfig): Contradiction[] {
  const unused = UNUSED_BY[config.method].filter(
    (key) => JSON.stringify(config[key]) !== JSON.stringify(DEFAULT_CONFIG[key]),
  );
  const found: Contradiction[] = unusedSettingsAsReleased(config).map((key) => ({
    level: 'warning',
    text: `As in the released program, ${labelOf(key)} has no effect.`,
    keys: [key, 'released'],
    fix: { label: 'Put it back', change: { [key]: DEFAULT_CONFIG[key] } },
  }));
  if (unused.length > 0) {
    found.push({
      level: 'note',
      text: `The chosen method does not use: ${unused.map(labelOf).join(', ')}.`,
      keys: unused,
    });
  }
  if (config.evaluateEvery > config.totalSteps) {
    found.push({
      level: 'warning',
      text: 'It is evaluated once, at its end: there is nothing to choose the best checkpoint from.',
      keys: ['evaluateEvery', 'totalSteps'],
      fix: { label: 'Evaluate ten times', change: { evaluateEvery: Math.max(1, Math.floor(config.totalSteps / 10)) } },
    });
  }
  return found;
}
