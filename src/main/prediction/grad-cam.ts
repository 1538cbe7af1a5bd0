import * as tf from '@tensorflow/tfjs';
import type { StepDefinition } from '../tensorflow/capture/capture.ts';
import type { Network } from '../training/network.ts';
import { classify, lastStage } from '../training/resnet.ts';
import { imageFeed } from '../training/step.ts';

/** What is asked of a network about images. */
export type Inspected = 'logits' | 'features' | 'maps';

/**
 * A network looked into, in one pass: `logits` [count, classes]; `features` [count, features], the mean over the last stage's maps, which
 * the last layer decides by; `maps` [count, classes, height, width], the class activation of each class by Grad-CAM (Selvaraju et al.,
 * ICCV 2017), before any scaling: relu(Σₖ mean(∂logit/∂aₖ) · aₖ), a being the output of the last stage.
 *
 * The weights are taken as they are now, for good, so that TensorFlow folds batch normalisation into the convolutions.
 */
export function inspectionStep(
  network: Network,
  { name, count, imageSize }: { name: string; count: number; imageSize: number },
): StepDefinition<'images', Inspected> {
  return {
    name: `inspect-${name}-${count}`,
    variables: 'frozen',
    feeds: { images: imageFeed(count, imageSize) },
    step: ({ images }) => {
      const stage = lastStage(network.architecture, network.variables, images as tf.Tensor4D);
      const { logits, features, backward } = classify(network.variables, stage);
      const [, classes] = logits.shape;
      const maps = Array.from({ length: classes }, (_, index) => {
        const ofClass = tf.tensor2d(oneHotRows(count, classes, index), [count, classes]);
        const importance = tf.mean(backward(ofClass), [1, 2], true);
        return tf.relu(tf.sum(tf.mul(importance, stage), 3));
      });
      return { logits, features, maps: tf.stack(maps, 1) };
    },
  };
}

/** The features alone, for many images. */
export function featureStep(
  network: Network,
  { name, count, imageSize }: { name: string; count: number; imageSize: number },
): StepDefinition<'images', 'features'> {
  return {
    name: `features-${name}-${count}`,
    variables: 'frozen',
    feeds: { images: imageFeed(count, imageSize) },
    step: ({ images }) => {
      const stage = lastStage(network.architecture, network.variables, images as tf.Tensor4D);
      return { features: classify(network.variables, stage).features };
    },
  };
}

/** The gradient of one class's logit in the logits. */
function oneHotRows(count: number, classes: number, index: number): Float32Array {
  return Float32Array.from({ length: count * classes }, (_, position) => (position % classes === index ? 1 : 0));
}
