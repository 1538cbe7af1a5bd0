import { RandomStream } from '#shared/random.ts';
import { trainingConfigSchema } from '#shared/training.ts';
import { ProcessGroup } from '../../tensorflow/capture/collectives.ts';
import { loadTensorFlow } from '../../tensorflow/runtime.ts';
import { graphExecutor } from '../../training/executor.ts';
import { replicaExecutor } from '../../training/replica-executor.ts';
import { newTrainingState, networksOf } from '../../training/training-state.ts';
import { trainingStepper } from '../../training/training-steps.ts';
import type { WorkloadOf } from '../protocol.ts';
import { learnedNumbers, randomImages } from './random-input.ts';
import type { PreparedWorkload } from './serve.ts';

/** So small that the weights stay about where they are: no loss becomes infinite or vanishes, however long it is run. */
const LEARNING_RATE = 1e-4;

/** Steps exactly as a run makes them, on the same random batch each time. */
export async function prepareTrainingStep(
  workload: WorkloadOf<'supervised-step' | 'meta-step'>,
): Promise<PreparedWorkload> {
  const { imageSize, batchSize, classCount, precision } = workload;
  const mu = workload.kind === 'meta-step' ? workload.mu : 0;
  const { library, runtime } = await loadTensorFlow();
  const config = trainingConfigSchema.parse({
    ...workload,
    method: mu === 0 ? 'supervised' : 'meta-face2exp',
    mu: Math.max(1, mu),
    baseLearningRate: LEARNING_RATE,
    adaptationLearningRate: LEARNING_RATE,
  });
  const state = await newTrainingState(config);
  const cluster = workload.kind === 'meta-step' ? workload.cluster : undefined;
  const replicas =
    cluster === undefined
      ? null
      : replicaExecutor(library, { precision, cluster }, new ProcessGroup(cluster, '/device:CPU:0'), () => null);
  const executor = replicas ?? graphExecutor(library, { precision });
  const runStep = trainingStepper(config, state, replicas?.together ?? executor, { replicas: replicas?.group });
  const random = new RandomStream(0, 'view-labeled');
  const batch = {
    images: randomImages(batchSize * (1 + 2 * mu), imageSize),
    labels: Int32Array.from({ length: batchSize }, () => random.integer(classCount)),
    labelWeights: new Float32Array(batchSize).fill(1),
  };
  let step = 0;
  let exchanging = 0;
  return {
    versions: { node: process.versions.node, TensorFlow: runtime.version },
    parameters: learnedNumbers(networksOf(state).map(([, network]) => network)),
    note: null,
    exchangeMilliseconds: () => exchanging,
    run: async (repetitions) => {
      exchanging = 0;
      for (let repetition = 0; repetition < repetitions; repetition++) {
        await runStep(step++, batch);
        exchanging += replicas?.exchangeMilliseconds() ?? 0;
      }
    },
  };
}
