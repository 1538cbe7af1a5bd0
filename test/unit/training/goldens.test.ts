import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runTrainingGoldens } from '#main/training/goldens.ts';

const GOLDENS = fileURLToPath(new URL('../../goldens', import.meta.url));

/** Numbers that PyTorch computed; how many comparisons each group of the committed set has is written here, so that none can go missing. */
test.each([
  ['schedule', 6],
  ['finetune', 2],
  ['meta-step', 4],
  ['forward', 2],
])('%s equals PyTorch', async (group, count) => {
  const results = await runTrainingGoldens(group, GOLDENS);
  expect(results.filter(({ ok }) => !ok)).toEqual([]);
  expect(results).toHaveLength(count);
});

test('an unknown group is refused', async () => {
  await expect(runTrainingGoldens('nonsense', GOLDENS)).rejects.toMatchObject({ code: 'usage' });
});
