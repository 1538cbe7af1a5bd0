import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, expect, test } from 'vitest';
import { openCatalog } from '#main/catalog/catalog.ts';
import { Labeling, type NetworkAnswer } from '#main/host/services/round-labeling.ts';
import { readSafetensors } from '#main/interchange/safetensors.ts';
import type { ManifestImage } from '#shared/images.ts';

/** Lists of 256 images: the last is not full. */
const IMAGES = 1_000;
const CLASSES = ['neutral', 'happy'];

function workspace() {
  const folder = mkdtempSync(join(tmpdir(), 'face2exp-labeling-'));
  const catalog = openCatalog(join(folder, 'catalog.sqlite'));
  onTestFinished(() => {
    catalog.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const source = catalog.sources.add({ name: 'people', root: '/people', format: 'folder', role: 'unlabeled' }).id;
  const images = Array.from({ length: IMAGES }, (_, number) => ({
    path: `${number}.png`,
    identity: null,
    label: null,
  }));
  const plain = { split: 'unlabeled', encoding: 'file', width: 8, height: 8 } as const;
  catalog.images.insertBatch(
    source,
    images.map((image) => ({ ...image, ...plain })),
  );
  const { id } = catalog.rounds.create({
    ...{ name: 'one', source: 'people', origin: 'network', run: null, network: 'base', step: 1, file: null },
    ...{ classCount: 2, total: IMAGES },
  });
  return { catalog, id, roundFolder: join(folder, 'rounds'), images: catalog.images.manifest({ source: 'people' }) };
}

/** A network whose answer tells the image: 1 in 10 cannot be read. */
function answerOf(list: readonly ManifestImage[]): NetworkAnswer {
  const isReadable = ({ id }: ManifestImage): boolean => id % 10 !== 0;
  const ids = Float64Array.from(list.filter(isReadable), ({ id }) => id);
  const confidenceOf = (id: number): number => 0.5 + (id % 64) / 128;
  return {
    ids,
    probabilities: Float32Array.from([...ids].flatMap((id) => [confidenceOf(id), 1 - confidenceOf(id)])),
    embeddings: Uint16Array.from([...ids].flatMap((id) => [id, 0x3c00])),
    embeddingSize: 2,
    failures: list.filter((image) => !isReadable(image)).map(({ id }) => ({ id, reason: 'it is damaged' })),
    step: 1,
    classes: CLASSES,
  };
}

const never = new AbortController().signal;

/** What the round holds, and what its file of embeddings does. */
async function outcome({ catalog, id, roundFolder }: ReturnType<typeof workspace>) {
  const { images, labels, confidences } = catalog.pseudoLabels.columns(id, 0, IMAGES);
  const { tensors } = await readSafetensors(join(roundFolder, 'embeddings.safetensors'));
  const embeddings = tensors.get('embeddings')!;
  return {
    images: [...images],
    labels: [...labels],
    confidences: [...confidences],
    ids: [...(tensors.get('ids')!.data as BigInt64Array)].map(Number),
    embedded: { dtype: embeddings.dtype, shape: embeddings.shape, first: [...embeddings.data].slice(0, 4) },
    files: readdirSync(roundFolder),
    problems: catalog.rounds.get(id).problems,
  };
}

test('a round that was cut off is continued behind its last label, and ends as one that was not', async () => {
  const whole = workspace();
  const straight = await new Labeling(placeOf(whole), whole.catalog.rounds.get(whole.id), { classes: CLASSES }).run(
    whole.images,
    { ask: (list) => Promise.resolve(answerOf(list)), ahead: 2 },
    () => undefined,
    never,
  );
  expect(straight).toMatchObject({ status: 'finished', count: 900, problems: 100, embeddingSize: 2 });

  const broken = workspace();
  let questions = 0;
  const first = new Labeling(placeOf(broken), broken.catalog.rounds.get(broken.id), { classes: CLASSES }).run(
    broken.images,
    {
      ask: (list) =>
        ++questions > 2 ? Promise.reject(new Error('the engine crashed')) : Promise.resolve(answerOf(list)),
      ahead: 2,
    },
    () => undefined,
    never,
  );
  await expect(first).rejects.toThrow('the engine crashed');
  const begun = broken.catalog.rounds.get(broken.id);
  expect(begun.status).toBe('interrupted');
  expect(begun.count).toBeGreaterThan(200);
  expect(begun.count).toBeLessThan(900);
  // Written before the crash, and never labeled.
  appendFileSync(join(broken.roundFolder, 'embedding-ids.partial'), Buffer.alloc(24));
  appendFileSync(join(broken.roundFolder, 'embeddings.partial'), Buffer.alloc(5));

  const asked: number[] = [];
  const progress: number[] = [];
  await new Labeling(placeOf(broken), begun, { classes: CLASSES }).run(
    broken.images,
    {
      ask: (list) => {
        asked.push(list[0]!.id);
        return Promise.resolve(answerOf(list));
      },
      ahead: 2,
    },
    (done) => progress.push(done),
    never,
  );
  expect(asked[0]).toBeGreaterThan(begun.count);
  expect(progress.at(-1)).toBe(IMAGES);
  expect(await outcome(broken)).toEqual(await outcome(whole));
  expect((await outcome(whole)).embedded).toEqual({ dtype: 'F16', shape: [900, 2], first: [1, 0x3c00, 2, 0x3c00] });
  expect((await outcome(whole)).files).toEqual(['embeddings.safetensors']);
});

test('labels without their embeddings are made again', async () => {
  const broken = workspace();
  const { catalog, id, images, roundFolder } = broken;
  const answer = answerOf(images.slice(0, 100));
  catalog.pseudoLabels.add(id, { images: answer.ids, classCount: 2, probabilities: answer.probabilities });
  catalog.rounds.update(id, { status: 'interrupted', embeddingSize: 2 });
  const labeling = new Labeling(placeOf(broken), catalog.rounds.get(id), { classes: CLASSES });
  const ask = (list: readonly ManifestImage[]) => Promise.resolve(answerOf(list));
  expect(await labeling.run(images, { ask, ahead: 2 }, () => undefined, never)).toMatchObject({
    count: 900,
    status: 'finished',
  });
  const { tensors } = await readSafetensors(join(roundFolder, 'embeddings.safetensors'));
  expect(tensors.get('ids')!.shape).toEqual([900]);
});

function placeOf({ catalog, roundFolder }: ReturnType<typeof workspace>) {
  return { catalog, folderOf: () => roundFolder, onChange: () => undefined };
}
