import { expect, test } from 'vitest';
import { runRequestSchema, trainingConfigSchema, trainingSettingsSchema } from '#shared/training.ts';

test('a request holds what was set, and nothing that was not', () => {
  const config = { name: 'mine', seed: 3, randAugment: null };
  expect(runRequestSchema.parse({ config, labeled: 'faces' })).toEqual({
    config,
    labeled: 'faces',
    validation: 'validation',
  });
  expect(trainingSettingsSchema.parse({})).toEqual({});
  // Every setting can be set, and is checked as it is in a configuration.
  const all = trainingConfigSchema.parse({ totalSteps: 7 });
  expect(trainingSettingsSchema.parse(all)).toEqual(all);
  expect(() => trainingSettingsSchema.parse({ classCount: 1 })).toThrow();
  expect(() => trainingSettingsSchema.parse({ seed: -1 })).toThrow();
});
