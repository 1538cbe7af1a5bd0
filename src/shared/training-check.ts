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

/**
 * Refuses settings that contradict each other, before anything is written.
 * @throws StudioError 'usage', naming the flags.
 */
export function checkTrainingConfig(config: TrainingConfig): void {
  const contradicting = config.released ? NOT_RELEASED.filter(([field, , value]) => config[field] !== value) : [];
  if (contradicting.length > 0) {
    const flags = contradicting.map(([, flag]) => flag).join(', ');
    throw new StudioError('usage', `The released program had no ${flags}: --released cannot be combined with it.`, {
      hint: 'Leave out --released, or what it did not have.',
    });
  }
  if (config.method === 'meta-face2exp' && config.baseWarmupSteps >= config.totalSteps) {
    throw new StudioError(
      'usage',
      `The base network would train alone for ${config.baseWarmupSteps} steps of ${config.totalSteps}: the adaptation network would never learn.`,
      { hint: 'Choose more steps (--total-steps), or a shorter warm-up (--base-warmup).' },
    );
  }
}

/** One sentence for each setting that the released program reads and does not use, and that is set all the same. */
export function unusedAsReleased(config: TrainingConfig): string[] {
  if (!config.released) return [];
  const unused = [
    ['weight-decay', config.weightDecay],
    ['teacher-dropout', config.baseDropout],
    ['student-dropout', config.adaptationDropout],
  ] as const;
  return unused
    .filter(([, value]) => value > 0)
    .map(([flag]) => `As in the released program, --${flag} has no effect.`);
}
