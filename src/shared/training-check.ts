import { StudioError } from './errors.ts';
import type { TrainingConfig } from './training.ts';

/** What the released program did not have, and so cannot be asked for together with its quirks: field, flag, and the value it stands for. */
const NOT_RELEASED = [
  ['method', '--method', 'meta-face2exp'],
  ['stem', '--stem', 'imagenet'],
  ['grayscale', '--grayscale', false],
  ['baseWarmupSteps', '--base-warmup', 0],
  ['alignDistribution', '--align', false],
  ['balancePseudoLabels', '--balance-pseudo-labels', false],
  ['separateNormalization', '--separate-bn', false],
  ['adaptationLabeledWeight', '--adaptation-labeled-weight', 0],
] as const satisfies readonly (readonly [keyof TrainingConfig, string, unknown])[];

/** Settings that the released program did not have and that are not at what it stands for. */
export function notReleased(config: TrainingConfig): (keyof TrainingConfig)[] {
  return NOT_RELEASED.filter(([field, , value]) => config[field] !== value).map(([field]) => field);
}

/**
 * Refuses settings that contradict each other, before anything is written.
 * @throws StudioError 'usage', naming the flags.
 */
export function checkTrainingConfig(config: TrainingConfig): void {
  const contradicting = config.released ? NOT_RELEASED.filter(([field, , value]) => config[field] !== value) : [];
  if (contradicting.length > 0) {
    const flags = contradicting.map(([, flag]) => flag).join(', ');
    throw new StudioError('usage', `The released program had no ${flags}: --released cannot be combined with it.`, {
      hint: 'Leave out “as released”, or what it did not have.',
      commandLine: '--released',
    });
  }
  if (config.method === 'meta-face2exp' && config.baseWarmupSteps >= config.totalSteps) {
    throw new StudioError(
      'usage',
      `The base network would train alone for ${config.baseWarmupSteps} steps of ${config.totalSteps}: the adaptation network would never learn.`,
      { hint: 'Choose more steps, or a shorter warm-up.', commandLine: '--total-steps, --base-warmup' },
    );
  }
}

/** What the released program reads and does not use: field and flag. */
const NOT_USED_BY_RELEASED = [
  ['weightDecay', '--weight-decay'],
  ['baseDropout', '--teacher-dropout'],
  ['adaptationDropout', '--student-dropout'],
] as const satisfies readonly (readonly [keyof TrainingConfig, string])[];

/** Settings that the released program reads and does not use, and that are set all the same. */
export function unusedSettingsAsReleased(config: TrainingConfig): (keyof TrainingConfig)[] {
  if (!config.released) return [];
  return NOT_USED_BY_RELEASED.filter(([field]) => config[field] > 0).map(([field]) => field);
}

/** One sentence for each of them, by their flags. */
export function unusedAsReleased(config: TrainingConfig): string[] {
  const unused = unusedSettingsAsReleased(config);
  return NOT_USED_BY_RELEASED.filter(([field]) => unused.includes(field)).map(
    ([, flag]) => `As in the released program, ${flag} has no effect.`,
  );
}
