import * as tf from '@tensorflow/tfjs';
import type { StepDefinition } from '../tensorflow/capture/capture.ts';
import { CaptureCache } from '../tensorflow/capture/capture-cache.ts';
import type { StepExecutor } from './executor.ts';
import { type Network, networkVariables } from './network.ts';
import { classify, evaluationPass, lastStage } from './resnet.ts';
import { imageFeed, type StepRunner } from './step.ts';

/** A network made ready to predict. */
export interface Predictor {
  /**
   * Class probabilities of images.
   * @param images [count, imageSize, imageSize, 3], normalised; copied before this returns its promise.
   * @returns [count × classes], rows summing to one.
   */
  predict(images: Float32Array): Promise<Float32Array>;
}

/**
 * Makes a network ready to predict as a TensorFlow graph, captured once for each number of images it meets: these should be few.
 *
 * @param name for messages. @param weights `frozen` takes the network's weights as they are now, for good, so that TensorFlow computes
 * what depends on them alone only once; `live` follows the executor's variables while it trains them.
 */
export function predictorOf(
  executor: StepExecutor,
  network: Network,
  imageSize: number,
  { name, weights }: { name: string; weights: 'frozen' | 'live' },
): Predictor {
  const runners = new CaptureCache<'images', StepRunner<'images', 'probabilities'>>(({ images: [count] }) =>
    executor.prepare(predictionStep(network, count!, imageSize, { name, weights })),
  );
  return {
    async predict(images) {
      const count = images.length / (imageSize * imageSize * CHANNELS);
      const { shape } = imageFeed(count, imageSize);
      const { probabilities } = await runners.for({ images: shape }).run({ images });
      return probabilities as Float32Array;
    },
  };
}

/** A network made ready to tell also what its last layer sees. */
export interface FeaturePredictor {
  /**
   * @param images as of {@link Predictor}.
   * @returns [count × classes] probabilities, and [count × features] the mean of each feature over the image.
   */
  predict(images: Float32Array): Promise<{ probabilities: Float32Array; features: Float32Array }>;
}

/** As {@link predictorOf}, with frozen weights. @param count images of every batch. */
export function featurePredictorOf(
  executor: StepExecutor,
  { architecture, variables }: Network,
  imageSize: number,
  { name, count }: { name: string; count: number },
): FeaturePredictor {
  const runner = executor.prepare<'images', 'probabilities' | 'features'>({
    name: `features-${name}-${count}`,
    variables: 'frozen',
    feeds: { images: imageFeed(count, imageSize) },
    step: ({ images }) => {
      const { logits, features } = classify(variables, lastStage(architecture, variables, images as tf.Tensor4D));
      return { probabilities: tf.softmax(logits), features };
    },
  });
  return {
    predict: async (images) => {
      const { probabilities, features } = await runner.run({ images });
      return { probabilities: probabilities as Float32Array, features: features as Float32Array };
    },
  };
}

const CHANNELS = 3;

function predictionStep(
  network: Network,
  count: number,
  imageSize: number,
  { name, weights }: { name: string; weights: 'frozen' | 'live' },
): StepDefinition<'images', 'probabilities'> {
  return {
    name: `predict-${name}-${count}`,
    variables: weights === 'frozen' ? 'frozen' : networkVariables(network),
    feeds: { images: imageFeed(count, imageSize) },
    step: ({ images }) => ({
      probabilities: tf.softmax(evaluationPass(network.architecture, network.variables, images as tf.Tensor4D)),
    }),
  };
}
