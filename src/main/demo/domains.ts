import type { ExpressionVariety } from './action-units.ts';
import type { IdentityVariety } from './identity.ts';
import type { SceneVariety } from './scene.ts';

/** How the people, their expressions and their pictures vary in a set. */
export interface Domain {
  readonly identity: IdentityVariety;
  readonly expression: ExpressionVariety;
  readonly scene: SceneVariety;
}

const EXPRESSION: ExpressionVariety = { leastIntensity: 0.6, mixedShare: 0.2, largestMix: 0.42 };

/** Pictures collected for expression recognition: nearly frontal, fairly lit. */
export const EXPRESSION_DOMAIN: Domain = {
  identity: { glasses: 0.14, sunglasses: 0, headwear: 0.06, beard: 0.16, skinBias: 1.1, spread: 1 },
  expression: EXPRESSION,
  scene: {
    yaw: 0.14,
    pitch: 0.08,
    roll: 0.07,
    scale: [0.44, 0.52],
    shift: 0.02,
    backdrops: ['plain', 'gradient', 'stripes', 'window'],
    backdropDarkness: [0, 0.35],
    lightStrength: [0.05, 0.32],
    lightTint: 0.5,
    exposure: [0.85, 1.1],
    contrast: [0.85, 1.1],
    greyShare: 0.08,
    blur: [0, 0.5],
    noise: [0.004, 0.022],
  },
};

/** Pictures collected for face recognition: the same faces in the wild, more turned, worse lit, more often covered. */
export const RECOGNITION_DOMAIN: Domain = {
  identity: { glasses: 0.24, sunglasses: 0.02, headwear: 0.18, beard: 0.24, skinBias: 0.8, spread: 1.1 },
  expression: EXPRESSION,
  scene: {
    yaw: 0.2,
    pitch: 0.11,
    roll: 0.1,
    scale: [0.42, 0.54],
    shift: 0.025,
    backdrops: ['gradient', 'lights', 'window', 'lights'],
    backdropDarkness: [0.2, 0.75],
    lightStrength: [0.12, 0.5],
    lightTint: 1,
    exposure: [0.78, 1.15],
    contrast: [0.8, 1.15],
    greyShare: 0.12,
    blur: [0, 0.9],
    noise: [0.008, 0.034],
  },
};
