import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runMetricsGoldens } from '#main/evaluation/metrics-goldens.ts';

const directory = fileURLToPath(new URL('../../goldens/metrics', import.meta.url));

async function changedCopy(
  change: (golden: { expected: { brier: number; nll?: number } }) => unknown,
): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'metrics-goldens-'));
  onTestFinished(() => rm(copy, { recursive: true }));
  await cp(directory, copy, { recursive: true });
  const golden = JSON.parse(await readFile(join(copy, 'expected.json'), 'utf8'));
  await writeFile(join(copy, 'expected.json'), JSON.stringify(change(golden) ?? golden));
  return copy;
}

describe('runMetricsGoldens', () => {
  it('agrees with scikit-learn and cleanlab in every number', async () => {
    const results = await runMetricsGoldens(directory);
    expect(results.filter(({ ok }) => !ok)).toEqual([]);
    expect(results).toHaveLength(20);
  });

  it('fails only the number that is off', async () => {
    const copy = await changedCopy((golden) => void (golden.expected.brier += 1e-8));
    const failed = (await runMetricsGoldens(copy)).filter(({ ok }) => !ok);
    expect(failed.map(({ name }) => name)).toEqual(['brier']);
    expect(failed[0]!.maxError).toBeCloseTo(1e-8, 12);
  });

  it('fails a number that the set lacks', async () => {
    const copy = await changedCopy((golden) => void delete golden.expected.nll);
    expect((await runMetricsGoldens(copy)).filter(({ ok }) => !ok)).toEqual([
      { name: 'nll', ok: false, maxError: Infinity, tolerance: 1e-9 },
    ]);
  });

  it('names the file that is missing or is none', async () => {
    await expect(runMetricsGoldens(join(directory, 'nowhere'))).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('nowhere'),
    });
    const copy = await changedCopy(() => ({ classes: 7 }));
    await expect(runMetricsGoldens(copy)).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining(copy),
    });
  });
});
