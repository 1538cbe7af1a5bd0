import { expect, test } from 'vitest';
import type { Verdict } from '#shared/review.ts';
import type { DecisionNote } from '#main/catalog/decisions.ts';
import { type Catalog, openCatalog } from '#main/catalog/catalog.ts';
import { openDatabase } from '#main/catalog/database.ts';
import { RandomStream } from '#shared/random.ts';
import { addSource, newImage, temporaryCatalog } from './temporary-catalog.ts';

function note(of: Partial<DecisionNote> = {}): DecisionNote {
  return { reviewer: 'ann', round: null, audit: null, queue: null, reason: '', seconds: 0, key: null, ...of };
}

/** Images 1 … 4 of class 0 in the training split, and 5 … 6 without a label. */
function faces(): { catalog: Catalog; file: string } {
  const made = temporaryCatalog();
  const { catalog } = made;
  const images = [1, 2, 3, 4].map((number) => newImage({ path: `${number}.png` }));
  catalog.images.insertBatch(addSource(catalog, 'faces'), images);
  const people = [5, 6].map((number) => newImage({ path: `${number}.png`, split: 'unlabeled', label: null }));
  catalog.images.insertBatch(addSource(catalog, 'people'), people);
  return made;
}

const labelsOf = (catalog: Catalog, ids: readonly number[] = [1, 2, 3, 4]) =>
  catalog.images.describe(ids).map(({ label }) => label);

/** What a round said of images, each with all its weight on one class. */
function addRound(catalog: Catalog, source: string, labels: ReadonlyMap<number, number>): number {
  const { id } = catalog.rounds.create({
    ...{ name: `round of ${source}`, source, origin: 'file', run: null, network: null, step: null, file: null },
    ...{ classCount: 7, total: labels.size },
  });
  const probabilities = new Float32Array(labels.size * 7);
  [...labels.values()].forEach((label, row) => (probabilities[row * 7 + label] = 1));
  catalog.pseudoLabels.add(id, { images: [...labels.keys()], classCount: 7, probabilities });
  return id;
}

test('a relabel changes the label and the counts, and an undo brings them back', () => {
  const { catalog } = faces();
  const made = catalog.decisions.record([{ image: 2, verdict: 'relabel', label: 3 }], note({ reason: 'wide eyes' }));
  expect(made).toMatchObject({ kind: 'decision', images: 1, reason: 'wide eyes', state: 'standing' });
  expect(made.first).toEqual({ image: 2, source: 'faces', path: '2.png', verdict: 'relabel', from: 0, to: 3 });
  expect(labelsOf(catalog)).toEqual([0, 3, 0, 0]);
  expect(catalog.stats({}).splits.train!.counts).toEqual([3, 0, 0, 1, 0, 0, 0]);
  const undone = catalog.decisions.undo('ann');
  expect(undone).toMatchObject({ kind: 'undo', target: made.id, images: 1, state: null });
  expect(labelsOf(catalog)).toEqual([0, 0, 0, 0]);
  expect(catalog.integrityCheck()).toEqual([]);
});

test('undo and redo go on after a restart, bulk included, to the beginning and back', () => {
  const { catalog, file } = faces();
  catalog.decisions.record([{ image: 1, verdict: 'relabel', label: 1 }], note());
  const bulk = [2, 3, 4].map((image) => ({ image, verdict: 'relabel' as const, label: 2 }));
  catalog.decisions.record(bulk, note());
  catalog.decisions.record([{ image: 4, verdict: 'relabel', label: 5 }], note());
  catalog.close();
  const again = openCatalog(file);
  try {
    const after: (number | null)[][] = [];
    for (let step = 0; step < 3; step++) {
      again.decisions.undo('ann');
      after.push(labelsOf(again));
    }
    expect(after).toEqual([
      [1, 2, 2, 2],
      [1, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
    expect(() => again.decisions.undo('ann')).toThrow('nothing of ann to undo');
    for (let step = 0; step < 3; step++) again.decisions.redo('ann');
    expect(labelsOf(again)).toEqual([1, 2, 2, 5]);
    expect(() => again.decisions.redo('ann')).toThrow('nothing of ann to redo');
    expect(again.decisions.list().map(({ kind }) => kind)).toEqual([
      ...['redo', 'redo', 'redo', 'undo', 'undo', 'undo'],
      ...['decision', 'decision', 'decision'],
    ]);
    expect(again.integrityCheck()).toEqual([]);
  } finally {
    again.close();
  }
});

test('what was undone cannot be redone once something else was decided', () => {
  const { catalog } = faces();
  const first = catalog.decisions.record([{ image: 1, verdict: 'relabel', label: 1 }], note());
  catalog.decisions.undo('ann');
  catalog.decisions.record([{ image: 1, verdict: 'relabel', label: 4 }], note());
  expect(() => catalog.decisions.redo('ann')).toThrow('nothing of ann to redo');
  expect(catalog.decisions.get(first.id).state).toBe('abandoned');
  catalog.decisions.undo('ann');
  expect(() => catalog.decisions.undo('ann')).toThrow('nothing of ann to undo');
  expect(labelsOf(catalog, [1])).toEqual([0]);
});

test('each reviewer undoes their own decisions; the newest that stands holds', () => {
  const { catalog } = faces();
  catalog.decisions.record([{ image: 1, verdict: 'relabel', label: 1 }], note());
  catalog.decisions.record([{ image: 1, verdict: 'relabel', label: 2 }], note({ reviewer: 'bob' }));
  catalog.decisions.undo('ann');
  expect(labelsOf(catalog, [1])).toEqual([2]);
  catalog.decisions.redo('ann');
  expect(labelsOf(catalog, [1])).toEqual([2]);
  catalog.decisions.undo('bob');
  expect(labelsOf(catalog, [1])).toEqual([1]);
  expect(catalog.decisions.reviewers()).toEqual(['ann', 'bob']);
  const history = catalog.decisions.history(1);
  expect(history.map(({ reviewer, from, to, state }) => [reviewer, from, to, state])).toEqual([
    ['ann', 0, 1, 'standing'],
    ['bob', 1, 2, 'undone'],
  ]);
});

test('an unlabeled image stays one; its pseudo label is what is judged', () => {
  const { catalog } = faces();
  expect(() => catalog.decisions.record([{ image: 5, verdict: 'accept' }], note())).toThrow('no label to accept');
  const round = addRound(catalog, 'people', new Map([[5, 6]]));
  const accepted = catalog.decisions.record([{ image: 5, verdict: 'accept' }], note({ round }));
  expect(accepted).toMatchObject({ round, first: { from: 6, to: 6, verdict: 'accept' } });
  expect(() => catalog.decisions.record([{ image: 6, verdict: 'accept' }], note({ round }))).toThrow('in this round');
  // Without a round, the label that was decided is judged; nobody labeled image 6 before.
  const corrected = catalog.decisions.record([{ image: 5, verdict: 'relabel', label: 0 }], note());
  expect(corrected.first).toMatchObject({ from: 6, to: 0 });
  const first = catalog.decisions.record([{ image: 6, verdict: 'relabel', label: 4 }], note());
  expect(first.first).toMatchObject({ from: null, to: 4 });
  expect(labelsOf(catalog, [5, 6])).toEqual([null, null]);
});

test('the round’s label is not what is judged where an image has its own', () => {
  const { catalog } = faces();
  const round = addRound(catalog, 'faces', new Map([[1, 6]]));
  const { first } = catalog.decisions.record([{ image: 1, verdict: 'accept' }], note({ round }));
  expect(first).toMatchObject({ verdict: 'accept', from: 0, to: 0 });
  const same = catalog.decisions.record([{ image: 1, verdict: 'relabel', label: 0 }], note({ round }));
  expect(same.first!.verdict).toBe('accept');
});

test('a key that was there already is not done again, and a label that changed meanwhile is told', () => {
  const { catalog } = faces();
  const once = catalog.decisions.record([{ image: 1, verdict: 'relabel', label: 1 }], note({ key: 'first-decision' }));
  const twice = catalog.decisions.record([{ image: 1, verdict: 'relabel', label: 1 }], note({ key: 'first-decision' }));
  expect(twice).toEqual(once);
  expect(catalog.decisions.list()).toHaveLength(1);
  const accept = [{ image: 1, verdict: 'accept' as const }];
  expect(() => catalog.decisions.record(accept, note(), 0)).toThrow('has another label by now');
  expect(catalog.decisions.record(accept, note(), 1).first).toMatchObject({ from: 1, to: 1 });
  expect(() => catalog.decisions.record([{ image: 99, verdict: 'reject' }], note())).toThrow('no image 99');
});

test('rejected and unsure images keep the label they came with', () => {
  const { catalog } = faces();
  catalog.decisions.record([{ image: 1, verdict: 'relabel', label: 3 }], note());
  catalog.decisions.record([{ image: 1, verdict: 'reject' }], note());
  expect(labelsOf(catalog, [1])).toEqual([0]);
  catalog.decisions.undo('ann');
  expect(labelsOf(catalog, [1])).toEqual([3]);
});

test('the log itself cannot be changed', () => {
  const { catalog, file } = faces();
  catalog.decisions.record([{ image: 1, verdict: 'relabel', label: 3 }], note());
  const connection = openDatabase(file);
  try {
    for (const sql of [
      "UPDATE decision_batch SET reason = 'x'",
      'DELETE FROM decision_batch',
      'UPDATE decision SET to_label = 1',
    ])
      expect(() => connection.exec(sql), sql).toThrow('only grows');
  } finally {
    connection.close();
  }
});

test('what is derived is what the log says, after any order of acts, and is made anew when it is damaged', () => {
  const { catalog, file } = faces();
  const stream = new RandomStream(5, 'audit');
  const verdicts: readonly Verdict[] = ['accept', 'relabel', 'reject', 'unsure'];
  for (let step = 0; step < 400; step++) {
    const reviewer = stream.chance(0.5) ? 'ann' : 'bob';
    const act = stream.integer(5);
    const { canUndo, canRedo } = catalog.decisions.canTurn(reviewer);
    if (act === 0 && canUndo) catalog.decisions.undo(reviewer);
    else if (act === 1 && canRedo) catalog.decisions.redo(reviewer);
    else {
      const verdict = verdicts[stream.integer(4)]!;
      const images = [1, 2, 3, 4].filter(() => stream.chance(0.5));
      const label = verdict === 'relabel' ? stream.integer(7) : undefined;
      if (images.length > 0)
        catalog.decisions.record(
          images.map((image) => ({ image, verdict, label })),
          note({ reviewer }),
        );
    }
  }
  expect(catalog.integrityCheck()).toEqual([]);
  const labels = labelsOf(catalog);
  const connection = openDatabase(file);
  connection.exec("UPDATE decision_state SET state = 'undone'; DELETE FROM review WHERE image_id = 1");
  connection.exec('UPDATE review_count SET count = count + 1');
  connection.close();
  expect(catalog.integrityCheck().join(' ')).toMatch(/decision_state.* review .*review_count/);
  catalog.rebuildCounters();
  expect(catalog.integrityCheck()).toEqual([]);
  expect(labelsOf(catalog)).toEqual(labels);
});

test('an undo or redo that is sent twice under one key is done once, and what is meant is checked', () => {
  const { catalog } = faces();
  const { decisions } = catalog;
  decisions.record([{ image: 1, verdict: 'relabel', label: 3 }], note({ key: 'decision-1' }));
  decisions.record([{ image: 2, verdict: 'relabel', label: 4 }], note({ key: 'decision-2' }));
  const undone = decisions.undo('ann', { key: 'undo-of-2', act: 'decision-2' });
  expect(decisions.undo('ann', { key: 'undo-of-2', act: 'decision-2' })).toEqual(undone);
  expect(labelsOf(catalog)).toEqual([3, 0, 0, 0]);
  // Under another key it is another undo: of the first decision, which is not the one that is meant.
  expect(() => decisions.undo('ann', { key: 'undo-again', act: 'decision-2' })).toThrow('another decision by now');
  expect(labelsOf(catalog)).toEqual([3, 0, 0, 0]);
  const redone = decisions.redo('ann', { key: 'redo-of-2', act: 'decision-2' });
  expect(decisions.redo('ann', { key: 'redo-of-2', act: 'decision-2' })).toEqual(redone);
  expect(labelsOf(catalog)).toEqual([3, 4, 0, 0]);
  expect(decisions.list().map(({ kind }) => kind)).toEqual(['redo', 'undo', 'decision', 'decision']);
  // One key names one act.
  expect(() => decisions.undo('ann', { key: 'redo-of-2' })).toThrow('is that of another act');
  expect(() => decisions.record([{ image: 3, verdict: 'reject' }], note({ key: 'undo-of-2' }))).toThrow('another act');
});

test('the images of an act are told for its undo too', () => {
  const { catalog } = faces();
  const { decisions } = catalog;
  const act = decisions.record(
    [4, 2, 1].map((image) => ({ image, verdict: 'reject' as const })),
    note(),
  );
  expect(decisions.imagesOf(act, 100)).toEqual([1, 2, 4]);
  expect(decisions.imagesOf(decisions.undo('ann'), 2)).toEqual([1, 2]);
});
