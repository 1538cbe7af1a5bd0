import { describe, expect, it } from 'vitest';
import { RandomStream } from '#shared/random.ts';
import type { ActionUnit, DemoExpression, FaceMovement } from '#main/demo/action-units.ts';
import { ACTION_UNITS, DEMO_EXPRESSIONS, sampleMovement } from '#main/demo/action-units.ts';

const plain = { leastIntensity: 1, mixedShare: 0, largestMix: 0.4 };
const sample = (expression: DemoExpression, variety = plain): FaceMovement[] =>
  Array.from({ length: 200 }, (_, index) => sampleMovement(expression, variety, new RandomStream(5, 'demo', 0, index)));
const mean = (faces: readonly FaceMovement[], unit: ActionUnit): number =>
  faces.reduce((sum, face) => sum + face[unit], 0) / faces.length;

describe('sampleMovement', () => {
  it.each<[DemoExpression, ActionUnit]>([
    ['happy', 'cornerPull'],
    ['sad', 'cornerDepress'],
    ['surprise', 'jawDrop'],
    ['fear', 'lipStretch'],
    ['disgust', 'noseWrinkle'],
    ['anger', 'browLower'],
  ])('shows %s by %s more than any other expression does', (expression, unit) => {
    const own = mean(sample(expression), unit);
    for (const other of DEMO_EXPRESSIONS) {
      if (other !== expression) expect(mean(sample(other), unit)).toBeLessThan(own);
    }
  });

  it('moves a neutral face least', () => {
    const total = (expression: DemoExpression): number =>
      ACTION_UNITS.reduce((sum, unit) => sum + mean(sample(expression), unit), 0);
    const neutral = total('neutral');
    for (const other of DEMO_EXPRESSIONS.slice(1)) expect(total(other)).toBeGreaterThan(2 * neutral);
  });

  it('draws fainter faces where a smaller intensity is allowed', () => {
    const faint = sample('happy', { ...plain, leastIntensity: 0.2 });
    // Intensity is even between .2 and 1, so .6 of the full one on average.
    expect(mean(faint, 'cornerPull') / mean(sample('happy'), 'cornerPull')).toBeCloseTo(0.6, 1);
  });

  it('leaves a mixed face nearer to its own expression than to the other', () => {
    // Anger mixes with disgust or neutral; neither lowers the brows as much.
    const mixed = sample('anger', { ...plain, mixedShare: 1 });
    expect(mean(mixed, 'browLower')).toBeLessThan(mean(sample('anger'), 'browLower'));
    expect(mean(mixed, 'browLower')).toBeGreaterThan(0.6 * mean(sample('anger'), 'browLower'));
    expect(mean(mixed, 'noseWrinkle')).toBeGreaterThan(0.05);
  });

  it('keeps every movement within what the drawing can show', () => {
    for (const expression of DEMO_EXPRESSIONS) {
      for (const face of sample(expression)) {
        for (const unit of ACTION_UNITS) {
          expect(face[unit]).toBeGreaterThanOrEqual(0);
          expect(face[unit]).toBeLessThanOrEqual(1.15);
        }
      }
    }
  });
});
