import { csvRecord } from '#shared/csv.ts';
import type { ExportedImage } from '#shared/export.ts';
import { COLUMNS } from './columns.ts';
import type { Exporter } from './exporter.ts';
import { writeWholeFile } from './whole-output.ts';

/** A csv with a header, RFC 4180, UTF-8 without a mark. */
export const exportCsv: Exporter = lines(csvRecord(COLUMNS.map(({ name }) => name)), (image) =>
  csvRecord(COLUMNS.map(({ valueOf }) => valueOf(image))),
);

/** JSON Lines: an object an image, its keys the columns of the csv, null where there is nothing. */
export const exportJsonLines: Exporter = lines(
  '',
  (image) => `${JSON.stringify(Object.fromEntries(COLUMNS.map(({ name, valueOf }) => [name, valueOf(image)])))}\n`,
);

function lines(header: string, lineOf: (image: ExportedImage) => string): Exporter {
  return ({ target, images, signal, onProgress }) =>
    writeWholeFile(target, async (file) => {
      await file.write(header);
      let done = 0;
      for await (const batch of images) {
        signal.throwIfAborted();
        await file.write(batch.map(lineOf).join(''));
        onProgress((done += batch.length));
      }
      return { images: done, notes: [] };
    });
}
