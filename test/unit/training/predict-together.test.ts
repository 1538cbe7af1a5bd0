import { expect, test } from 'vitest';
import type { ManifestImage } from '#shared/images.ts';
import type { LabeledPredictions, LabeledRequest } from '#main/training/evaluate.ts';
import { predictTogether } from '#main/training/predict-together.ts';

const CLASSES = ['a', 'b', 'c'];

/** Says of an image what its number makes of it; every seventh cannot be read. */
function predict({ images, networks, classes }: LabeledRequest): Promise<LabeledPredictions> {
  const readable = images.filter(({ id }) => id % 7 !== 3);
  return Promise.resolve({
    ids: readable.map(({ id }) => id),
    labels: readable.map(({ label }) => label),
    probabilities: networks.map((_, network) =>
      Float32Array.from(
        readable.flatMap(({ id }) => classes.map((_class, index) => Math.fround(id + network / 10 + index / 100))),
      ),
    ),
    seconds: 1,
  });
}

test.each([
  [1, 300],
  [2, 300],
  [3, 64 * 4 + 10],
  [3, 5],
])('%i processes that share %i images each come to what one finds', async (size, count) => {
  const images: ManifestImage[] = Array.from({ length: count }, (_, index) => ({
    ...{ id: 1000 - index, label: index % 3 },
    reference: { path: `${index}`, encoding: 'file' },
  }));
  const networks = [['base'], ['adaptation']] as unknown as LabeledRequest['networks'];
  const request = { networks, images, classes: CLASSES } as unknown as LabeledRequest;
  const given: Float32Array[] = [];
  const all = Promise.withResolvers<undefined>();
  const results = await Promise.all(
    Array.from({ length: size }, (_, rank) =>
      predictTogether(
        request,
        {
          group: { rank, size },
          gatherValues: async (values) => {
            given[rank] = values;
            if (given.filter((one) => one !== undefined).length === size) all.resolve(undefined);
            await all.promise;
            expect(new Set(given.map(({ length }) => length)).size).toBe(1);
            return Float32Array.from(given.flatMap((one) => [...one]));
          },
        },
        predict,
      ),
    ),
  );
  const { ids, labels, probabilities } = await predict(request);
  for (const result of results) expect(result).toMatchObject({ ids, labels, probabilities });
});
