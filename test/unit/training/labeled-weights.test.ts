import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TrainingConfig } from '#shared/training.ts';
import { loadTensorFlow } from '#main/tensorflow/runtime.ts';
import type { Tensors } from '#main/training/checkpoint.ts';
import { graphExecutor } from '#main/training/executor.ts';
import { type Batch, type StepReport, type StepSharing, trainingStepper } from '#main/training/training-steps.ts';
import { exportTrainingState, newTrainingState, stateVariables } from '#main/training/training-state.ts';
import { batchOf } from './replica-child.ts';
import { removeRunFolders, smallConfig } from './small-run.ts';

let library: string;
beforeAll(async () => {
  ({ library } = await loadTensorFlow());
});
afterAll(removeRunFolders);

/** What two steps come to. */
async function trained(
  config: TrainingConfig,
  change: (batch: Batch) => Batch,
  sharing: StepSharing = {},
): Promise<{ tensors: Tensors; reports: StepReport[] }> {
  const executor = graphExecutor(library);
  try {
    const state = await newTrainingState(config);
    const makeStep = trainingStepper(config, state, executor, sharing);
    const reports: StepReport[] = [];
    for (let step = 0; step < 2; step++) reports.push(await makeStep(step, change(batchOf(config, step, 1, null))));
    await executor.readVariables(stateVariables(state));
    return { tensors: await exportTrainingState(state), reports };
  } finally {
    await executor.close();
  }
}

/** Names of networks whose weights differ. */
function changed(one: Tensors, other: Tensors): string[] {
  const names = [...one.keys()].filter((name) => {
    const [data, others] = [one.get(name)!.data, other.get(name)!.data];
    for (let index = 0; index < data.length; index++) if (data[index] !== others[index]) return true;
    return false;
  });
  return [...new Set(names.filter((name) => name.endsWith('.weight')).map((name) => name.split('.')[0]!))].toSorted();
}

describe.each([
  // Without feedback: that measures all labeled images alike, whatever they count for.
  ['meta-face2exp', ['adaptation', 'base']],
  ['fixmatch', ['adaptation']],
  ['supervised', ['adaptation']],
] as const)('%s', (method, networks) => {
  const config = smallConfig({
    ...{ method, feedback: 'off', adaptationLabeledWeight: 1, ema: 0 },
    ...{ baseDropout: 0, adaptationDropout: 0, warmupSteps: 0 },
  });
  const withLabel = (first: number, weight: number) => (batch: Batch) => ({
    ...batch,
    labels: batch.labels.with(0, first),
    labelWeights: batch.labelWeights.with(0, weight),
  });

  test('nothing is learned from an image that counts for nothing', async () => {
    const [one, other] = [await trained(config, withLabel(0, 0)), await trained(config, withLabel(1, 0))];
    expect(changed(one.tensors, other.tensors)).toEqual([]);
  });

  test('the label of one that counts is learned', async () => {
    const [one, other] = [await trained(config, withLabel(0, 1)), await trained(config, withLabel(1, 1))];
    expect(changed(one.tensors, other.tensors)).toEqual(networks);
  });
});

test('a run with half the devices that it began with learns at half the rate', async () => {
  const config = smallConfig({ baseLearningRate: 0.02, adaptationLearningRate: 0.04 });
  const half = { ...config, baseLearningRate: 0.01, adaptationLearningRate: 0.02 };
  const asIs = (batch: Batch): Batch => batch;
  const scaled = await trained(config, asIs, { rateFactor: 0.5 });
  const expected = await trained(half, asIs);
  expect(changed(scaled.tensors, expected.tensors)).toEqual([]);
  expect(scaled.reports).toEqual(expected.reports);
  expect(changed((await trained(config, asIs)).tensors, expected.tensors)).not.toEqual([]);
});
