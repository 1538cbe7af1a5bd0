import { loadTensorFlow } from '../../tensorflow/runtime.ts';
import { graphExecutor } from '../../training/executor.ts';
import { createNetwork, initialValues } from '../../training/network.ts';
import { predictorOf } from '../../training/predictor.ts';
import { architectureOf } from '../../training/resnet.ts';
import type { WorkloadOf } from '../protocol.ts';
import { learnedNumbers, randomImages } from './random-input.ts';
import type { PreparedWorkload } from './serve.ts';

/** Class probabilities of a batch of images, as one graph whose weights are constants. */
export async function prepareInference(workload: WorkloadOf<'inference'>): Promise<PreparedWorkload> {
  const { architecture, classCount, imageSize, batchSize, precision } = workload;
  const { library, runtime } = await loadTensorFlow();
  const shape = architectureOf({ architecture, width: 64, classCount });
  const network = createNetwork(shape, initialValues(shape, 0, 'weights-base'));
  const executor = graphExecutor(library, { precision });
  const predictor = predictorOf(executor, network, imageSize, { name: 'inference', weights: 'frozen' });
  const images = randomImages(batchSize, imageSize);
  return {
    versions: { node: process.versions.node, TensorFlow: runtime.version },
    parameters: learnedNumbers([network]),
    note: null,
    run: async (repetitions) => {
      for (let repetition = 0; repetition < repetitions; repetition++) await predictor.predict(images);
    },
  };
}
