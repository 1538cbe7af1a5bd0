import { writeFileSync } from 'node:fs';
import { RandomStream } from '#shared/random.ts';
import type { TrainingConfig } from '#shared/training.ts';
import { writeSafetensors } from '#main/interchange/safetensors.ts';
import { ProcessGroup } from '#main/tensorflow/capture/collectives.ts';
import { loadTensorFlow } from '#main/tensorflow/runtime.ts';
import type { StepExecutor } from '#main/training/executor.ts';
import { replicaExecutor } from '#main/training/replica-executor.ts';
import { type Batch, type StepReport, type StepSharing, trainingStepper } from '#main/training/training-steps.ts';
import {
  exportTrainingState,
  newTrainingState,
  stateVariables,
  type TrainingState,
} from '#main/training/training-state.ts';

export const STEPS = 20;

/** A whole batch shared by so many processes, of which `rank` gets its part; all of it for rank null. */
export function batchOf(config: TrainingConfig, step: number, processes: number, rank: number | null): Batch {
  const { batchSize, mu, imageSize, classCount, method } = config;
  const stream = new RandomStream(step, 'demo');
  const length = imageSize * imageSize * 3;
  const parts = method === 'supervised' ? [batchSize] : [batchSize, batchSize * mu, batchSize * mu];
  const labels = Int32Array.from({ length: batchSize * processes }, (_, index) => (index + step) % classCount);
  const whole = parts.map((count) => Float32Array.from({ length: count * processes * length }, () => stream.normal()));
  const own = whole.map((values, part) => {
    const size = parts[part]! * length;
    return rank === null ? values : values.subarray(rank * size, (rank + 1) * size);
  });
  return {
    images: Float32Array.from(own.flatMap((values) => [...values])),
    labels: rank === null ? labels : labels.slice(rank * batchSize, (rank + 1) * batchSize),
    // Weights that differ from process to process.
    labelWeights: Float32Array.from(
      rank === null ? labels.keys() : Array.from({ length: batchSize }, (_, index) => rank * batchSize + index),
      (index) => 0.5 + (index % 3) / 2,
    ),
  };
}

/** Makes all steps of a run. @returns what they reported. */
export async function makeSteps(
  config: TrainingConfig,
  executor: StepExecutor,
  sharing: StepSharing,
  batchAt: (step: number) => Batch,
): Promise<{ reports: StepReport[]; state: TrainingState }> {
  const state = await newTrainingState(config);
  const step = trainingStepper(config, state, executor, sharing);
  const reports: StepReport[] = [];
  for (let index = 0; index < STEPS; index++) reports.push(await step(index, batchAt(index)));
  await executor.readVariables(stateVariables(state));
  return { reports, state };
}

/** One of the processes that share the steps: task, addresses by commas, settings as JSON, and the file it leaves its state in. */
async function main(task: number, addresses: string[], config: TrainingConfig, file: string): Promise<void> {
  const { library } = await loadTensorFlow();
  const cluster = { addresses, task };
  const replicas = new ProcessGroup(cluster, '/device:CPU:0');
  const executor = replicaExecutor(library, { cluster }, replicas, () => null);
  const { reports, state } = await makeSteps(config, executor.together, { replicas }, (step) =>
    batchOf(config, step, addresses.length, task),
  );
  await writeSafetensors(file, await exportTrainingState(state));
  writeFileSync(
    `${file}.json`,
    JSON.stringify(reports.map(({ weakLabels: _, ...report }: StepReport & { weakLabels?: unknown }) => report)),
  );
  process.exit(0);
}

const [task, addresses, config, file] = process.argv.slice(2);
if (file !== undefined && import.meta.filename === process.argv[1]) {
  await main(Number(task), addresses!.split(','), JSON.parse(config!) as TrainingConfig, file);
}
