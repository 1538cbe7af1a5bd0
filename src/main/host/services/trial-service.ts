import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StudioError, deserializeError } from '#shared/errors.ts';
import type { RunRequest, StepMetrics, TrainingConfig, TrainingManifest, Trial } from '#shared/training.ts';
import { peakResidentBytes } from '../../bench/process-memory.ts';
import type { FromEngine } from '../../engine/messages.ts';
import { EngineProcess } from '../engine-process.ts';
import type { Workspace } from '../workspace.ts';
import { engineEnvironment } from './active-run.ts';
import type { RunService } from './run-service.ts';

/** The first steps of a kind, in which TensorFlow still chooses kernels and takes memory, and those that are timed after them. */
const SETTLING_STEPS = 3;
const TIMED_STEPS = 5;
const STEPS = SETTLING_STEPS + TIMED_STEPS;

const FOLDER_PREFIX = 'trial-';

/** Validation images of a trial: its one evaluation is not timed. */
const VALIDATION_IMAGES = 16;

/** Times a few steps of a run that was not started, in an engine and a folder of its own, and leaves nothing behind. */
export class TrialService {
  readonly #workspace: Workspace;
  readonly #runs: RunService;
  #engine: EngineProcess | undefined;

  constructor(workspace: Workspace, runs: RunService) {
    this.#workspace = workspace;
    this.#runs = runs;
    // A host that was killed in the middle of one could not.
    for (const name of readdirSync(workspace.directory)) {
      if (name.startsWith(FOLDER_PREFIX)) rmSync(join(workspace.directory, name), { recursive: true, force: true });
    }
  }

  /**
   * @param signal ends the trial early. @throws StudioError 'conflict' while a run or another trial is on the machine; what the run itself
   * would throw; 'cancelled'.
   */
  async time(request: RunRequest, signal?: AbortSignal): Promise<Trial> {
    if (this.#runs.isBusy || this.#engine !== undefined) {
      const what = this.#engine === undefined ? 'A run trains' : 'Another trial goes on';
      throw new StudioError('conflict', `${what} now: it and a trial would slow each other down.`, {
        hint: 'Wait for its end, or pause it.',
      });
    }
    const { config, manifest } = this.#runs.prepare(request);
    const directory = mkdtempSync(join(this.#workspace.directory, FOLDER_PREFIX));
    try {
      writeTrial(directory, config, manifest);
      return await this.#run(directory, config, signal);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }

  async close(): Promise<void> {
    await this.#engine?.close();
  }

  async #run(directory: string, config: TrainingConfig, signal: AbortSignal | undefined): Promise<Trial> {
    const steps: StepMetrics[] = [];
    let device = '';
    let memoryBytes: number | null = null;
    let end: 'trained' | StudioError | undefined;
    const engine = new EngineProcess(
      (message: FromEngine) => {
        if (message.kind === 'training' && message.event.type === 'started') device = message.event.device;
        if (message.kind === 'training' && message.event.type === 'step') {
          steps.push(message.event.metrics);
          memoryBytes = engine.pid === undefined ? memoryBytes : (peakResidentBytes(engine.pid) ?? memoryBytes);
        }
        if (message.kind === 'trained') end = 'trained';
        if (message.kind === 'failed') end = deserializeError(message.error);
        if (end !== undefined) void engine.close();
      },
      { environment: engineEnvironment(config) },
    );
    this.#engine = engine;
    const cancel = (): void => void engine.close();
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      engine.send({ kind: 'train', directory });
      const exit = await engine.exited;
      if (end === 'trained') return { ...timesOf(steps, config), memoryBytes, device };
      if (signal?.aborted === true) throw new StudioError('cancelled', 'The trial was cancelled.');
      throw end ?? engine.crash(exit);
    } finally {
      signal?.removeEventListener('abort', cancel);
      this.#engine = undefined;
    }
  }
}

/** Steps of the base network alone that a trial has: enough to time them, or as few as the run itself has. */
function aloneSteps({ method, baseWarmupSteps }: TrainingConfig): number {
  return method === 'meta-face2exp' ? Math.min(baseWarmupSteps, STEPS) : 0;
}

function writeTrial(directory: string, config: TrainingConfig, manifest: TrainingManifest): void {
  const baseWarmupSteps = aloneSteps(config);
  const totalSteps = baseWarmupSteps + STEPS;
  const trial: TrainingConfig = {
    ...config,
    ...{ totalSteps, baseWarmupSteps, startStep: 0, evaluateEvery: totalSteps },
    ...{ finetuneEpochs: 0, checkpointEvery: 0, tensorBoard: false },
  };
  const short: TrainingManifest = { ...manifest, validation: manifest.validation.slice(0, VALIDATION_IMAGES) };
  writeFileSync(join(directory, 'config.json'), JSON.stringify(trial));
  writeFileSync(join(directory, 'manifest.json'), JSON.stringify(short));
}

function timesOf(
  steps: readonly StepMetrics[],
  config: TrainingConfig,
): Pick<Trial, 'aloneMilliseconds' | 'fullMilliseconds'> {
  const alone = aloneSteps(config);
  const first = medianTime(steps.filter(({ step }) => step < alone));
  const later = medianTime(steps.filter(({ step }) => step >= alone));
  const isMeta = config.method === 'meta-face2exp';
  return { aloneMilliseconds: isMeta ? first : later, fullMilliseconds: isMeta ? later : null };
}

/** The middle time of the steps after the settling ones, milliseconds; null when there are none. */
function medianTime(steps: readonly StepMetrics[]): number | null {
  const times = steps
    .slice(SETTLING_STEPS)
    .map(({ dataMilliseconds, stepMilliseconds }) => dataMilliseconds + stepMilliseconds)
    .sort((a, b) => a - b);
  return times[Math.floor(times.length / 2)] ?? null;
}
