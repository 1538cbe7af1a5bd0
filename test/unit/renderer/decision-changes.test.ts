import { expect, test, vi } from 'vitest';
import { DecisionChanges } from '../../../src/renderer/api/decision-changes.ts';

test('each decision is seen at its face at once, and at the counts once in a while', async () => {
  vi.useFakeTimers();
  const seen: (readonly number[] | null)[] = [];
  let counted = 0;
  const changes = new DecisionChanges({ images: (images) => seen.push(images), counts: () => counted++ }, 2_000);
  for (let decision = 0; decision < 50; decision++) {
    changes.note([decision]);
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(seen).toHaveLength(50);
  expect(counted).toBe(2);
  // The last decisions are counted too.
  await vi.advanceTimersByTimeAsync(2_000);
  expect(counted).toBe(3);
  changes.note(null);
  expect(seen.at(-1)).toBeNull();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(counted).toBe(4);
});
