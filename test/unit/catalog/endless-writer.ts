import { openCatalog } from '#main/catalog/catalog.ts';

/** Adds batches of images until it is killed, and tells each batch's number once it is committed: `endless-writer.ts FILE BATCH`. */
const [file, batch] = process.argv.slice(2);
const catalog = openCatalog(file!);
const source =
  catalog.sources.find('endless') ??
  catalog.sources.add({ name: 'endless', root: '/', format: 'folder', role: 'labeled' });
const begun = Date.now();
for (let number = 1; ; number++) {
  const images = Array.from({ length: Number(batch) }, (_, index) => ({
    ...({ split: 'train', encoding: 'file', identity: null, width: 1, height: 1 } as const),
    path: `${begun}/${number}/${index}.png`,
    label: index % 7,
  }));
  catalog.images.insertBatch(source.id, images);
  process.stdout.write(`${number}\n`);
}
