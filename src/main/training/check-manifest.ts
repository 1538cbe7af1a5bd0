import { StudioError } from '#shared/errors.ts';
import type { ManifestImage } from '#shared/images.ts';
import type { TrainingConfig, TrainingManifest } from '#shared/training.ts';

/**
 * Refuses what cannot be trained, or trained on, before any work is done.
 * @throws StudioError 'usage' for settings that contradict each other, 'bad-input' for images.
 */
export function checkManifest(
  config: TrainingConfig,
  { classes, labeled, unlabeled, validation }: TrainingManifest,
): void {
  const firstStep = Math.max(config.startStep, config.method === 'supervised' ? 0 : config.baseWarmupSteps);
  if (firstStep >= config.totalSteps) {
    throw new StudioError(
      'usage',
      `With ${config.totalSteps} steps in all, nothing is left to train from step ${firstStep} on.`,
      {
        hint: 'Raise the number of steps, or lower the first step or the base network’s warm-up.',
      },
    );
  }
  if (classes.length !== config.classCount) {
    throw new StudioError(
      'bad-input',
      `The run is for ${config.classCount} classes and its images have ${classes.length}.`,
      {
        hint: `Set the number of classes to ${classes.length}.`,
      },
    );
  }
  if (labeled.length === 0) {
    throw new StudioError('bad-input', 'There are no labeled images to train on.', {
      hint: 'Choose a labeled subset or source that holds images of its train split.',
    });
  }
  if (config.method === 'meta-face2exp' && unlabeled.length === 0) {
    throw new StudioError('bad-input', 'There are no unlabeled images, which Meta-Face2Exp learns from.', {
      hint: 'Choose an unlabeled source, or train supervised.',
    });
  }
  checkLabels('labeled', labeled, classes.length);
  checkLabels('validation', validation, classes.length);
}

function checkLabels(what: string, images: readonly ManifestImage[], classCount: number): void {
  const wrong = images.find(({ label }) => label < 0 || label >= classCount);
  if (wrong === undefined) return;
  throw new StudioError(
    'bad-input',
    `The ${what} image ${wrong.reference.path} has the label ${wrong.label}, which is none of the ${classCount} classes.`,
    {
      hint: 'Leave images of other classes out of the run.',
    },
  );
}
