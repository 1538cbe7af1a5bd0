import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import type { ManifestImage } from '#shared/images.ts';
import { RandomStream } from '#shared/random.ts';
import { type TrainingConfig, trainingConfigSchema, type TrainingManifest } from '#shared/training.ts';
import type { TrainingEvent, TrainingOutcome } from '#main/training/events.ts';
import { trainRun } from '#main/training/loop.ts';

export const CLASSES = ['neutral', 'happy', 'sad'];

/** Noisy pictures, each class with a bright stripe in a place of its own, in a folder of their own. */
export async function drawManifest(): Promise<TrainingManifest> {
  const folder = newRunFolder();
  let id = 0;
  const draw = async (count: number, isLabeled: boolean): Promise<ManifestImage[]> => {
    const images: ManifestImage[] = [];
    for (let index = 0; index < count; index++) {
      const label = index % CLASSES.length;
      const path = join(folder, `${++id}.png`);
      await sharp(stripes(id, label), { raw: { width: 20, height: 20, channels: 3 } })
        .png()
        .toFile(path);
      images.push({ id, reference: { path, encoding: 'file' }, label: isLabeled ? label : -1 });
    }
    return images;
  };
  return {
    classes: CLASSES,
    labeled: await draw(21, true),
    unlabeled: await draw(30, false),
    validation: await draw(12, true),
  };
}

function stripes(seed: number, label: number): Uint8Array {
  const stream = new RandomStream(seed, 'demo');
  return Uint8Array.from({ length: 20 * 20 * 3 }, (_, position) => {
    const row = Math.floor(position / 60);
    return stream.integer(120) + (Math.floor(row / 7) === label ? 130 : 0);
  });
}

export function smallConfig(changes: Partial<TrainingConfig> = {}): TrainingConfig {
  return trainingConfigSchema.parse({
    ...{
      architecture: 'resnet18',
      width: 4,
      classCount: 3,
      imageSize: 16,
      batchSize: 4,
      mu: 2,
      totalSteps: 10,
      evaluateEvery: 4,
    },
    ...{
      baseLearningRate: 0.02,
      adaptationLearningRate: 0.02,
      finetuneEpochs: 2,
      finetuneBatchSize: 8,
      finetuneLearningRate: 0.01,
    },
    ...{ seed: 3, workers: 1, ema: 0.9, nesterov: true, baseDropout: 0.2, adaptationDropout: 0.1, feedback: 'paper' },
    ...{ finetuneMomentum: 0.5, randAugment: { count: 1, magnitude: 5 } },
    ...changes,
  });
}

const folders: string[] = [];

/** A new folder, which {@link removeRunFolders} removes. */
export function newRunFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'face2exp-training-'));
  folders.push(folder);
  return folder;
}

export function removeRunFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

export interface RunResult {
  readonly outcome: TrainingOutcome;
  readonly events: TrainingEvent[];
}

/** @param pauseWhen asked at every step boundary with the events so far. */
export async function runSmall(
  config: TrainingConfig,
  manifest: TrainingManifest,
  directory: string,
  pauseWhen: (events: readonly TrainingEvent[]) => boolean = () => false,
): Promise<RunResult> {
  mkdirSync(directory, { recursive: true });
  const events: TrainingEvent[] = [];
  const control = { pauseRequested: () => pauseWhen(events), stopRequested: () => false };
  const outcome = await trainRun({ config, manifest, directory, control, emit: (event) => events.push(event) });
  return { outcome, events };
}

export function eventsOf<Type extends TrainingEvent['type']>(
  events: readonly TrainingEvent[],
  type: Type,
): Extract<TrainingEvent, { type: Type }>[] {
  return events.filter((event) => event.type === type) as Extract<TrainingEvent, { type: Type }>[];
}
