import { describe, expect, it } from 'vitest';
import type { EvaluationRecord, FittedTemperature, RunComparison, SeedGroup, WrongPage } from '#shared/evaluation.ts';
import { classNames } from '#shared/expressions.ts';
import { RandomStream } from '#shared/random.ts';
import { mapClasses } from '#main/evaluation/class-mapping.ts';
import { comparePair } from '#main/evaluation/comparison.ts';
import { comparisonPage } from '#main/evaluation/html/comparison-page.ts';
import { evaluationPage } from '#main/evaluation/html/evaluation-page.ts';
import { html } from '#main/evaluation/html/page.ts';
import { seedsPage } from '#main/evaluation/html/seeds-page.ts';
import { evaluationReport } from '#main/evaluation/report.ts';

const networkClasses = classNames(7);
const record: EvaluationRecord = {
  ...{ id: 'runs/a/evaluations/1', run: 'a', checkpoint: 'runs/a/<best>', network: 'base', step: 1_000, split: 'test' },
  ...{ networkClasses, map: { contempt: null }, imagesPerSecond: 100, failed: 3 },
  createdAt: '2026-01-01T00:00:00.000Z',
};
const temperature: FittedTemperature = {
  ...{ temperature: 1.5, network: 'base', step: 1_000, split: 'validation', count: 50 },
  ...{ nllBefore: 1, nllAfter: 0.9, eceBefore: 0.2, eceAfter: 0.1, fittedAt: '2026-01-01T00:00:00.000Z' },
};

/** Answers on 70 images, ten of each class, most of them right; one image more of a class the network does not tell. */
function answers(seed: number): ReturnType<typeof mapClasses> {
  const stream = new RandomStream(seed, 'bootstrap');
  const labels = [...Array.from({ length: 70 }, (_, row) => row % 7), 7];
  const probabilities = labels.flatMap((label) => {
    const raw = networkClasses.map((_, column) => Math.exp(2 * stream.uniform() + (column === label ? 1.2 : 0)));
    const sum = raw.reduce((total, value) => total + value, 0);
    return raw.map((value) => value / sum);
  });
  return mapClasses({ ids: labels.map((_, row) => row + 1), labels, probabilities, networkClasses });
}

const wrong: WrongPage = {
  ...{ classes: networkClasses, count: 70, total: 2 },
  rows: [1, 2].map((image) => ({
    ...{ image, path: `/faces/"${image}".png`, label: 'fear', predicted: 'happy' },
    ...{ confidence: 0.9, labelProbability: 0.05, probabilities: [] },
  })),
};
const picture = 'data:image/webp;base64,AAAA';
const bootstrap = { resamples: 100, seed: 0 };

/** What every page must be: one file that loads and runs nothing, with a name for each figure and no name twice. */
function checkPage(page: string, figures: number): void {
  expect(page).toMatch(/^<!doctype html>\s*<html lang="en">/);
  expect(page).not.toMatch(/<script|<link|<iframe|javascript:|\son\w+=/i);
  const addresses = [...page.matchAll(/(?:src|href)\s*=\s*"([^"]*)"|url\(([^)]*)\)/g)].map(
    (match) => match[1] ?? match[2],
  );
  expect(addresses.filter((address) => !/^(#|data:image\/)/.test(address!))).toEqual([]);
  expect(page).not.toMatch(/NaN|undefined|Infinity|\[object/);
  const ids = [...page.matchAll(/\sid="([^"]+)"/g)].map((match) => match[1]!);
  expect(new Set(ids).size).toBe(ids.length);
  const named = [...page.matchAll(/role="img"\s+aria-labelledby="([^"]+)"/g)].map((match) => match[1]!.split(' '));
  expect(named).toHaveLength(figures);
  for (const id of named.flat()) expect(ids).toContain(id);
  for (const [, used] of page.matchAll(/<use[^>]*href="#([^"]+)"/g)) expect(ids).toContain(used);
}

describe('evaluationPage', () => {
  it('shows everything in one file that loads and runs nothing', async () => {
    const report = await evaluationReport(record, answers(1), temperature, bootstrap);
    const page = evaluationPage({ report, title: 'a <b> on test', wrong, pictures: new Map([[1, picture]]) });
    checkPage(page, 2 + 2 + 14);
    expect(page).toContain('<title>a &lt;b&gt; on test</title>');
    expect(page).toContain('runs/a/&lt;best&gt;');
    expect(page).toContain(`src="${picture}"`);
    expect(page).toMatch(/Image 2\s*</); // whose picture could not be read
    expect(page).toContain('temperature 1.500');
    expect(page).toContain('1 of Contempt');
    expect(page).toContain('contempt → left out');
  });

  it('goes without a temperature, and with classes of which there are no images', async () => {
    const few = mapClasses({
      ids: [1, 2],
      labels: [0, 1],
      probabilities: [0.8, 0.2, 0, 0.4, 0.6, 0],
      networkClasses: ['neutral', 'happy', 'wink & nod'],
    });
    const report = await evaluationReport({ ...record, map: {} }, few, null, bootstrap);
    const page = evaluationPage({ report, title: 'few', wrong: { ...wrong, rows: [], total: 0 }, pictures: new Map() });
    checkPage(page, 2 + 1 + 6);
    expect(page).toContain('wink &amp; nod');
    expect(page).toContain('No temperature is fitted');
  });
});

describe('comparisonPage', () => {
  it('shows finals, curves, the test and the images that differ', async () => {
    const [one, other] = [answers(1), answers(2)];
    const run = async (name: string, predictions: typeof one): Promise<RunComparison['runs'][number]> => ({
      ...{ run: name, name, seed: 0, evaluation: await evaluationReport(record, predictions, null, bootstrap) },
      curves: [
        {
          network: 'base',
          points: [
            { step: 100, accuracy: 0.2, meanClassAccuracy: 0.2 },
            { step: 200, accuracy: 0.6, meanClassAccuracy: 0.5 },
          ],
        },
      ],
    });
    const pair = comparePair({ record, predictions: one }, { record, predictions: other }, { ...bootstrap, limit: 50 });
    const page = comparisonPage(
      {
        split: 'test',
        runs: [await run('a', one), await run('b & c', other)],
        settings: [{ name: 'feedback', values: ['"off"', '"released"'] }],
        pairs: [pair],
      },
      new Map([[pair.differing[0]!.image, picture]]),
    );
    checkPage(page, 2);
    expect(page).toContain('b &amp; c against a');
    expect(page).toMatch(/McNemar’s test,\s+exact binomial/);
    expect(page).toContain(`src="${picture}"`);
    expect(page).toMatch(/>released</);
  });
});

describe('seedsPage', () => {
  it('shows groups, the wide intervals of few seeds cut at the figure’s edge', () => {
    const mean = (value: number, interval: [number, number] | null): SeedGroup['accuracy'] => ({
      ...{ count: interval === null ? 1 : 2, mean: value, deviation: null, interval },
    });
    const group = (run: string, value: number, interval: [number, number] | null): SeedGroup => ({
      runs: [{ run, seed: 0, accuracy: value }],
      settings: { method: '"fixmatch"' },
      ...{ accuracy: mean(value, interval), meanClassAccuracy: mean(value, interval) },
      ...{ ece: mean(0.1, null), nll: mean(1, null) },
      perClass: [{ name: 'happy', recall: mean(value, interval) }],
    });
    const page = seedsPage({ split: 'test', groups: [group('a<', 0.6, [-0.4, 1.6]), group('b', 0.5, null)] });
    checkPage(page, 2);
    expect(page).toContain('a&lt;');
    expect(page).toContain('method fixmatch');
    const reaches = [...page.matchAll(/class="whisker"\s+d="M([\d.]+) [\d.]+H([\d.]+)"/g)].map((match) =>
      match.slice(1),
    );
    expect(reaches).toEqual([
      ['92', '444'],
      ['92', '444'],
    ]);
  });
});

describe('html', () => {
  it('escapes what is put in, once', () => {
    const inner = html`<b>${'<&"\''}</b>`;
    expect(html`<p title="${'"'}">${inner}${[inner, 'x<y']}</p>`.text).toBe(
      '<p title="&quot;"><b>&lt;&amp;&quot;&#39;</b><b>&lt;&amp;&quot;&#39;</b>x&lt;y</p>',
    );
  });
});
