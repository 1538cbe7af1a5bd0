import { expect, test } from 'vitest';
import { QUALITY_FLAGS } from '#shared/filter.ts';
import { SPLITS } from '#shared/images.ts';
import { RandomStream } from '#shared/random.ts';
import { openDatabase } from '#main/catalog/database.ts';
import {
  addRun,
  addSource,
  imagesOfClasses,
  newAnalysis,
  newImage,
  temporaryCatalog,
  setExcluded,
} from './temporary-catalog.ts';

test('counts stay true through inserts, every kind of change, and deletes', () => {
  const { catalog, file } = temporaryCatalog();
  const sources = [addSource(catalog, 'one'), addSource(catalog, 'other')];
  const stream = new RandomStream(3, 'audit');
  for (const [index, source] of sources.entries()) {
    const images = Array.from({ length: 200 }, (_, number) =>
      newImage({
        path: `${number}`,
        label: number % 5 === 0 ? null : number % 7,
        identity: number % 3 === 0 ? null : `p${number % (9 + index)}`,
      }),
    );
    catalog.images.insertBatch(source, images);
  }
  const connection = openDatabase(file);
  const change = (sql: string, ...values: unknown[]) => connection.prepare(sql).run(...values);
  for (let round = 0; round < 300; round++) {
    const id = 1 + stream.integer(400);
    switch (stream.integer(7)) {
      case 0:
        change('UPDATE image SET label = ? WHERE id = ?', stream.chance(0.3) ? null : stream.integer(8), id);
        break;
      case 1:
        change('UPDATE image SET split = ? WHERE id = ?', SPLITS[stream.integer(4)], id);
        break;
      case 2:
        change('UPDATE image SET identity = ? WHERE id = ?', stream.chance(0.3) ? null : `p${stream.integer(5)}`, id);
        break;
      case 3:
        setExcluded(catalog, [id], stream.chance(0.6));
        break;
      case 5: {
        const [present] = catalog.query.rows([id]);
        const flags = QUALITY_FLAGS.filter(() => stream.chance(0.3));
        if (present !== undefined) catalog.analyses.add([newAnalysis({ imageId: id, flags })]);
        break;
      }
      case 4:
        change(
          'UPDATE image SET excluded = ?, label = ?, identity = ? WHERE id = ?',
          stream.integer(2),
          stream.integer(8),
          'q',
          id,
        );
        break;
      default:
        change('DELETE FROM image WHERE id = ?', id);
    }
  }
  expect(catalog.integrityCheck()).toEqual([]);
  change('DELETE FROM source WHERE name = ?', 'one');
  expect(catalog.integrityCheck()).toEqual([]);
  connection.close();
});

test('counts that are wrong are found, and made right by counting anew', () => {
  const { catalog, file } = temporaryCatalog();
  const source = addSource(catalog, 'faces');
  catalog.images.insertBatch(
    source,
    imagesOfClasses([3, 2]).map((image) => ({ ...image, identity: 'Ann' })),
  );
  addRun(catalog, 'run');
  catalog.runs.addBadImage('run', 1, 'a.png', 'damaged');
  const connection = openDatabase(file);
  connection.exec(`
    UPDATE cell_count SET count = 30 WHERE cell = (SELECT cell FROM image WHERE label = 0 LIMIT 1);
    INSERT INTO cell_count VALUES ((${source} << 17) | (2 << 8) | (1 << 4), 9);
    DELETE FROM identity_count;
    UPDATE run SET bad_images = 7;
  `);
  connection.close();
  // Wrong: class 0 of train kept as 30, class 0 of train counted as 3, class 1 of test kept; and one person counted but not kept.
  expect(catalog.integrityCheck()).toEqual([
    'The counts kept in cell_count differ from the images: 3 rows.',
    'The counts kept in identity_count differ from the images: 1 rows.',
  ]);
  catalog.rebuildCounters();
  expect(catalog.integrityCheck()).toEqual([]);
  expect(catalog.stats({})).toMatchObject({ images: 5, sources: [{ identities: 1 }] });
  expect(catalog.runs.summary('run').badImages).toBe(1);
});
