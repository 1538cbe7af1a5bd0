import { openCatalog } from '#main/catalog/catalog.ts';

/** Adds batches of 100 images until it is killed, and says after each commit how many batches there are. */
const catalog = openCatalog(process.argv[2]!);
const { id } = catalog.sources.add({ name: 'faces', root: '/data', format: 'folder', role: 'labeled' });
for (let batch = 1; ; batch++) {
  catalog.images.insertBatch(
    id,
    Array.from({ length: 100 }, (_, index) => ({
      ...({ split: 'train', path: `${batch}/${index}.png`, encoding: 'file', label: index % 7 } as const),
      ...{ identity: null, width: null, height: null },
    })),
  );
  process.stdout.write(`${batch}\n`);
}
