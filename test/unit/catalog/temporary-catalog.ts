import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { type Catalog, type NewImage, openCatalog } from '#main/catalog/catalog.ts';

const opened: { catalog: Catalog; folder: string }[] = [];

/** A catalog in a folder of its own, gone after the test. */
export function temporaryCatalog(): Catalog {
  const folder = mkdtempSync(join(tmpdir(), 'face2exp-catalog-'));
  const catalog = openCatalog(join(folder, 'catalog.sqlite'));
  opened.push({ catalog, folder });
  return catalog;
}

afterEach(() => {
  for (const { catalog, folder } of opened.splice(0)) {
    catalog.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

export function image(path: string, rest: Partial<NewImage> = {}): NewImage {
  return { split: 'train', path, encoding: 'file', label: null, identity: null, width: 48, height: 48, ...rest };
}

/** Adds a labeled source with so many images of each class. */
export function addLabeled(catalog: Catalog, name: string, counts: readonly number[]): void {
  const source = catalog.sources.add({ name, root: `/data/${name}`, format: 'folder', role: 'labeled' });
  const images = counts.flatMap((count, label) =>
    Array.from({ length: count }, (_, index) => image(`${label}/${index}.png`, { label })),
  );
  catalog.images.insertBatch(source.id, images);
}
