import * as tf from '@tensorflow/tfjs';
import type { FeedbackMode } from '#shared/training.ts';
import { movingAverage } from './optimizer.ts';

/**
 * The circuit feedback: how much one step on the base network's pseudo labels helped the adaptation network, as a factor on the base
 * network's loss for those labels.
 *
 * Its sign. Let θ_b be the base network's weights, θ' = θ - η ∇ CE(ŷ; θ) the adaptation network's weights after its step on pseudo labels ŷ
 * drawn from the base network, and J = L(θ') the adaptation network's loss on labeled images, which the base network is to lower. With
 * REINFORCE, dJ/dθ_b = E[L(θ') · ∇ log p(ŷ; θ_b)]. Subtracting the old loss L(θ), which does not depend on ŷ, leaves the expectation the
 * same and makes it an advantage: E[(L(θ') - L(θ)) · ∇ log p(ŷ)] = E[(old - new) · ∇ CE(ŷ)], because CE = -log p. Gradient descent on
 * `(old - new) · CE(ŷ)` therefore lowers J: a label that helped (old > new) gets a positive weight and becomes more probable.
 *
 * - `released`, the released program's: old - new, as derived, though both are measured in training mode under different batches.
 * - `flipped`: new - old, the sign disputed in other implementations; for ablation.
 * - `off`: none.
 * - `paper`: old - new measured in evaluation mode, less its moving average (decay 0.99, from zero, this step taken in first).
 */
const BASELINE_DECAY = 0.99;

/**
 * @param old and @param updated labeled loss of the adaptation network before and after its step.
 * @param baseline moving average of the gain so far; `paper` moves it.
 */
export function feedbackSignal(
  mode: FeedbackMode,
  old: tf.Scalar,
  updated: tf.Scalar,
  baseline: tf.Variable,
): tf.Scalar {
  switch (mode) {
    case 'released':
      return tf.sub(old, updated);
    case 'flipped':
      return tf.sub(updated, old);
    case 'off':
      return tf.zerosLike(old);
    case 'paper': {
      const gain = tf.sub(old, updated);
      baseline.assign(movingAverage(baseline, gain, BASELINE_DECAY));
      return tf.sub(gain, baseline);
    }
  }
}
