import { expect, test } from 'vitest';
import { PRESETS } from '#shared/presets.ts';
import { checkTrainingConfig } from '#shared/training-check.ts';
import { type TrainingConfig, trainingConfigSchema } from '#shared/training.ts';
import { settingRows } from '../../../src/renderer/views/runs/config-diff.ts';
import { CONFIG_FIELDS } from '../../../src/renderer/views/runs/config-fields.ts';
import { contradictionsOf, textAt } from '../../../src/renderer/views/runs/start/contradictions.ts';

const config = (change: Partial<TrainingConfig> = {}): TrainingConfig => trainingConfigSchema.parse(change);

test('every setting of a run has its field, once', () => {
  const keys = Object.keys(trainingConfigSchema.shape).filter((key) => key !== 'name');
  expect(CONFIG_FIELDS.map(({ key }) => key).toSorted()).toEqual(keys.toSorted());
});

test('settings of two sides: choices by their labels, the data only where both name some, and what differs', () => {
  const request = { labeled: 'balanced@1', unlabeled: 'people', validation: 'validation' };
  const rows = settingRows([
    { config: config(), request },
    { config: config({ method: 'supervised', momentum: 0.5 }), request: { ...request, unlabeled: undefined } },
  ]);
  expect(rows.filter(({ isSame }) => !isSame).map(({ label, values }) => [label, ...values])).toEqual([
    ['Unlabeled faces', 'people', 'none'],
    ['Method', 'Meta-Face2Exp', 'Supervised baseline'],
    ['Momentum', '0.9', '0.5'],
  ]);
  const againstDefaults = settingRows([
    { config: config(), request },
    { config: config(), request: null },
  ]);
  expect(againstDefaults.some(({ key }) => key === 'labeled')).toBe(false);
  expect(againstDefaults.every(({ isSame }) => isSame)).toBe(true);
});

test('no preset contradicts itself', () => {
  for (const preset of PRESETS) expect(contradictionsOf(config(preset.config)), preset.name).toEqual([]);
});

test('what the released program did not have is named by the labels of the form, and leaving the mode out ends it', () => {
  const wrong = config({ released: true, stem: 'small', alignDistribution: true });
  const [found, ...rest] = contradictionsOf(wrong);
  expect(rest).toEqual([]);
  expect(found).toMatchObject({ level: 'error', keys: ['released', 'stem', 'alignDistribution'] });
  expect(found!.text).toContain('Stem, Distribution alignment');
  expect(contradictionsOf({ ...wrong, ...found!.fix!.change })).toEqual([]);
});

test('a base network that trains alone to the end is refused, and the fix is accepted by the host’s own check', () => {
  const wrong = config({ totalSteps: 300, baseWarmupSteps: 300 });
  const [found] = contradictionsOf(wrong);
  expect(found).toMatchObject({ level: 'error', keys: ['baseWarmupSteps', 'totalSteps'] });
  const mended = { ...wrong, ...found!.fix!.change };
  expect(mended.baseWarmupSteps).toBe(100); // a third of 300
  expect(() => checkTrainingConfig(mended)).not.toThrow();
  expect(contradictionsOf(mended)).toEqual([]);
});

test('whatever the host refuses is an error here', () => {
  const wrong = [config({ released: true, grayscale: true }), config({ totalSteps: 5, baseWarmupSteps: 9 })];
  for (const refused of wrong) {
    expect(() => checkTrainingConfig(refused)).toThrow();
    expect(contradictionsOf(refused)[0]).toMatchObject({ level: 'error' });
  }
});

test('settings that a baseline does not use are a note, not an error', () => {
  const [found, ...rest] = contradictionsOf(config({ method: 'supervised', mu: 3 }));
  expect(rest).toEqual([]);
  expect(found).toMatchObject({ level: 'note', keys: ['mu'] });
});

test('what the released program reads and does not use is said at its field, and at the mode', () => {
  const wrong = config({ released: true, weightDecay: 0.1 });
  const [found, ...rest] = contradictionsOf(wrong);
  expect(rest).toEqual([]);
  expect(found).toMatchObject({ level: 'warning', text: 'As in the released program, Weight decay has no effect.' });
  expect(textAt(found!, 'weightDecay')).toBe(found!.text);
  expect(textAt(found!, 'released')).toBe('Does not go with “Weight decay” as it is set.');
  expect(contradictionsOf({ ...wrong, ...found!.fix!.change })).toEqual([]);
});
