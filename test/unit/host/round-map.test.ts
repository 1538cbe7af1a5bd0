import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { RandomStream } from '#shared/random.ts';
import { roundMapSchema } from '#shared/map.ts';
import { readSafetensors } from '#main/interchange/safetensors.ts';
import { appRouter } from '#main/host/router.ts';
import { RoundEmbeddings } from '#main/host/services/round-embeddings.ts';
import { type Studio, createStudio } from '#main/host/studio.ts';
import { newImage, temporaryFolder } from '../catalog/temporary-catalog.ts';

/** Maps of rounds and what is chosen on them, as a window asks for them; pictures are never opened. */

const CLASSES = 7;
const SIZE = 16;
const FACES = 140;

function openStudio(): Studio {
  const studio = createStudio({ workspace: join(temporaryFolder(), 'workspace') });
  onTestFinished(() => studio.close());
  return studio;
}

const callerOf = (studio: Studio) => appRouter.createCaller({ studio, newWindowAddress: () => null });

function addImages(studio: Studio, count = FACES): number[] {
  const { catalog } = studio;
  const { id } = catalog.sources.add({ name: 'faces', root: '/data/faces', format: 'folder', role: 'unlabeled' });
  const images = Array.from({ length: count }, (_, number) =>
    newImage({ path: `${number}.png`, label: null, split: 'unlabeled' }),
  );
  catalog.images.insertBatch(id, images);
  return catalog.query.ids({ sources: ['faces'] });
}

/** A round in which the class of an image is its place modulo seven. */
function addRound(studio: Studio, images: readonly number[], name: string, shift = 0): number {
  const { catalog } = studio;
  const { id } = catalog.rounds.create({
    ...{ name, source: 'faces', origin: 'file', run: null, network: null, step: null, file: null },
    ...{ classCount: CLASSES, total: images.length },
  });
  const rows = images.flatMap((_, place) =>
    Array.from({ length: CLASSES }, (_column, label) => (label === (place + shift) % CLASSES ? 0.7 : 0.05)),
  );
  catalog.pseudoLabels.add(id, { images, classCount: CLASSES, probabilities: Float32Array.from(rows) });
  catalog.rounds.update(id, { status: 'finished' });
  return id;
}

/** Embeddings in which images of a class are alike; in descending order of the images, as a file may give them. */
async function addEmbeddings(studio: Studio, round: number, images: readonly number[], seed = 1): Promise<void> {
  const stream = new RandomStream(seed, 'demo');
  const middles = Array.from({ length: CLASSES }, () => Array.from({ length: SIZE }, () => stream.normal()));
  const file = await RoundEmbeddings.open(studio.rounds.folderOf(round), SIZE);
  const places = images.map((_, place) => images.length - 1 - place);
  const rows = places.flatMap((place) => middles[place % CLASSES]!.map((value) => value + 0.05 * stream.normal()));
  const ids = Float64Array.from(places, (place) => images[place]!);
  await file.append(ids, new Uint16Array(Float16Array.from(rows).buffer));
  await file.finish();
}

async function mapped(studio: Studio, round: number): Promise<void> {
  await studio.maps.make({ round, sample: 100, neighbours: 8 }).result;
}

test(
  'a round without embeddings says so, then how long it takes, then what was made',
  { timeout: 60_000 },
  async () => {
    const studio = openStudio();
    const images = addImages(studio);
    const round = addRound(studio, images, 'late');
    const { map } = callerOf(studio);
    expect(await map.state({ round })).toMatchObject({ embeddings: null, map: null, job: null, estimate: null });
    await expect(map.make({ round })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    await addEmbeddings(studio, round, images);
    const before = await map.state({ round: 'late' });
    expect(before).toMatchObject({ embeddings: { round, points: FACES, size: SIZE }, map: null, isStale: false });
    expect(before.estimate).toBeGreaterThan(0);
    const job = await map.make({ round, sample: 100, neighbours: 8, seed: 3 });
    expect(job).toMatchObject({ kind: 'map', unit: '%' });
    expect((await map.state({ round })).job).toBe(job.id);
    await expect(map.make({ round })).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect.poll(() => studio.catalog.jobs.get(job.id).status, { timeout: 30_000 }).toBe('finished');
    const after = roundMapSchema.parse(await map.state({ round }));
    expect(after.job).toBeNull();
    expect(after.map).toMatchObject({ points: FACES, landmarks: 100, sample: 100, neighbours: 8, seed: 3 });
    const { tensors } = await readSafetensors(join(studio.rounds.folderOf(round), 'map.safetensors'));
    expect([...tensors.get('ids')!.data].map(Number)).toEqual(images);
    expect([...tensors.get('landmark')!.data].map(Number).reduce((sum, one) => sum + one)).toBe(100);
  },
);

test(
  'columns are of the images that are left, in order, with what is said and decided',
  { timeout: 60_000 },
  async () => {
    const studio = openStudio();
    const images = addImages(studio);
    const round = addRound(studio, images, 'late');
    const earlier = addRound(studio, images.slice(0, 100), 'early', 1);
    await addEmbeddings(studio, round, images);
    await mapped(studio, round);
    studio.catalog.exclusions.set([images[5]!], true, { rule: 'chosen', reason: '', author: 'me' });
    studio.reviews.decide({ images: [images[0]!], verdict: 'relabel', label: 4, round });
    const left = images.filter((_, place) => place !== 5);
    const columns = documentOf(await studio.maps.columns(round));
    expect([...columns['id']!]).toEqual(left);
    expect(columns['position']).toHaveLength(2 * left.length);
    expect([...columns['predicted']!]).toEqual(left.map((image) => images.indexOf(image) % CLASSES));
    expect(columns['confidence']![3]).toBeCloseTo(0.7, 5);
    expect([...columns['known']!.slice(0, 3)]).toEqual([4, 8, 8]);
    expect([...columns['decided']!.slice(0, 3)]).toEqual([1, 0, 0]);
    expect(new Set(columns['split'])).toEqual(new Set([3]));
    // The earlier round has no embeddings of its own: its map shows the same places, of its images alone.
    const borrowed = documentOf(await studio.maps.columns(earlier));
    expect([...borrowed['id']!]).toEqual(left.slice(0, 99));
    expect(borrowed['position']!.slice(0, 20)).toEqual(columns['position']!.slice(0, 20));
    expect(await callerOf(studio).map.state({ round: earlier })).toMatchObject({ embeddings: { round } });
    const labels = documentOf(await studio.maps.labels(earlier));
    expect([...labels['label']!.slice(0, 4)]).toEqual([1, 2, 3, 4]);
  },
);

test('a map of other embeddings than there are is stale', { timeout: 60_000 }, async () => {
  const studio = openStudio();
  const images = addImages(studio);
  const round = addRound(studio, images, 'late');
  await addEmbeddings(studio, round, images);
  await mapped(studio, round);
  expect(await studio.maps.state(round)).toMatchObject({ isStale: false });
  await addEmbeddings(studio, round, images, 2);
  expect(await studio.maps.state(round)).toMatchObject({ isStale: true });
  await mapped(studio, round);
  expect(await studio.maps.state(round)).toMatchObject({ isStale: false });
});

test('a cancelled map stops at once and leaves none', { timeout: 60_000 }, async () => {
  const studio = openStudio();
  const images = addImages(studio, 6_000);
  const round = addRound(studio, images, 'late');
  await addEmbeddings(studio, round, images);
  const { job, result } = studio.maps.make({ round });
  const ended = result.then(
    () => 'finished',
    (error: { code: string }) => error.code,
  );
  await expect.poll(() => studio.catalog.jobs.get(job.id).done, { timeout: 30_000 }).toBeGreaterThan(0);
  const begun = performance.now();
  studio.jobs.cancel(job.id);
  expect(await ended).toBe('cancelled');
  expect(performance.now() - begun).toBeLessThan(5_000);
  expect(existsSync(join(studio.rounds.folderOf(round), 'map.safetensors'))).toBe(false);
  expect(await studio.maps.state(round)).toMatchObject({ map: null, job: null });
});

test('what was chosen is a queue of exactly these, decided or not, and the same choice is kept once', async () => {
  const studio = openStudio();
  const images = addImages(studio);
  const round = addRound(studio, images, 'late');
  const { map, review } = callerOf(studio);
  const chosen = [images[20]!, images[3]!, images[99]!];
  studio.reviews.decide({ images: [images[3]!], verdict: 'accept', round });
  const pick = await map.pick({ round, images: chosen });
  expect(pick).toMatchObject({ round, count: 3 });
  expect((await map.pick({ round, images: chosen.toReversed() })).id).toBe(pick.id);
  expect(readdirSync(join(studio.rounds.folderOf(round), 'picks'))).toHaveLength(1);
  expect(await map.picked({ round, id: pick.id })).toMatchObject({ count: 3 });
  const queue = await review.queue({ round, picked: pick.id, undecidedOnly: false });
  expect(queue.next).toBeNull();
  expect(new Set(queue.suspects.map(({ image }) => image.id))).toEqual(new Set(chosen));
  const left = await review.queue({ round, picked: pick.id });
  expect(left.suspects).toHaveLength(2);
  await expect(review.queue({ round, picked: '0123456789abcdef' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(map.pick({ round: 99, images: chosen })).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test(
  'the nearest faces of a card are those of its class, with distances, the nearest first',
  { timeout: 60_000 },
  async () => {
    const studio = openStudio();
    const images = addImages(studio);
    const round = addRound(studio, images, 'late');
    const { review } = callerOf(studio);
    expect(await review.nearest({ round, image: images[10]! })).toBeNull();
    await addEmbeddings(studio, round, images);
    studio.catalog.rounds.update(round, { embeddingSize: SIZE });
    const near = (await review.nearest({ round, image: images[10]! }))!;
    expect(near).toHaveLength(10);
    expect(near.map(({ image }) => images.indexOf(image) % CLASSES)).toEqual(Array(10).fill(3));
    expect(near.map(({ label }) => label)).toEqual(Array(10).fill(3));
    const distances = near.map(({ distance }) => distance);
    expect(distances).toEqual([...distances].sort((one, other) => one - other));
    expect(distances[0]).toBeGreaterThan(0);
    expect(distances[9]).toBeLessThan(0.1);
    expect(await review.nearest({ round, image: 999_999 })).toEqual([]);
  },
);

type Numbers = Float64Array | Float32Array | Uint8Array;

/** What a window reads of a document. */
function documentOf(pieces: readonly Uint8Array[]): Record<string, Numbers> {
  const bytes = Uint8Array.from(Buffer.concat(pieces));
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(Buffer.from(bytes.buffer, 8, length).toString()) as Record<
    string,
    { dtype: string; data_offsets: [number, number] }
  >;
  return Object.fromEntries(
    Object.entries(header).map(
      ([
        name,
        {
          dtype,
          data_offsets: [from, to],
        },
      ]) => {
        const data = bytes.slice(8 + length + from, 8 + length + to).buffer;
        return [
          name,
          dtype === 'F64' ? new Float64Array(data) : dtype === 'F32' ? new Float32Array(data) : new Uint8Array(data),
        ];
      },
    ),
  );
}
