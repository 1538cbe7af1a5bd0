import { StudioError } from '#shared/errors.ts';
import { loadTensorFlow } from '../tensorflow/runtime.ts';
import type { GoldenResult } from './goldens/comparison.ts';
import { runFinetuneGoldens } from './goldens/finetune.ts';
import { runForwardGoldens } from './goldens/forward.ts';
import { runMetaStepGoldens } from './goldens/meta-step.ts';
import { runScheduleGoldens } from './goldens/schedule.ts';

export type { GoldenResult } from './goldens/comparison.ts';

const RUNNERS: Readonly<Record<string, (folder: string, library: string) => Promise<GoldenResult[]>>> = {
  schedule: runScheduleGoldens,
  forward: runForwardGoldens,
  finetune: runFinetuneGoldens,
  'meta-step': runMetaStepGoldens,
};

/**
 * Compares training with numbers that PyTorch computed.
 *
 * @param group `schedule`, `forward`, `finetune` or `meta-step`. @param folder a set of goldens; every setting is read from it.
 * @throws StudioError when the group is another one, or the set cannot be read.
 */
export async function runTrainingGoldens(group: string, folder: string): Promise<GoldenResult[]> {
  const run = RUNNERS[group];
  if (run === undefined) {
    throw new StudioError('usage', `There are no training goldens named ${group}.`, {
      hint: `Groups are ${Object.keys(RUNNERS).join(', ')}.`,
    });
  }
  // One thread adds numbers in one order whatever the machine. A rectifier's input within rounding of zero goes either way otherwise, and
  // the network then takes another path altogether: a meta step of 20 images at random weights is that sensitive. Read when TensorFlow loads.
  process.env['TF_NUM_INTRAOP_THREADS'] ??= '1';
  const { library } = await loadTensorFlow();
  return run(folder, library);
}
