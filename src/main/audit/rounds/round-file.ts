import { open } from 'node:fs/promises';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import {
  type AsyncBuffer,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from 'hyparquet';
import { StudioError, toStudioError } from '#shared/errors.ts';
import { openTable } from '../../importers/table.ts';
import { FileBytes } from '../../interchange/file-bytes.ts';
import { ZipReader } from '../../interchange/pytorch/zip-reader.ts';
import { classColumnsOf } from './class-columns.ts';
import { type NpyArray, parseNpy } from './npy.ts';
import {
  ROUND_FILE_HINT,
  type RoundFile,
  type RoundRow,
  type UnreadableRow,
  listOf,
  rowColumnsOf,
  rowOf,
  unnamedClasses,
} from './round-rows.ts';

/** Rows of a Parquet file in memory at a time. */
const PARQUET_ROWS = 10_000;
/** An array of a million embeddings of 512 numbers. */
const LARGEST_ARRAY = 2 ** 31;

/**
 * Opens the answers of a network, told apart by content: csv, JSON Lines, Parquet or npz.
 * @throws StudioError 'not-found', 'bad-input' when it holds no images with probabilities, 'unsupported', 'corrupt'.
 */
export async function openRoundFile(path: string): Promise<RoundFile> {
  const begin = await firstBytes(path);
  if (begin === 'PAR1') return openParquet(path);
  if (begin === 'PK\u0003\u0004') return openNpz(path);
  return openList(path);
}

async function firstBytes(path: string): Promise<string> {
  try {
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } catch (error) {
    throw toStudioError(error);
  }
}

async function openList(path: string): Promise<RoundFile> {
  const table = await openTable(path);
  if (table === null) {
    throw new StudioError('bad-input', `${path} is no csv, JSON Lines, Parquet or npz file.`, {
      hint: ROUND_FILE_HINT,
    });
  }
  let listLength: number | null = null;
  const lists = table.columns.map((column, index) => (/^prob|^softmax$/i.test(column) ? index : -1));
  for await (const { values } of table.rows()) {
    const list = lists.map((index) => listOf(values?.[index])).find(({ length }) => length > 1);
    listLength = list?.length ?? null;
    if (values !== null) break;
  }
  const columns = rowColumnsOf(table.columns, path, listLength);
  return {
    classes: columns.classes,
    rowCount: null,
    async *rows() {
      for await (const { line, values, problem } of table.rows()) {
        yield values === null ? { line, place: '', reason: problem! } : rowOf(line, values, columns);
      }
    },
    close: () => Promise.resolve(),
  };
}

async function openParquet(path: string): Promise<RoundFile> {
  const file = await FileBytes.open(path, 'Parquet file');
  const buffer: AsyncBuffer = {
    byteLength: file.size,
    slice: async (start, end = file.size) => (await file.read(start, end - start, 'its data')).buffer,
  };
  const compressors = {
    GZIP: (input: Uint8Array, length: number) => new Uint8Array(gunzipSync(input, { maxOutputLength: length })),
    ZSTD: (input: Uint8Array, length: number) => new Uint8Array(zstdDecompressSync(input, { maxOutputLength: length })),
    BROTLI: (input: Uint8Array, length: number) =>
      new Uint8Array(brotliDecompressSync(input, { maxOutputLength: length })),
  };
  const read = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof StudioError) throw error;
      throw file.corrupt(error instanceof Error ? error.message : String(error), error);
    }
  };
  const readRows = (metadata: FileMetaData, rowStart: number, rowEnd: number, columns?: string[]) =>
    read(() =>
      parquetReadObjects({ file: buffer, metadata, rowStart, rowEnd, compressors, ...(columns && { columns }) }),
    );
  try {
    const metadata = await read(() => parquetMetadataAsync(buffer));
    const names = parquetSchema(metadata).children.map(({ element }) => element.name);
    const rowCount = Number(metadata.num_rows);
    const [first] = await readRows(metadata, 0, Math.min(1, rowCount));
    const lengths = names.filter((name) => /^prob|^softmax$/i.test(name)).map((name) => listOf(first?.[name]).length);
    const columns = rowColumnsOf(names, path, lengths.find((length) => length > 1) ?? null);
    return {
      classes: columns.classes,
      rowCount,
      async *rows() {
        for (let from = 0; from < rowCount; from += PARQUET_ROWS) {
          const rows = await readRows(metadata, from, Math.min(rowCount, from + PARQUET_ROWS));
          for (const [index, row] of rows.entries()) {
            const values = names.map((name): unknown => row[name]);
            yield rowOf(from + index + 1, values, columns);
          }
        }
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

const PATH_ARRAYS = ['path', 'paths', 'image_path', 'image_paths', 'files', 'filenames', 'images'];
const ID_ARRAYS = ['id', 'ids', 'image_id', 'image_ids'];
const PROBABILITY_ARRAYS = ['probabilities', 'probs', 'probability', 'softmax'];
const EMBEDDING_ARRAYS = ['embeddings', 'embedding', 'features'];
const CLASS_ARRAYS = ['classes', 'class_names'];

async function openNpz(path: string): Promise<RoundFile> {
  const file = await FileBytes.open(path, 'npz file');
  try {
    const zip = await ZipReader.open(file);
    const arrayOf = async (names: readonly string[]): Promise<NpyArray | null> => {
      const name = names.find((candidate) => zip.find(`${candidate}.npy`) !== undefined);
      return name === undefined ? null : parseNpy(await zip.read(`${name}.npy`, LARGEST_ARRAY), name, file);
    };
    const paths = await arrayOf(PATH_ARRAYS);
    const ids = paths === null ? await arrayOf(ID_ARRAYS) : null;
    const probabilities = await arrayOf(PROBABILITY_ARRAYS);
    const hint = 'Save it as np.savez(file, paths=np.array(paths, dtype=str), probabilities=probabilities).';
    const holds = [...zip.names()].map((name) => name.replace(/\.npy$/, '')).join(', ');
    if ((paths?.text ?? ids?.numbers ?? null) === null || (probabilities?.numbers ?? null) === null) {
      throw new StudioError('bad-input', `${path} has no images with probabilities; it holds ${holds}.`, { hint });
    }
    const [count = 0, width = 0] = probabilities!.shape;
    const imageCount = (paths ?? ids)!.shape[0];
    if (probabilities!.shape.length !== 2 || imageCount !== count) {
      const shape = probabilities!.shape.join('×');
      throw new StudioError('bad-input', `${path} has ${imageCount} images and ${shape} probabilities.`, { hint });
    }
    const embeddings = await arrayOf(EMBEDDING_ARRAYS);
    if (
      embeddings !== null &&
      (embeddings.shape.length !== 2 || embeddings.shape[0] !== count || !embeddings.numbers)
    ) {
      const shape = embeddings.shape.join('×');
      throw new StudioError('bad-input', `${path} has ${count} images and ${shape} embeddings.`, { hint });
    }
    const names = await arrayOf(CLASS_ARRAYS);
    const classes =
      names === null || names.text === null
        ? unnamedClasses(width, path)
        : classColumnsOf(
            Array.from({ length: names.shape[0] ?? 0 }, (_, index) => names.text!(index)),
            path,
          );
    if (classes.targets.length !== width) {
      throw new StudioError('bad-input', `${path} names ${classes.targets.length} classes and has ${width} columns.`);
    }
    return {
      classes,
      rowCount: count,
      // Awaits nothing: the arrays are in memory. Asynchronous as the other formats are.
      async *rows() {
        for (let row = 0; row < count; row++)
          yield npzRow(row, { paths, ids, probabilities: probabilities!, embeddings });
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

interface NpzArrays {
  readonly paths: NpyArray | null;
  readonly ids: NpyArray | null;
  readonly probabilities: NpyArray;
  readonly embeddings: NpyArray | null;
}

function npzRow(row: number, { paths, ids, probabilities, embeddings }: NpzArrays): RoundRow | UnreadableRow {
  const line = row + 1;
  const path = paths?.text!(row);
  if (path === '') return { line, place: '', reason: 'It names no image.' };
  return {
    line,
    image: path === undefined ? { id: ids!.numbers![row]! } : { path },
    probabilities: rowNumbers(probabilities, row),
    embedding: embeddings === null ? null : rowNumbers(embeddings, row),
  };
}

function rowNumbers({ numbers, shape }: NpyArray, row: number): number[] {
  const width = shape[1]!;
  return Array.from({ length: width }, (_, column) => numbers![row * width + column]!);
}
