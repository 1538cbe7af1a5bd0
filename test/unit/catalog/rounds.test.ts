import { expect, test } from 'vitest';
import type { Catalog } from '#main/catalog/catalog.ts';
import { openDatabase } from '#main/catalog/database.ts';
import { decisionOf } from '#main/catalog/pseudo-labels.ts';
import type { NewRound } from '#main/catalog/rounds.ts';
import { addRun, addSource, newImage, temporaryCatalog } from './temporary-catalog.ts';

function addPeople(catalog: Catalog, count: number): number[] {
  const source = catalog.sources.add({ name: 'people', root: '/people', format: 'identity', role: 'unlabeled' }).id;
  const images = Array.from({ length: count }, (_, number) =>
    newImage({ path: `${number}.png`, split: 'unlabeled', label: null, truth: number % 2 === 0 ? 1 : null }),
  );
  catalog.images.insertBatch(source, images);
  return catalog.images.manifest({ source: 'people' }).map(({ id }) => id);
}

const newRound = (round: Partial<NewRound> & { name: string }): NewRound => ({
  ...{ source: 'people', origin: 'network', run: null, network: 'base', step: 5, file: null, classCount: 3, total: 4 },
  ...round,
});

const ANSWERS = Float32Array.of(0.5, 0.25, 0.25, 0, 1, 0, 0.125, 0.375, 0.5, 0.75, 0.125, 0.125);

test('the decision is the first of the most probable classes, with its distance to the next', () => {
  expect(decisionOf([0.25, 0.5, 0.25])).toEqual({ label: 1, confidence: 0.5, margin: 0.25 });
  expect(decisionOf([0.5, 0.5])).toEqual({ label: 0, confidence: 0.5, margin: 0 });
  expect(decisionOf([0.125, 0.25, 0.625])).toEqual({ label: 2, confidence: 0.625, margin: 0.375 });
  expect(decisionOf([0.5, 0.125, 0.375])).toMatchObject({ label: 0, margin: 0.125 });
});

test('labels are kept with every probability, counted by class, and read back as columns', () => {
  const { catalog } = temporaryCatalog();
  const images = addPeople(catalog, 4);
  const { id } = catalog.rounds.create(newRound({ name: 'one' }));
  catalog.pseudoLabels.add(id, { images: images.slice(0, 2), classCount: 3, probabilities: ANSWERS.subarray(0, 6) });
  catalog.pseudoLabels.add(id, { images: images.slice(2), classCount: 3, probabilities: ANSWERS.subarray(6) });
  const round = catalog.rounds.update(id, { status: 'finished', seconds: 2 });
  expect(round).toMatchObject({ count: 4, classes: ['neutral', 'happy', 'sad'], imagesPerSecond: 2, source: 'people' });
  expect(round.perClass).toEqual([
    { name: 'neutral', count: 2, share: 0.5, meanConfidence: 0.625 },
    { name: 'happy', count: 1, share: 0.25, meanConfidence: 1 },
    { name: 'sad', count: 1, share: 0.25, meanConfidence: 0.5 },
  ]);
  expect(round.meanConfidence).toBe(0.6875);
  const columns = catalog.pseudoLabels.columns(id, 0, 10);
  expect([...columns.images]).toEqual(images);
  expect([...columns.labels]).toEqual([0, 1, 2, 0]);
  expect([...columns.confidences]).toEqual([0.5, 1, 0.5, 0.75]);
  expect([...catalog.pseudoLabels.columns(id, images[1]!, 1).images]).toEqual([images[2]]);
  expect(catalog.pseudoLabels.columns(id, images[3]!, 10).images).toHaveLength(0);
  const truths = catalog.pseudoLabels.truths(id, 0, 10)!;
  expect({ last: truths.last, classes: [...truths.classes] }).toEqual({ last: images[3], classes: [1, 8, 1, 8] });
  expect(catalog.pseudoLabels.truths(id, images[3]!, 10)).toBeNull();
  const [said] = catalog.pseudoLabels.of(id, [images[2]!, 9_999]);
  expect(said).toMatchObject({ image: images[2], label: 2, margin: 0.125, probabilities: [0.125, 0.375, 0.5] });
});

test('confidences of float32 come back exactly', () => {
  const { catalog } = temporaryCatalog();
  const images = addPeople(catalog, 200);
  const { id } = catalog.rounds.create(newRound({ name: 'exact', classCount: 8 }));
  const probabilities = new Float32Array(images.length * 8);
  images.forEach((_, row) => {
    // From 1/8, the least that the largest of eight can be, to 1.
    const confidence = Math.fround(0.125 + (0.875 * row) / 199.3);
    probabilities.fill((1 - confidence) / 7, row * 8, row * 8 + 8);
    probabilities[row * 8 + (row % 8)] = confidence;
  });
  catalog.pseudoLabels.add(id, { images, classCount: 8, probabilities });
  const { confidences } = catalog.pseudoLabels.columns(id, 0, 1_000);
  expect(confidences).toEqual(
    Float32Array.from(images, (_, row) => Math.max(...probabilities.slice(row * 8, row * 8 + 8))),
  );
});

test('every round stays, in the order of an image’s life', () => {
  const { catalog } = temporaryCatalog();
  const images = addPeople(catalog, 1);
  addRun(catalog, 'run-a');
  for (const step of [1, 2, 3]) {
    const { id } = catalog.rounds.create(newRound({ name: `step ${step}`, run: 'run-a', step, total: 1 }));
    const probabilities = Float32Array.from([0, 0, 0], (_, label) => (label === step % 3 ? 1 : 0));
    catalog.pseudoLabels.add(id, { images, classCount: 3, probabilities });
  }
  expect(catalog.pseudoLabels.ofImage(images[0]!).map(({ step, label }) => [step, label])).toEqual([
    [1, 1],
    [2, 2],
    [3, 0],
  ]);
  expect(catalog.rounds.list({ run: 'run-a' }).map(({ step }) => step)).toEqual([3, 2, 1]);
  catalog.runs.remove('run-a');
  expect(catalog.rounds.list({ source: 'people' }).map(({ run, step }) => [run, step])).toEqual([
    ['run-a', 3],
    ['run-a', 2],
    ['run-a', 1],
  ]);
});

test('a label goes with its image, a round with its labels, and the counts stay true', () => {
  const { catalog, file } = temporaryCatalog();
  const images = addPeople(catalog, 4);
  const { id } = catalog.rounds.create(newRound({ name: 'one' }));
  catalog.pseudoLabels.add(id, { images, classCount: 3, probabilities: ANSWERS });
  const connection = openDatabase(file);
  connection.prepare('DELETE FROM image WHERE id = ?').run(images[3]);
  expect(catalog.rounds.get(id)).toMatchObject({ count: 3, perClass: [{ count: 1, meanConfidence: 0.5 }, {}, {}] });
  expect(catalog.integrityCheck()).toEqual([]);
  connection.prepare('UPDATE pseudo_label_class SET count = 7 WHERE label = 0').run();
  expect(catalog.integrityCheck()).toEqual(['The counts kept in pseudo_label_class differ from the images: 2 rows.']);
  catalog.rebuildCounters();
  expect(catalog.integrityCheck()).toEqual([]);
  expect(catalog.rounds.get(id)).toMatchObject({ count: 3, meanConfidence: 2 / 3 });
  catalog.pseudoLabels.removeFrom(id, images[1]!);
  expect(catalog.pseudoLabels.images(id)).toEqual([images[0]]);
  catalog.pseudoLabels.clear(id);
  expect(catalog.rounds.get(id)).toMatchObject({ count: 0, meanConfidence: null });
  catalog.rounds.remove(id);
  expect(() => catalog.rounds.get(id)).toThrow('There is no round');
  expect(connection.prepare('SELECT count(*) FROM pseudo_label_class').pluck().get()).toBe(0);
  connection.close();
});

test('problems are all counted, and the first thousand kept', () => {
  const { catalog } = temporaryCatalog();
  addPeople(catalog, 1);
  const { id } = catalog.rounds.create(newRound({ name: 'one' }));
  const problems = Array.from({ length: 1_500 }, (_, line) => ({ line, place: `${line}.png`, reason: 'bad' }));
  catalog.rounds.addProblems(id, problems.slice(0, 900));
  catalog.rounds.addProblems(id, problems.slice(900));
  expect(catalog.rounds.get(id).problems).toBe(1_500);
  expect(catalog.rounds.problems(id)).toEqual(problems.slice(0, 1_000));
  catalog.rounds.clearProblems(id);
  expect([catalog.rounds.get(id).problems, catalog.rounds.problems(id)]).toEqual([0, []]);
});

test('a name is taken once, and a round that a crash cut off is interrupted', () => {
  const { catalog } = temporaryCatalog();
  addPeople(catalog, 1);
  const { id } = catalog.rounds.create(newRound({ name: 'one' }));
  expect(() => catalog.rounds.create(newRound({ name: 'one' }))).toThrow('There is a round named “one” already.');
  expect(() => catalog.rounds.create(newRound({ name: 'two', source: 'nobody' }))).toThrow('no source named');
  catalog.markInterrupted();
  expect(catalog.rounds.get(id).status).toBe('interrupted');
});

test('the strongest feedback of a run is kept at both ends, with the images behind it', () => {
  const { catalog } = temporaryCatalog();
  addSource(catalog, 'faces');
  addRun(catalog, 'run-a');
  for (let step = 0; step < 100; step++) {
    // 37 and 100 have no divisor in common: every value from -50 to 49 once.
    const feedback = ((step * 37) % 100) - 50;
    const extreme = {
      labeled: Float64Array.of(step),
      unlabeled: Float64Array.of(1, 2),
      weakLabels: Uint8Array.of(3, 4),
    };
    catalog.runs.addFeedbackExtreme('run-a', { step, feedback, ...extreme });
  }
  const kept = catalog.runs.feedbackExtremes('run-a');
  expect(kept.map(({ feedback }) => feedback).sort((one, other) => one - other)).toEqual(
    Array.from({ length: 50 }, (_, place) => (place < 25 ? place - 50 : place)),
  );
  const [first] = kept;
  expect(catalog.runs.feedbackExtreme('run-a', first!.step)).toEqual({
    ...first,
    labeled: Float64Array.of(first!.step),
    unlabeled: Float64Array.of(1, 2),
    weakLabels: Uint8Array.of(3, 4),
  });
  catalog.runs.deleteStepsAfter('run-a', 50);
  expect(catalog.runs.feedbackExtremes('run-a').every(({ step }) => step <= 50)).toBe(true);
  expect(() => catalog.runs.feedbackExtreme('run-a', 99)).toThrow('was not kept');
});
