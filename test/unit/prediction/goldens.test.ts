import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runGradCamGoldens } from '#main/prediction/goldens.ts';

test('class activation maps equal PyTorch', async () => {
  const results = await runGradCamGoldens(fileURLToPath(new URL('../../goldens/grad-cam', import.meta.url)));
  expect(results.filter(({ ok }) => !ok)).toEqual([]);
  expect(results.map(({ name }) => name).toSorted()).toEqual([
    'grad-cam/class0',
    'grad-cam/class3',
    'grad-cam/class6',
    'grad-cam/logits',
  ]);
});
