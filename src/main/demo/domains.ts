import type { ExpressionVariety } from './action-units.ts';
import type { IdentityVariety } from './identity.ts';
import type { SceneVariety } from './scene.ts';

/** How the people, their expressions and their pictures vary in a set. */
export interface Domain {
  readonly identity: IdentityVariety;
  readonly expression: ExpressionVariety;
  readonly scene: SceneVariety;
}

/** Mixed faces put a ceiling on any network's accuracy, as in real sets; the intensities keep small pictures readable. */
const EXPRESSION: ExpressionVariety = { leastIntensity: 0.8, mixedShare: 0.1, largestMix: 0.42 };

/** Pictures collected for expression recognition: nearly frontal, evenly lit. */
export const EXPRESSION_DOMAIN: Domain = {
  identity: { glasses: 0.1, sunglasses: 0, headwear: 0.05, beard: 0.1, skinBias: 1.1, spread: 0.5 },
  expression: EXPRESSION,
  scene: {
    yaw: 0.05,
    pitch: 0.03,
    roll: 0.025,
    scale: [0.48, 0.51],
    shift: 0.006,
    backdrops: ['plain', 'gradient', 'stripes', 'window'],
    backdropDarkness: [0, 0.35],
    lightStrength: [0.05, 0.16],
    lightTint: 0.25,
    exposure: [0.93, 1.05],
    contrast: [0.95, 1.05],
    greyShare: 0.03,
    blur: [0, 0.2],
    noise: [0.003, 0.012],
  },
};

/** Pictures collected for face recognition: other people in the wild, more turned, worse lit, more often covered. */
export const RECOGNITION_DOMAIN: Domain = {
  identity: { glasses: 0.18, sunglasses: 0.02, headwear: 0.12, beard: 0.16, skinBias: 0.8, spread: 0.6 },
  expression: EXPRESSION,
  scene: {
    yaw: 0.07,
    pitch: 0.04,
    roll: 0.03,
    scale: [0.47, 0.52],
    shift: 0.008,
    backdrops: ['gradient', 'lights', 'lights', 'window'],
    backdropDarkness: [0.2, 0.75],
    lightStrength: [0.08, 0.26],
    lightTint: 0.6,
    exposure: [0.86, 1.08],
    contrast: [0.9, 1.08],
    greyShare: 0.06,
    blur: [0, 0.4],
    noise: [0.005, 0.018],
  },
};
