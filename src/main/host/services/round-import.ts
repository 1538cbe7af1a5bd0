import { rm } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RoundFileRequest, RoundProblem, RoundResult } from '#shared/rounds.ts';
import { placeColumns } from '../../audit/rounds/class-columns.ts';
import { openRoundFile } from '../../audit/rounds/round-file.ts';
import { type RoundFile, type RoundRow, type UnreadableRow, faultOf } from '../../audit/rounds/round-rows.ts';
import type { Catalog, SourceRow } from '../../catalog/catalog.ts';
import type { JobContext } from '../../jobs/runner.ts';
import { RoundEmbeddings } from './round-embeddings.ts';
import { resultOf } from './round-results.ts';

/** Labels written in one transaction. */
const BATCH = 5_000;
/** Rows between which others get their turn. */
const SLICE = 2_000;
/** Embeddings written at a time. */
const EMBEDDINGS = 500;

export interface RoundImportOptions {
  readonly catalog: Catalog;
  readonly request: RoundFileRequest;
  readonly folderOf: (round: number) => string;
}

/**
 * Makes a round of a file. Rows that cannot be used are counted and listed with their lines; labels are written once all rows were read, in the
 * order of the images, so that a cancelled import leaves no round. @throws StudioError as `openRoundFile`; the signal's reason.
 */
export async function importRound(options: RoundImportOptions, context: JobContext): Promise<RoundResult> {
  const { catalog, request, folderOf } = options;
  const file = await openRoundFile(request.file);
  try {
    const { id } = catalog.rounds.create({
      name: request.name,
      source: request.source,
      origin: 'file',
      run: null,
      network: request.network ?? null,
      step: request.step ?? null,
      file: resolve(request.file),
      classCount: file.classes.classCount,
      total: file.rowCount ?? 0,
    });
    try {
      const begun = performance.now();
      const intake = new RowIntake(catalog, catalog.sources.get(request.source), file, folderOf(id));
      await intake.read(context);
      catalog.rounds.addProblems(id, intake.problems);
      await intake.write(id, context);
      const seconds = (performance.now() - begun) / 1000;
      catalog.rounds.update(id, { status: 'finished', total: intake.rows, seconds });
      return resultOf(catalog, id);
    } catch (error) {
      catalog.rounds.remove(id);
      await rm(folderOf(id), { recursive: true, force: true });
      throw error;
    }
  } finally {
    await file.close();
  }
}

/** The rows of a file on their way into a round. */
class RowIntake {
  rows = 0;
  readonly problems: RoundProblem[] = [];
  readonly #catalog: Catalog;
  readonly #source: SourceRow;
  readonly #file: RoundFile;
  readonly #folder: string;
  /** By image: the line it was in, and where its probabilities are. */
  readonly #lines = new Map<number, { readonly line: number; readonly position: number }>();
  #probabilities = new Float32Array(1 << 16);
  #embeddings: RoundEmbeddings | null = null;
  #embeddingSize: number | null = null;
  #waiting: { id: number; embedding: ArrayLike<number> }[] = [];

  constructor(catalog: Catalog, source: SourceRow, file: RoundFile, folder: string) {
    this.#catalog = catalog;
    this.#source = source;
    this.#file = file;
    this.#folder = folder;
  }

  async read({ signal, report }: JobContext): Promise<void> {
    for await (const row of this.#file.rows()) {
      this.rows++;
      const problem = 'reason' in row ? row : this.#take(row);
      if (problem !== null) this.problems.push({ line: row.line, place: problem.place, reason: problem.reason });
      if (this.#waiting.length >= EMBEDDINGS) await this.#writeEmbeddings();
      if (this.rows % SLICE !== 0) continue;
      report(this.rows, this.#file.rowCount);
      await nextTurn();
      signal.throwIfAborted();
    }
    await this.#writeEmbeddings();
  }

  async write(round: number, { signal, report }: JobContext): Promise<void> {
    const { classes } = this.#file;
    const width = classes.targets.length;
    const images = Float64Array.from(this.#lines.keys()).sort();
    for (let from = 0; from < images.length; from += BATCH) {
      const batch = images.subarray(from, from + BATCH);
      const probabilities = new Float32Array(batch.length * width);
      for (const [index, image] of batch.entries()) {
        const { position } = this.#lines.get(image)!;
        probabilities.set(this.#probabilities.subarray(position, position + width), index * width);
      }
      this.#catalog.pseudoLabels.add(round, {
        images: batch,
        classCount: classes.classCount,
        probabilities: placeColumns(probabilities, classes),
      });
      report(this.rows, this.rows, 'Writing the labels.');
      await nextTurn();
      signal.throwIfAborted();
    }
    if (this.#embeddings === null) return;
    await this.#embeddings.finish();
    this.#catalog.rounds.update(round, { embeddingSize: this.#embeddingSize });
  }

  #take({ line, image, probabilities, embedding }: RoundRow): UnreadableRow | null {
    const place = 'path' in image ? image.path : String(image.id);
    const fault = faultOf(probabilities);
    if (fault !== null) return { line, place, reason: fault };
    const found = 'path' in image ? this.#atPath(image.path) : this.#withId(image.id);
    if (typeof found === 'string') return { line, place, reason: found };
    const before = this.#lines.get(found);
    if (before !== undefined) return { line, place, reason: `The image is in line ${before.line} already.` };
    const size = this.#embeddingSize ?? embedding?.length ?? null;
    if (embedding !== null && (embedding.length !== size || !allFinite(embedding))) {
      return { line, place, reason: `Its embedding is not ${size} numbers, as that of the first row.` };
    }
    this.#embeddingSize = size;
    this.#keep(found, line, probabilities);
    if (embedding !== null && embedding.length > 0) this.#waiting.push({ id: found, embedding });
    return null;
  }

  #keep(image: number, line: number, probabilities: ArrayLike<number>): void {
    const position = this.#lines.size * probabilities.length;
    if (position + probabilities.length > this.#probabilities.length) {
      const larger = new Float32Array(this.#probabilities.length * 2);
      larger.set(this.#probabilities);
      this.#probabilities = larger;
    }
    this.#probabilities.set(probabilities, position);
    this.#lines.set(image, { line, position });
  }

  #withId(id: number): number | string {
    const isThere = Number.isSafeInteger(id) && this.#catalog.pseudoLabels.isOfSource(id, this.#source.id);
    return isThere ? id : `The source “${this.#source.name}” has no image of that number.`;
  }

  /** Paths below the source's root, or whole ones that lead into it; any slashes. */
  #atPath(path: string): number | string {
    const { root, name, id } = this.#source;
    const below = isAbsolute(path) ? relative(root, path).replaceAll(sep, '/') : path;
    const plain = below.replaceAll('\\', '/').replace(/^(?:\.\/)+/, '');
    const images = this.#catalog.pseudoLabels.imagesAt(id, plain);
    if (images.length === 1) return images[0]!;
    if (images.length > 1) return 'Several images are in that file: name them by their id.';
    return `The source “${name}” has no image at that path.`;
  }

  async #writeEmbeddings(): Promise<void> {
    const size = this.#embeddingSize;
    const waiting = this.#waiting;
    if (waiting.length === 0 || size === null) return;
    this.#waiting = [];
    if (this.#embeddings === null) {
      this.#embeddings = await RoundEmbeddings.open(this.#folder, size);
      await this.#embeddings.keep(0);
    }
    const rows = new Float16Array(waiting.length * size);
    for (const [index, { embedding }] of waiting.entries()) rows.set(embedding, index * size);
    await this.#embeddings.append(
      Float64Array.from(waiting, ({ id }) => id),
      new Uint16Array(rows.buffer),
    );
  }
}

function allFinite(values: ArrayLike<number>): boolean {
  for (let index = 0; index < values.length; index++) if (!Number.isFinite(values[index])) return false;
  return true;
}
