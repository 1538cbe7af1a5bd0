import type { TrainingConfig } from './training.ts';

/** A named starting point for a run: what it sets, and one line of why. Anything may be changed after. */
export interface Preset {
  readonly name: string;
  readonly label: string;
  readonly why: string;
  readonly config: Partial<TrainingConfig>;
}

export const PRESETS: readonly Preset[] = [
  {
    name: 'demo',
    label: 'Demo',
    why: 'A small network that learns the drawn faces in a few minutes on two cores.',
    config: {
      architecture: 'resnet18',
      width: 16,
      imageSize: 48,
      batchSize: 32,
      mu: 3,
      totalSteps: 900,
      evaluateEvery: 50,
      baseLearningRate: 0.03,
      adaptationLearningRate: 0.03,
      nesterov: true,
      weightDecay: 5e-4,
      warmupSteps: 20,
      baseWarmupSteps: 300,
      udaSteps: 100,
      randAugment: { count: 2, magnitude: 5 },
      finetuneEpochs: 8,
      finetuneLearningRate: 1e-3,
      finetuneMomentum: 0.9,
      workers: 2,
      seed: 5,
    },
  },
  {
    name: 'quick',
    label: 'Quick',
    why: 'A narrow network at 48 pixels: hours of work in minutes, to see whether the data are in order.',
    config: {
      architecture: 'resnet18',
      width: 32,
      imageSize: 48,
      batchSize: 32,
      mu: 3,
      totalSteps: 3_000,
      evaluateEvery: 250,
      baseLearningRate: 0.03,
      adaptationLearningRate: 0.03,
      nesterov: true,
      weightDecay: 5e-4,
      warmupSteps: 100,
      baseWarmupSteps: 1_200,
      udaSteps: 1_000,
      randAugment: { count: 2, magnitude: 10 },
      finetuneEpochs: 8,
      finetuneLearningRate: 1e-3,
      finetuneMomentum: 0.9,
    },
  },
  {
    name: 'released',
    label: 'Released command',
    why: 'The command in the released program’s README, flag by flag. It expects ImageNet weights and a GPU.',
    config: {
      seed: 5,
      classCount: 7,
      totalSteps: 180_000,
      evaluateEvery: 100,
      randAugment: { count: 2, magnitude: 16 },
      batchSize: 32,
      baseLearningRate: 1e-3,
      adaptationLearningRate: 1e-3,
      mixedPrecision: true,
      imageSize: 224,
      worldSize: 2,
      workers: 16,
    },
  },
  {
    name: 'full',
    label: 'Full',
    why: 'ResNet-50 at 224 pixels with the base network trained alone first: the setting for a GPU and days.',
    config: {
      architecture: 'resnet50',
      imageSize: 224,
      batchSize: 32,
      mu: 7,
      totalSteps: 180_000,
      evaluateEvery: 1_000,
      baseLearningRate: 1e-3,
      adaptationLearningRate: 1e-3,
      baseWarmupSteps: 10_000,
      randAugment: { count: 2, magnitude: 10 },
      mixedPrecision: true,
      ema: 0.999,
    },
  },
];
