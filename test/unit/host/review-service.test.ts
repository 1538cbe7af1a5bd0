import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { RandomStream } from '#shared/random.ts';
import type { Verdict } from '#shared/review.ts';
import type { Catalog } from '#main/catalog/catalog.ts';
import { appRouter } from '#main/host/router.ts';
import { foldsOf } from '#main/host/services/review-crossfit.ts';
import { type Studio, createStudio } from '#main/host/studio.ts';
import { newAnalysis, newImage, temporaryFolder } from '../catalog/temporary-catalog.ts';

/** Looking labels through, as a window does it; pictures are never opened. */

const CLASSES = 7;

function openStudio(folder = temporaryFolder()): Studio {
  const studio = createStudio({ workspace: join(folder, 'workspace') });
  onTestFinished(() => studio.close());
  return studio;
}

const callerOf = (studio: Studio) => appRouter.createCaller({ studio, newWindowAddress: () => null });

/** `count` images of a source. @returns their ids. */
function addImages(catalog: Catalog, source: string, labels: readonly (number | null)[]): number[] {
  const role = labels[0] === null ? 'unlabeled' : 'labeled';
  const { id } = catalog.sources.add({ name: source, root: `/data/${source}`, format: 'folder', role });
  const split = role === 'unlabeled' ? 'unlabeled' : 'train';
  const images = labels.map((label, number) => newImage({ path: `${number}.png`, label, split }));
  catalog.images.insertBatch(id, images);
  return catalog.query.ids({ sources: [source] });
}

/** A finished round; rows of probabilities are given by the image's place. */
function addRound(
  catalog: Catalog,
  source: string,
  images: readonly number[],
  rowOf: (place: number) => readonly number[],
  of: { name?: string; network?: 'base' | 'adaptation'; run?: string } = {},
): number {
  const { name = `round over ${source}`, network = null, run = null } = of;
  const { id } = catalog.rounds.create({
    ...{
      name,
      source,
      origin: 'file',
      run,
      network,
      step: null,
      file: null,
      classCount: CLASSES,
      total: images.length,
    },
  });
  catalog.pseudoLabels.add(id, {
    images,
    classCount: CLASSES,
    probabilities: Float32Array.from(images.flatMap((_, place) => [...rowOf(place)])),
  });
  catalog.rounds.update(id, { status: 'finished' });
  return id;
}

/** `share` on one class, the rest evenly on the others. */
const rowOn = (label: number, share: number): number[] =>
  Array.from({ length: CLASSES }, (_, column) => (column === label ? share : (1 - share) / (CLASSES - 1)));

/** A labeled set of 700 images, of which 84 labels are wrong; out-of-sample probabilities that mostly know the truth. */
function flippedSet(catalog: Catalog): { images: number[]; flipped: Set<number>; round: number } {
  const stream = new RandomStream(3, 'audit');
  const truths = Array.from({ length: 700 }, (_, place) => place % CLASSES);
  const wrong = new Set<number>();
  while (wrong.size < 84) wrong.add(stream.integer(700));
  const given = truths.map((truth, place) => (wrong.has(place) ? (truth + 1 + stream.integer(6)) % CLASSES : truth));
  const images = addImages(catalog, 'faces', given);
  const round = addRound(catalog, 'faces', images, (place) => {
    const isKnown = stream.chance(0.8);
    return rowOn(isKnown ? truths[place]! : stream.integer(CLASSES), isKnown ? stream.between(0.4, 0.95) : 0.35);
  });
  return { images, flipped: new Set([...wrong].map((place) => images[place]!)), round };
}

test('the mixed queue finds planted wrong labels, far better than low confidence, and says why', async () => {
  const studio = openStudio();
  const { images, flipped, round } = flippedSet(studio.catalog);
  const { review } = callerOf(studio);
  const list = await review.queues({ round });
  expect(list).toMatchObject({ images: 700, given: 700, against: null });
  expect(list.queues.find(({ queue }) => queue === 'mixed')).toMatchObject({ undecided: 700 });
  expect(list.missing.map(({ suspicion }) => suspicion)).toEqual([
    'disagreement',
    'neighbours',
    'flips',
    'duplicate',
    'quality',
  ]);
  const precisionAt50 = async (queue: 'mixed' | 'confidence' | 'confident-learning') => {
    const { suspects } = await review.queue({ round, queue, limit: 50 });
    return suspects.filter(({ image }) => flipped.has(image.id)).length / 50;
  };
  expect(await precisionAt50('mixed')).toBeGreaterThanOrEqual(0.9);
  expect(await precisionAt50('confident-learning')).toBeGreaterThanOrEqual(0.9);
  expect(await precisionAt50('confidence')).toBeLessThan(0.4);
  const { suspects } = await review.queue({ round, limit: 1 });
  const [first] = suspects;
  expect(first).toMatchObject({ rank: 0, isGiven: true, verdict: null });
  expect(first!.reasons.map(({ suspicion }) => suspicion)).toContain('confident-learning');
  expect(first!.reasons.find(({ suspicion }) => suspicion === 'confident-learning')!.sentence).toMatch(
    /^Networks that did not see its label give \w+ \d.* % and \w+ \d.* %\.$/,
  );
  const report = await review.confident({ round });
  expect(report.images).toBe(700);
  expect(report.issues).toBeGreaterThan(50);
  expect(report.estimatedShare).toBeGreaterThan(0.08);
  expect(images).toHaveLength(700);
});

test('decided images leave the queue, an undo brings them back, and the queue’s precision is measured', async () => {
  const studio = openStudio();
  const { flipped, round } = flippedSet(studio.catalog);
  const { review } = callerOf(studio);
  const { suspects, next } = await review.queue({ round, limit: 20 });
  expect(next).toBe(20);
  for (const { image, label, predicted } of suspects) {
    const isWrong = flipped.has(image.id);
    await review.decide({
      images: [image.id],
      ...(isWrong && predicted !== label ? { verdict: 'relabel', label: predicted } : { verdict: 'accept' }),
      ...{ seen: label, round, queue: 'mixed', reviewer: 'ann', seconds: 3 },
    });
  }
  const after = await review.queue({ round, limit: 1 });
  expect(after.suspects[0]!.rank).toBe(20);
  const stats = await review.stats({ reviewer: 'ann' });
  const wrong = suspects.filter(({ image }) => flipped.has(image.id)).length;
  const [queue] = stats.queues;
  expect(queue).toMatchObject({
    name: 'mixed',
    decided: 20,
    corrections: wrong,
    seconds: 60,
    correctionsPerMinute: wrong,
  });
  expect(queue!.precisionAt.map(({ k }) => k)).toEqual([10, 20]);
  expect(queue!.precisionAt[1]!.precision).toBeCloseTo(wrong / 20, 12);
  expect(stats).toMatchObject({ canUndo: true, canRedo: false, counts: { relabel: wrong, accept: 20 - wrong } });
  await review.undo({ reviewer: 'ann' });
  expect((await review.queue({ round, limit: 1 })).suspects[0]!.rank).toBe(19);
});

test('every suspicion has its queue: disagreement, flips, copies, quality and rare classes', async () => {
  const studio = openStudio();
  const { catalog } = studio;
  const people = addImages(catalog, 'people', Array<null>(40).fill(null));
  const run = { run: 'some run' };
  addRound(catalog, 'people', people, (place) => rowOn(place === 3 ? 4 : 1, 0.9), {
    name: 'first',
    network: 'base',
    ...run,
  });
  addRound(catalog, 'people', people, (place) => rowOn(place === 3 ? 2 : 1, 0.9), {
    name: 'second',
    network: 'base',
    ...run,
  });
  const round = addRound(catalog, 'people', people, (place) => rowOn(place === 7 ? 5 : 1, place === 9 ? 0.2 : 0.9), {
    ...{ name: 'other', network: 'adaptation' },
    ...run,
  });
  catalog.analyses.add(
    people.map((imageId, place) => ({
      ...newAnalysis({ imageId, flags: place === 11 ? ['dark'] : [] }),
      // Images 7 and 8 are copies, and are labeled otherwise.
      digest: place === 8 || place === 7 ? 'same' : `pixels of ${imageId}`,
    })),
  );
  await catalog.duplicates.searchExact(new AbortController().signal);
  const { review } = callerOf(studio);
  const { against, queues, missing } = await review.queues({ round });
  expect(against).toBe(catalog.rounds.find('second')!.id);
  const countOf = (name: string) => queues.find(({ queue }) => queue === name)!.count;
  // Both networks differ on images 3 and 7; the base network changed its mind on 3; 7 and 8 are copies.
  expect(['disagreement', 'flips', 'duplicate', 'quality', 'rare'].map(countOf)).toEqual([2, 1, 2, 1, 1]);
  expect(missing.map(({ suspicion }) => suspicion)).toEqual(['neighbours']);
  const sentenceOf = async (queue: 'disagreement' | 'flips' | 'duplicate' | 'quality' | 'rare' | 'margin') => {
    const { suspects } = await review.queue({ round, queue, limit: 1 });
    return suspects[0]!.reasons.find(({ suspicion }) => suspicion === queue)!.sentence;
  };
  expect(await sentenceOf('disagreement')).toMatch(/^This network says \w+ \(90 %\), second says \w+ \(90 %\)\.$/);
  expect(await sentenceOf('flips')).toBe('The label changed once from round to round.');
  expect(await sentenceOf('duplicate')).toBe('A copy of this image has another label.');
  expect(await sentenceOf('rare')).toBe('disgust is rare: 1 of 40 labels.');
  expect(await sentenceOf('margin')).toMatch(/^happy \(20 %\) is hardly ahead of neutral \(13 %\)\.$/);
});

test('weights change the mixed order, and are kept', async () => {
  const studio = openStudio();
  const { round } = flippedSet(studio.catalog);
  const { review } = callerOf(studio);
  const zero = { 'confident-learning': 0, rare: 0, margin: 1 };
  const usual = (await review.queue({ round, limit: 20 })).suspects.map(({ image }) => image.id);
  const changed = (await review.queue({ round, weights: zero, limit: 20 })).suspects.map(({ image }) => image.id);
  expect(changed).not.toEqual(usual);
  await review.setWeights(zero);
  expect((await review.queue({ round, limit: 20 })).suspects.map(({ image }) => image.id)).toEqual(changed);
  expect(await review.weights()).toMatchObject({ margin: 1, 'confident-learning': 0, neighbours: 0.5 });
  const none = { margin: 0, disagreement: 0, neighbours: 0, flips: 0, duplicate: 0, quality: 0 };
  await expect(review.setWeights(none)).rejects.toThrow('every weight is 0');
});

test('a blind audit tells no label, and its report is what a hand count gives', async () => {
  const studio = openStudio();
  const { catalog } = studio;
  const people = addImages(catalog, 'people', Array<null>(300).fill(null));
  // Class by place: 0 and 1 alternate. Of class 0 every fourth is wrong; below the threshold all are.
  const round = addRound(catalog, 'people', people, (place) => rowOn(place % 2, place < 200 ? 0.9 : 0.4));
  const isRight = (image: number) => {
    const place = people.indexOf(image);
    return place < 200 && (place % 2 === 1 || place % 8 !== 0);
  };
  const { review } = callerOf(studio);
  const begun = await review.startAudit({ name: 'first', round, thresholds: 0.8, perClass: 40, seed: 2 });
  expect(begun).toMatchObject({ population: 200, sampled: 80, answered: 0, precision: null, isEnough: false });
  let judged = 0;
  const wrong = [0, 0];
  for (let next = await review.auditNext({ name: 'first' }); next !== null;) {
    expect(Object.keys(next)).not.toContain('label');
    const place = people.indexOf(next.image);
    const right = isRight(next.image);
    if (!right) wrong[place % 2]!++;
    const answer = right ? place % 2 : 6;
    const kept: { next: typeof next | null } = await review.auditAnswer({
      name: 'first',
      image: next.image,
      answer,
      reviewer: 'ann',
    });
    judged++;
    next = kept.next;
  }
  expect(judged).toBe(80);
  const report = await review.audit({ name: 'first' });
  expect(wrong[1]).toBe(0);
  expect(report.perClass.map(({ right }) => right)).toEqual([40 - wrong[0]!, 40]);
  expect(report.precision).toBeCloseTo((1 - wrong[0]! / 40 + 1) / 2, 12);
  // The true precision of what the threshold accepts: a quarter of class 0 is wrong.
  const [lower, upper] = report.interval!;
  expect(lower).toBeLessThanOrEqual(0.875);
  expect(upper).toBeGreaterThanOrEqual(0.875);
  expect(report.isEnough).toBe(true);
  await expect(review.startAudit({ name: 'first', round })).rejects.toThrow('an audit named');
  await expect(review.auditAnswer({ name: 'first', image: people[299]!, answer: 0 })).rejects.toThrow(
    'not in the audit',
  );
  // An answer is a decision: an undo takes it back.
  await review.undo({ reviewer: 'ann' });
  expect((await review.audit({ name: 'first' })).answered).toBe(79);
});

test('ground truth is audited as well, and unsure and useless pictures are told apart', async () => {
  const studio = openStudio();
  const images = addImages(studio.catalog, 'faces', [0, 0, 0, 1, 1, 1]);
  const { review } = callerOf(studio);
  await review.startAudit({ name: 'truth', filter: { sources: ['faces'] }, perClass: 3 });
  const answers: readonly (number | 'reject' | 'unsure')[] = [0, 'reject', 'unsure', 1, 1, 1];
  for (const [place, answer] of answers.entries()) {
    await review.auditAnswer({ name: 'truth', image: images[place]!, answer });
  }
  const { perClass } = await review.audit({ name: 'truth' });
  expect(perClass.map(({ name, judged, right, unsure }) => [name, judged, right, unsure])).toEqual([
    ['neutral', 2, 1, 1],
    ['happy', 3, 3, 0],
  ]);
  expect(perClass[1]!.interval).toEqual([1, 1]);
});

test('agreement of two reviewers in turn is Cohen’s kappa over what both decided', async () => {
  const studio = openStudio();
  const images = addImages(studio.catalog, 'faces', Array<number>(6).fill(0));
  const { review } = callerOf(studio);
  const say = (reviewer: string, place: number, verdict: Verdict, label?: number) =>
    review.decide({ images: [images[place]!], verdict, label, reviewer });
  for (const place of [0, 1, 2]) await say('ann', place, 'relabel', 1);
  for (const place of [3, 4]) await say('ann', place, 'accept');
  await say('bob', 0, 'accept');
  await say('bob', 1, 'accept');
  await say('bob', 2, 'relabel', 2);
  await say('bob', 3, 'accept');
  await say('bob', 4, 'unsure');
  const agreement = await review.agreement({ one: 'ann', other: 'bob' });
  // Pairs: 1 1, 1 1, 1 2, 0 0, and one unsure. Observed 3/4; by chance 1/4 · 1/4 + 3/4 · 2/4 = 7/16; kappa (12 - 7) / (16 - 7).
  expect(agreement).toMatchObject({ images: 4, unsure: 1, observed: 0.75 });
  expect(agreement.kappa).toBeCloseTo(5 / 9, 12);
  expect(agreement.disagreements).toEqual([{ image: images[2], one: 'happy', other: 'sad' }]);
  await expect(review.agreement({ one: 'ann', other: 'eve' })).rejects.toThrow('eve decided nothing');
});

test('decisions go to another workspace and back; conflicts are shown, and nothing is overwritten unasked', async () => {
  const [first, second] = [openStudio(), openStudio()];
  const images = addImages(first.catalog, 'faces', [0, 0, 0, 0]);
  addImages(second.catalog, 'faces', [0, 0, 0, 0]);
  const [one, other] = [callerOf(first).review, callerOf(second).review];
  await one.decide({
    images: [images[0]!],
    verdict: 'relabel',
    label: 3,
    reviewer: 'ann',
    reason: 'mouth open, "wide"',
  });
  await one.decide({ images: [images[1]!, images[2]!], verdict: 'reject', reviewer: 'ann' });
  await other.decide({ images: [images[1]!], verdict: 'relabel', label: 5, reviewer: 'bob' });
  const file = join(temporaryFolder(), 'decisions.csv');
  expect(await one.export({ file })).toEqual({ file, decisions: 3 });
  const looked = await other.import({ file, dryRun: true });
  expect(looked).toMatchObject({ added: 2, same: 0, overwritten: 0, conflictCount: 1, problemCount: 0 });
  expect(await other.log()).toHaveLength(1);
  expect(await other.import({ file })).toMatchObject({ added: 2, conflictCount: 1 });
  const [conflict] = looked.conflicts;
  expect(conflict).toMatchObject({
    ...{ image: images[1], path: '1.png' },
    here: { reviewer: 'bob', verdict: 'relabel', label: 5 },
    file: { reviewer: 'ann', verdict: 'reject', label: null },
  });
  const labels = () => second.catalog.images.describe(images).map(({ label }) => label);
  expect(labels()).toEqual([3, 5, 0, 0]);
  expect((await other.history({ image: images[0]! }))[0]!.reason).toBe('mouth open, "wide"');
  // Once more: nothing new, the conflict stays one until the file may win; an undo of ann's takes that back.
  expect(await other.import({ file })).toMatchObject({ added: 0, same: 2, conflictCount: 1 });
  const agreed = await other.agreement({ one: 'bob', other: 'ann', file });
  expect(agreed).toMatchObject({ images: 1, observed: 0 });
  expect(await other.import({ file, overwrite: true })).toMatchObject({ overwritten: 1, added: 0 });
  expect(labels()).toEqual([3, 0, 0, 0]);
  await other.undo({ reviewer: 'ann' });
  expect(labels()).toEqual([3, 5, 0, 0]);
  writeFileSync(
    file,
    `${readFileSync(file, 'utf8')}faces,gone.png,0,ann,reject,,,,,,0,\r\nfaces,0.png,0,ann,maybe,,,,,,0,\r\n`,
  );
  const { problems } = await other.import({ file, dryRun: true });
  expect(problems.map(({ reason }) => reason)).toEqual([
    'There is no image gone.png in the source faces.',
    '“maybe” is no verdict.',
  ]);
});

test('reviewed labels become a frozen subset: corrected, without rejected ones, with accepted pseudo labels', async () => {
  const studio = openStudio();
  const { catalog } = studio;
  const images = addImages(catalog, 'faces', [0, 0, 1, 1, 2]);
  const people = addImages(catalog, 'people', [null, null, null]);
  const round = addRound(catalog, 'people', people, () => rowOn(6, 0.9));
  const { review } = callerOf(studio);
  await review.decide({ images: [images[0]!], verdict: 'relabel', label: 4 });
  await review.decide({ images: [images[1]!], verdict: 'reject' });
  await review.decide({ images: [images[2]!], verdict: 'unsure' });
  await review.decide({ images: [people[0]!], verdict: 'accept', round });
  await review.decide({ images: [people[1]!], verdict: 'reject', round });
  const made = await review.subset({ name: 'clean', base: 'faces', excludeRejected: true });
  // The relabeled image has its label in the base already: images of labeled splits have the decided label as their own.
  expect(made).toMatchObject({ kept: 4, relabeled: 0, leftOut: 1, added: 1, excluded: 2 });
  expect(made.subset.counts).toEqual([0, 0 + 2, 1, 0, 1, 0, 1]);
  expect(made.subset.rule).toBe('faces as reviewed, with 1 reviewed pseudo labels, decisions up to 5');
  expect(catalog.query.ids({ sources: ['people'] })).toEqual([people[0], people[2]]);
  const strict = await review.subset({ name: 'clean', base: 'faces', dropUnsure: true, addUnlabeled: false });
  expect(strict.subset).toMatchObject({ version: 2, total: 3 });
  // A frozen base keeps what it froze, and is corrected by the decisions.
  await review.decide({ images: [images[4]!], verdict: 'relabel', label: 3 });
  const corrected = await review.subset({ name: 'again', base: 'clean@1' });
  expect(corrected).toMatchObject({ relabeled: 1, kept: 4 });
  const alone = await review.subset({ name: 'alone' });
  expect(alone.subset.counts).toEqual([0, 0, 0, 1, 1, 0, 1]);
});

test('keys are remapped and kept; one key never means two things', async () => {
  const studio = openStudio();
  const { review } = callerOf(studio);
  expect(await review.keys()).toMatchObject({ neutral: '1', anger: '7', accept: 'Enter', undo: 'z' });
  await review.setKeys({ anger: 'a', neutral: 'n' });
  expect(await review.keys()).toMatchObject({ anger: 'a', neutral: 'n', happy: '2' });
  await expect(review.setKeys({ sad: 'x' })).rejects.toThrow('would mean sad and reject');
  expect(await review.resetKeys()).toMatchObject({ anger: '7' });
});

test('folds hold about the same share of each class, the same for a seed', () => {
  const images = Array.from({ length: 103 }, (_, place) => ({ label: place < 90 ? 0 : 1 }));
  const fold = foldsOf(images, 5, 1);
  expect(foldsOf(images, 5, 1)).toEqual(fold);
  expect(foldsOf(images, 5, 2)).not.toEqual(fold);
  const counts = (label: number) =>
    [0, 1, 2, 3, 4].map(
      (number) => images.filter((image, place) => image.label === label && fold[place] === number).length,
    );
  expect(counts(0)).toEqual([18, 18, 18, 18, 18]);
  expect(counts(1)).toEqual([3, 3, 3, 2, 2]);
});
