import { fileWriter, parquetWriteRows } from 'hyparquet-writer';
import type { ExportedImage } from '#shared/export.ts';
import { COLUMNS, type ColumnType } from './columns.ts';
import type { Exporter, ExportTask } from './exporter.ts';
import { writeWholeFile } from './whole-output.ts';

/** Rows held in memory before they are written. */
const ROWS_PER_GROUP = 50_000;

/** Whole numbers are 64 bits wide: a byte offset of a large file has more than 32. */
const PARQUET_TYPES = { integer: 'INT64', number: 'DOUBLE', text: 'STRING', boolean: 'BOOLEAN' } as const;

type ParquetValue = string | number | bigint | boolean | null;

/** Parquet with snappy compression; the columns are those of the csv. */
export const exportParquet: Exporter = (task) =>
  writeWholeFile(task.target, async (_file, temporary) => {
    let images = 0;
    await parquetWriteRows({
      writer: fileWriter(temporary),
      rows: rowsOf({ ...task, onProgress: (done) => task.onProgress((images = done)) }),
      columns: COLUMNS.map(({ name, type }) => ({ name, type: PARQUET_TYPES[type] })),
      rowGroupSize: ROWS_PER_GROUP,
      createdBy: 'face2exp-studio',
    });
    return { images, notes: [] };
  });

async function* rowsOf({ images, signal, onProgress }: ExportTask): AsyncGenerator<Record<string, ParquetValue>> {
  let done = 0;
  for await (const batch of images) {
    signal.throwIfAborted();
    yield* batch.map(rowOf);
    onProgress((done += batch.length));
  }
}

function rowOf(image: ExportedImage): Record<string, ParquetValue> {
  return Object.fromEntries(COLUMNS.map(({ name, type, valueOf }) => [name, parquetValue(type, valueOf(image))]));
}

function parquetValue(type: ColumnType, value: string | number | boolean | null): ParquetValue {
  return type === 'integer' && typeof value === 'number' ? BigInt(value) : value;
}
