import * as tf from '@tensorflow/tfjs';
import { loadTensorFlow } from '../../tensorflow/runtime.ts';
import { capture } from '../../tensorflow/capture/capture.ts';
import { GraphSession } from '../../tensorflow/capture/session.ts';
import { createNetwork, initialValues } from '../../training/network.ts';
import { architectureOf, evaluationPass } from '../../training/resnet.ts';
import { imageFeed } from '../../training/step.ts';
import type { WorkloadOf } from '../protocol.ts';
import { learnedNumbers, randomImages } from './random-input.ts';
import type { PreparedWorkload } from './serve.ts';

/** Class probabilities of a batch of images, as one graph whose weights are constants. */
export async function prepareInference(workload: WorkloadOf<'inference'>): Promise<PreparedWorkload> {
  const { architecture, classCount, imageSize, batchSize, precision } = workload;
  const { library, runtime } = await loadTensorFlow();
  const shape = architectureOf({ architecture, width: 64, classCount });
  const network = createNetwork(shape, initialValues(shape, 0, 'weights-base'));
  const predict = capture(new GraphSession(library, { precision }), {
    name: 'inference',
    variables: 'frozen',
    feeds: { images: imageFeed(batchSize, imageSize) },
    step: ({ images }) => ({
      probabilities: tf.softmax(evaluationPass(network.architecture, network.variables, images as tf.Tensor4D)),
    }),
  });
  const images = randomImages(batchSize, imageSize);
  return {
    versions: { node: process.versions.node, TensorFlow: runtime.version },
    parameters: learnedNumbers([network]),
    note: null,
    run: async (repetitions) => {
      for (let repetition = 0; repetition < repetitions; repetition++) await predict.run({ images });
    },
  };
}
