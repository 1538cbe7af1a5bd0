import { setImmediate } from 'node:timers/promises';
import { finetuneBatches, finetuneBatchPlan } from './batches.ts';
import type { Tensors } from './checkpoint.ts';
import { graphExecutor } from './executor.ts';
import { type Learner, learnerVariables } from './learner.ts';
import { checkFinite, requestedEnd, type RunContext, saveRun } from './run-context.ts';
import { dropoutSeed } from './step.ts';
import { supervisedStep } from './supervised-step.ts';
import { exportLearner } from './training-state.ts';

/**
 * Fine-tunes a network on the labeled images, as the released program does with its best adaptation network: constant learning rate, the
 * labeled view, every image about once an epoch. Goes on from `run.progress.finetuneSteps`, and saves `last` as often as training does.
 *
 * @param trained everything that training left, which `last` keeps.
 * @returns how the person ended it early, or null when it is complete.
 */
export async function finetune(
  run: RunContext,
  learner: Learner,
  trained: Tensors,
): Promise<'paused' | 'stopped' | null> {
  const { config, manifest, emit, progress } = run;
  const { batchSize, stepsPerEpoch } = finetuneBatchPlan(config, manifest.labeled.length);
  const executor = graphExecutor(run.library, run.session);
  const batches = finetuneBatches(run, config, manifest.labeled);
  const totalSteps = config.finetuneEpochs * stepsPerEpoch;
  const save = async (): Promise<void> => {
    await executor.readVariables(learnerVariables(learner));
    await saveRun(run, new Map([...trained, ...(await exportLearner('finetuned', learner))]), ['last']);
  };
  let epochLosses: number[] = [];
  try {
    const runner = executor.prepare(supervisedStep(learner, null, { ...config, batchSize, name: 'finetuned' }));
    for (let step = progress.finetuneSteps ?? 0; step < totalSteps; step++) {
      progress.finetuneSteps = step;
      const end = requestedEnd(run);
      if (end !== null) {
        await save();
        return end;
      }
      const { images, labels, labelWeights, release } = await batches.take(step, totalSteps);
      // The complement keeps these draws apart from those of training.
      const seed = dropoutSeed(~config.seed, step);
      const { loss } = await runner.run({
        images,
        labels,
        labelWeights,
        learningRate: config.finetuneLearningRate,
        dropoutSeed: seed,
      });
      release();
      checkFinite({ loss: loss[0]! }, `step ${step} of fine-tuning`);
      epochLosses.push(loss[0]!);
      if ((step + 1) % stepsPerEpoch === 0) {
        const mean = epochLosses.reduce((sum, value) => sum + value, 0) / epochLosses.length;
        emit({ type: 'finetune', epoch: (step + 1) / stepsPerEpoch, epochs: config.finetuneEpochs, loss: mean });
        epochLosses = [];
      }
      if ((step + 1) % config.evaluateEvery === 0) {
        progress.finetuneSteps = step + 1;
        await save();
      }
      await setImmediate();
    }
    progress.finetuneSteps = totalSteps;
    await executor.readVariables(learnerVariables(learner));
    return null;
  } finally {
    await batches.drain();
    await executor.close();
  }
}
