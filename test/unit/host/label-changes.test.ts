import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { classNames } from '#shared/expressions.ts';
import type { Round } from '#shared/rounds.ts';
import { trainingConfigSchema } from '#shared/training.ts';
import { appRouter } from '#main/host/router.ts';
import { roundPairs } from '#main/host/services/label-changes.ts';
import { type Studio, createStudio } from '#main/host/studio.ts';
import { newImage, temporaryFolder } from '../catalog/temporary-catalog.ts';

const CLASSES = 7;

function openStudio(): Studio {
  const studio = createStudio({ workspace: join(temporaryFolder(), 'workspace') });
  onTestFinished(() => studio.close());
  return studio;
}

/** 20 training images of class 0, and 10 faces without a label. */
function fill({ catalog }: Studio): { labeled: number[]; people: number[] } {
  for (const [name, split, label, count] of [
    ['faces', 'train', 0, 20],
    ['people', 'unlabeled', null, 10],
  ] as const) {
    const role = split === 'train' ? 'labeled' : 'unlabeled';
    const { id } = catalog.sources.add({ name, root: `/data/${name}`, format: 'folder', role });
    const images = Array.from({ length: count }, (_, number) => newImage({ path: `${number}.png`, label, split }));
    catalog.images.insertBatch(id, images);
  }
  const { query } = catalog;
  return { labeled: query.ids({ sources: ['faces'] }), people: query.ids({ sources: ['people'] }) };
}

/** A run that was given the labels the catalog has now, as `start` writes it; nothing trains. */
function addRun({ catalog, workspace }: Studio, id: string, images: readonly number[]): void {
  const labeled = catalog.images
    .manifest({ source: 'faces', split: 'train' })
    .filter((image) => images.includes(image.id));
  const manifest = { classes: classNames(CLASSES), labeled, unlabeled: [], validation: [] };
  mkdirSync(join(workspace.runsDirectory, id), { recursive: true });
  writeFileSync(join(workspace.runsDirectory, id, 'manifest.json'), JSON.stringify(manifest));
  const snapshot = { classes: classNames(CLASSES), labeledCounts: [], unlabeled: 0, validation: 0, digest: id };
  const config = trainingConfigSchema.parse({ name: id });
  const request = { config: {}, labeled: 'faces', validation: 'validation' };
  catalog.runs.create({ id, name: id, config, request, snapshot, totalSteps: 1 }, { labeled });
}

/** @param labels one for each image. */
function addRound(
  { catalog }: Studio,
  of: Pick<Round, 'name' | 'run' | 'network' | 'step'>,
  images: readonly number[],
  labels: readonly number[],
): number {
  const round = { ...of, source: 'people', origin: 'network' as const, file: null, classCount: CLASSES };
  const { id } = catalog.rounds.create({ ...round, total: images.length });
  const probabilities = new Float32Array(images.length * CLASSES);
  labels.forEach((label, row) => (probabilities[row * CLASSES + label] = 1));
  catalog.pseudoLabels.add(id, { images, classCount: CLASSES, probabilities });
  return id;
}

test('two runs are compared by the labels they gave and by those they were given', async () => {
  const studio = openStudio();
  const { labeled, people } = fill(studio);
  const { review, runs } = appRouter.createCaller({ studio, newWindowAddress: () => null });
  addRun(studio, 'before', labeled.slice(0, 18));
  await review.decide({ images: labeled.slice(0, 3), verdict: 'relabel', label: 4, reviewer: 'ann' });
  await review.decide({ images: [labeled[3]!], verdict: 'accept', reviewer: 'ann' });
  await review.decide({ images: [labeled[19]!], verdict: 'relabel', label: 2, reviewer: 'ann' });
  addRun(studio, 'after', labeled.slice(1));
  const network = 'adaptation';
  addRound(studio, { name: 'old', run: 'before', network, step: 1 }, people, Array<number>(10).fill(5));
  const from = addRound(
    studio,
    { name: 'one', run: 'before', network, step: 2 },
    people,
    [1, 1, 1, 1, 1, 2, 2, 2, 2, 2],
  );
  addRound(studio, { name: 'base', run: 'before', network: 'base', step: 2 }, people, Array<number>(10).fill(6));
  const to = addRound(studio, { name: 'two', run: 'after', network, step: 9 }, people, [1, 1, 3, 3, 1, 2, 2, 2, 2, 1]);

  const changes = await runs.labelChanges({ first: 'before', second: 'after' });
  expect(changes.rounds).toMatchObject([
    { source: 'people', from: { id: from, name: 'one', step: 2 }, to: { id: to, name: 'two' }, flips: { changed: 3 } },
  ]);
  expect(changes.rounds[0]!.flips.matrix[1]).toEqual([0, 3, 0, 2, 0, 0, 0]);
  expect(changes.fixed).toMatchObject({ both: 17, onlyFrom: 1, onlyTo: 2, changed: 2, decided: 2 });
  expect(changes.fixed.matrix[0]).toEqual([15, 0, 0, 0, 2, 0, 0]);
  expect(changes.fixed.images).toMatchObject([
    {
      image: labeled[1],
      from: 0,
      to: 4,
      decision: { reviewer: 'ann', verdict: 'relabel', batch: 1 },
      row: { label: 4 },
    },
    { image: labeled[2], from: 0, to: 4 },
  ]);
  // The other way round: the labels that the decisions replaced.
  const back = await runs.labelChanges({ first: 'after', second: 'before', limit: 1 });
  expect(back.fixed).toMatchObject({ changed: 2, decided: 2, images: [{ from: 4, to: 0 }] });
  expect(back.fixed.images).toHaveLength(1);

  expect(await runs.get({ id: 'after' })).toMatchObject({
    reviewed: { labeled: { images: 4, relabeled: 3 }, reviewers: ['ann'] },
  });
  const page = await runs.reviewedLabels({ id: 'after', limit: 3 });
  expect(page.labels.map(({ image }) => image)).toEqual(labeled.slice(1, 4));
  const rest = await runs.reviewedLabels({ id: 'after', limit: 3, afterImage: page.nextAfterImage! });
  expect(rest).toMatchObject({ labels: [{ image: labeled[19], label: 2, from: 0 }], nextAfterImage: null });
});

test('a change that nobody decided is told without a decision, and a lost manifest by its file', async () => {
  const studio = openStudio();
  const { labeled } = fill(studio);
  const { runs } = appRouter.createCaller({ studio, newWindowAddress: () => null });
  addRun(studio, 'one', labeled);
  addRun(studio, 'two', labeled);
  const file = join(studio.workspace.runsDirectory, 'two', 'manifest.json');
  const manifest = studio.runs.manifest('two');
  manifest.labeled[5]!.label = 6;
  writeFileSync(file, JSON.stringify(manifest));
  const { fixed, rounds } = await runs.labelChanges({ first: 'one', second: 'two' });
  expect(fixed).toMatchObject({ changed: 1, decided: 0, images: [{ image: labeled[5], to: 6, decision: null }] });
  expect(rounds).toEqual([]);
  writeFileSync(file, '{');
  await expect(runs.labelChanges({ first: 'one', second: 'two' })).rejects.toThrow(file);
});

test('rounds are compared that one network made, the newest of them, a pair for each source', () => {
  const round = (id: number, source: string, network: Round['network']): Round => ({ id, source, network }) as Round;
  const ids = (first: Round[], second: Round[]): number[][] =>
    roundPairs(first, second).map((pair) => pair.map(({ id }) => id));
  const first = [
    round(4, 'b', 'base'),
    round(3, 'a', 'base'),
    round(2, 'a', 'adaptation'),
    round(1, 'a', 'adaptation'),
  ];
  expect(ids(first, [round(9, 'a', 'ema'), round(8, 'a', 'adaptation'), round(7, 'a', 'base')])).toEqual([[2, 8]]);
  expect(ids(first, [round(9, 'a', 'ema'), round(8, 'b', 'ema')])).toEqual([
    [3, 9],
    [4, 8],
  ]);
  expect(ids(first, [round(9, 'c', 'base')])).toEqual([]);
});

test('tags are checked, told to every window, and taken away', async () => {
  const studio = openStudio();
  addRun(studio, 'one', fill(studio).labeled);
  const { runs } = appRouter.createCaller({ studio, newWindowAddress: () => null });
  const events = studio.events.listen(0, AbortSignal.timeout(5_000));
  const told = events.next();
  expect(await runs.tag({ id: 'one', add: [' paper ', 'ablation'] })).toMatchObject({ tags: ['ablation', 'paper'] });
  expect((await told).value).toMatchObject({ event: { type: 'runs.changed', run: 'one' } });
  expect(await runs.tag({ id: 'one', remove: ['paper'] })).toMatchObject({ tags: ['ablation'] });
  await expect(runs.tag({ id: 'one', add: ['a,b'] })).rejects.toThrow('comma');
  await expect(runs.tag({ id: 'gone', add: ['a'] })).rejects.toThrow('no run gone');
});

test('a decision is told with its images, and many without', async () => {
  const studio = openStudio();
  const { labeled } = fill(studio);
  const { review } = appRouter.createCaller({ studio, newWindowAddress: () => null });
  const events = studio.events.listen(0, AbortSignal.timeout(5_000));
  const told: unknown[] = [];
  const next = async (): Promise<void> => {
    told.push((await events.next()).value);
  };
  const version = studio.events.catalogVersion;
  const first = next();
  await review.decide({ images: labeled.slice(0, 2), verdict: 'relabel', label: 1, key: 'decision-1' });
  await first;
  await review.undo({ key: 'undo-of-1', act: 'decision-1' });
  await next();
  expect(told).toMatchObject([
    { event: { type: 'decisions.changed', images: labeled.slice(0, 2) } },
    { event: { type: 'decisions.changed', images: labeled.slice(0, 2) } },
  ]);
  expect(studio.events.catalogVersion).toBe(version + 2);
  const { id } = studio.catalog.sources.add({ name: 'many', root: '/m', format: 'folder', role: 'labeled' });
  studio.catalog.images.insertBatch(
    id,
    Array.from({ length: 101 }, (_, number) => newImage({ path: `${number}.png` })),
  );
  await review.decide({ filter: { sources: ['many'] }, verdict: 'accept' });
  await next();
  expect(told.at(-1)).toMatchObject({ event: { type: 'decisions.changed', images: null } });
});
