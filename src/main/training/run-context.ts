import { StudioError } from '#shared/errors.ts';
import type { Best, TrainingConfig, TrainingManifest } from '#shared/training.ts';
import type { ClusterMember, Precision, SessionOptions } from '../tensorflow/capture/config-proto.ts';
import type { ImageSource } from './batches.ts';
import { saveCheckpoint, type Tensors } from './checkpoint.ts';
import type { TrainingEvent } from './events.ts';

/** What the person may ask for while a run goes on; looked at before every step. */
export interface RunControl {
  pauseRequested(): boolean;
  stopRequested(): boolean;
}

/** How far a run is: with the weights, all that a checkpoint holds. */
export interface RunProgress {
  /** Steps done. */
  step: number;
  /** Steps of fine-tuning done; null before it. */
  finetuneSteps: number | null;
  best: Best | null;
  /** The best of the adaptation network and its average: what fine-tuning starts from. */
  bestAdaptation: Best | null;
}

/** One run while it goes on. */
export interface RunContext extends ImageSource {
  readonly config: TrainingConfig;
  readonly manifest: TrainingManifest;
  /** The run's own folder, where its checkpoints go. */
  readonly directory: string;
  readonly control: RunControl;
  readonly emit: (event: TrainingEvent) => void;
  readonly progress: RunProgress;
  /** Path of the TensorFlow library, for the executors. */
  readonly library: string;
  /** Devices that share each batch; none where TensorFlow chooses the only one. */
  readonly towers: readonly string[];
  readonly session: SessionOptions & { readonly precision: Precision };
  readonly deviceType: 'CPU' | 'GPU';
  /** The processes that train together, and which this one is; null where it trains alone. */
  readonly cluster: ClusterMember | null;
  /** Devices the run began with, of all processes together: learning rates are scaled by what there are now. */
  readonly firstDevices: number;
}

/** The one process that writes checkpoints, scores and curves. */
export function isWriter({ cluster }: Pick<RunContext, 'cluster'>): boolean {
  return cluster === null || cluster.task === 0;
}

/** Devices that share each batch, of all processes together. */
export function deviceCount({ towers, cluster }: Pick<RunContext, 'towers' | 'cluster'>): number {
  return Math.max(1, towers.length) * (cluster?.addresses.length ?? 1);
}

/** How the person wants the run to end before the next step, if at all. */
export function requestedEnd({ control }: Pick<RunContext, 'control'>): 'paused' | 'stopped' | null {
  if (control.stopRequested()) return 'stopped';
  return control.pauseRequested() ? 'paused' : null;
}

/** Saves checkpoints of the run as it is now under one or several names; of several processes one does. */
export async function saveRun(run: RunContext, tensors: Tensors, names: readonly string[]): Promise<void> {
  if (!isWriter(run)) return;
  const { config, manifest, directory, progress, bad, firstDevices, emit } = run;
  const devices = deviceCount(run);
  for (const name of names) {
    const state = { ...progress, config, classes: manifest.classes, badImages: bad.ids, devices, firstDevices };
    await saveCheckpoint(directory, name, state, tensors);
    emit({ type: 'checkpoint', name, step: progress.step, best: progress.best });
  }
}

/**
 * A loss that is not a number has spoilt the weights of this step: nothing is saved any more.
 * @throws StudioError 'bad-input'.
 */
export function checkFinite(losses: Readonly<Record<string, number | null>>, where: string): void {
  const spoilt = Object.entries(losses).find(([, value]) => value !== null && !Number.isFinite(value));
  if (spoilt === undefined) return;
  throw new StudioError('bad-input', `The training diverged in ${where}: ${spoilt[0]} is ${spoilt[1]}.`, {
    hint: 'Start again with lower learning rates or gradient clipping. Earlier checkpoints are intact.',
  });
}
