import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DEFAULT_DISTANCE } from '#shared/analysis.ts';
import type { ExportedImage } from '#shared/export.ts';
import type { ImageFilter } from '#shared/filter.ts';
import { type Split, SPLITS } from '#shared/images.ts';
import { ROUND_SORTS, STORED_SORTS } from '#shared/query.ts';
import { RandomStream } from '#shared/random.ts';
import { type Catalog, type NewImage, openCatalog } from '../catalog/catalog.ts';
import { type Hashes, groupNearHashes } from '../catalog/duplicate-search.ts';
import { exportCsv } from '../exporters/text-lines.ts';

export interface BenchResult {
  readonly name: string;
  readonly ours: number;
  readonly peer: number | null;
  /** Ours over the peer's. */
  readonly ratio: number | null;
  readonly unit: string;
}

export interface CatalogBenchOptions {
  readonly rows: number;
  /** An empty folder; what is made in it stays. */
  readonly directory: string;
  readonly onProgress: (message: string) => void;
}

/** Rows of one insert: enough that the price of a commit does not show. */
const INSERT_BATCH = 2_000;
const EXPORT_BATCH = 1_000;
const QUESTIONS = 200;
const DECISIONS = 500;
const BULK = 100_000;
const SOURCES = ['labeled', 'faces', 'held-out'] as const;

/**
 * Times the catalog on generated rows: what a person waits for with a catalog of that size. Rows are inserted as an import does, but no file is
 * read. @returns seconds, milliseconds at the 95th percentile of many repeats, rows a second, and the peak memory of this process.
 */
export async function benchCatalog({ rows, directory, onProgress }: CatalogBenchOptions): Promise<BenchResult[]> {
  const file = join(directory, 'catalog.sqlite');
  const results: BenchResult[] = [];
  const add = (name: string, ours: number, unit: string): void => {
    results.push({ name, ours, peer: null, ratio: null, unit });
    onProgress(`${name}: ${Number(ours.toPrecision(3))} ${unit}`);
  };
  let catalog = openCatalog(file);
  try {
    const insertSeconds = timed(() => insertRows(catalog, rows)) / 1000;
    add('insert', rows / insertSeconds, 'rows/s');
    const hashes = someHashes(rows);
    add('near duplicates', timed(() => void groupNearHashes(hashes, DEFAULT_DISTANCE)) / 1000, 's');
    add('index names', timed(() => catalog.text.catchUp()) / 1000, 's');
    catalog.close();
    const opening = timed(() => {
      catalog = openCatalog(file);
      firstScreen(catalog);
    });
    add('open to first page', opening / 1000, 's');
    add('page, 95 %', percentile95(askPages(catalog)), 'ms');
    add('facet counts, 95 %', percentile95(askFacets(catalog)), 'ms');
    addRound(catalog, rows);
    add('round into memory', timed(() => drain(catalog.query.prepare({ round: ROUND }))) / 1000, 's');
    add('page of a round, 95 %', percentile95(askPages(catalog, roundFilter)), 'ms');
    add('facet counts of a round, 95 %', percentile95(askFacets(catalog, roundFilter)), 'ms');
    add('single decision, 95 %', percentile95(decide(catalog, rows)), 'ms');
    const [bulk, undo] = changeMany(catalog, rows);
    add(`exclude ${Math.min(BULK, rows)}`, bulk / 1000, 's');
    add('undo that', undo / 1000, 's');
    const [relabel, relabelUndo] = relabelMany(catalog, rows);
    add(`relabel ${Math.min(BULK, rows)}`, relabel / 1000, 's');
    add('undo that relabel', relabelUndo / 1000, 's');
    const started = performance.now();
    await writeCsv(catalog, join(directory, 'images.csv'));
    add('csv export', (performance.now() - started) / 1000, 's');
    add('peak memory', process.resourceUsage().maxRSS / 1024, 'MB');
  } finally {
    catalog.close();
  }
  return results;
}

function timed(work: () => void): number {
  const started = performance.now();
  work();
  return performance.now() - started;
}

export function percentile95(milliseconds: readonly number[]): number {
  const sorted = milliseconds.toSorted((one, other) => one - other);
  return sorted[Math.ceil(sorted.length * 0.95) - 1]!;
}

/** A labeled set in class folders, people without labels, and a held-out set, in the order in which folders are read. */
export function insertRows(catalog: Catalog, rows: number): void {
  const roles = ['labeled', 'unlabeled', 'test'] as const;
  const shares = [0.3, 0.6, 0.1];
  for (const [index, name] of SOURCES.entries()) {
    const { id } = catalog.sources.add({ name, root: `/data/${name}`, format: 'manifest', role: roles[index]! });
    const count = Math.round(rows * shares[index]!);
    for (let from = 0; from < count; from += INSERT_BATCH) {
      const length = Math.min(INSERT_BATCH, count - from);
      catalog.images.insertBatch(
        id,
        Array.from({ length }, (_, offset) => generatedImage(index, from + offset, count)),
      );
    }
  }
}

function generatedImage(source: number, number: number, count: number): NewImage {
  const side = source === 0 ? 48 : [112, 160, 250][number % 3]!;
  const place = { encoding: 'file', width: side, height: side } as const;
  const name = String(number).padStart(8, '0');
  if (source === 1) {
    const identity = `person_${String(Math.floor(number / 40)).padStart(6, '0')}`;
    return { ...place, split: 'unlabeled', path: `${identity}/${name}.jpg`, label: null, identity };
  }
  const label = Math.floor((number * 7) / count);
  const split: Split = source === 2 ? 'test' : number % 10 === 0 ? 'validation' : 'train';
  return { ...place, split, path: `${split}/class_${label}/${name}.jpg`, label, identity: null };
}

/** Hashes by chance, a tenth of them copies of others with up to four bits changed. */
function someHashes(count: number): Hashes {
  const stream = new RandomStream(4, 'audit');
  const high = Uint32Array.from({ length: count }, () => stream.next());
  const low = Uint32Array.from({ length: count }, () => stream.next());
  for (let copy = 0; copy < count; copy += 10) {
    const original = stream.integer(count);
    high[copy] = high[original]! ^ (1 << stream.integer(32)) ^ (1 << stream.integer(32));
    low[copy] = low[original]! ^ (1 << stream.integer(32)) ^ (1 << stream.integer(32));
  }
  return { high, low };
}

function firstScreen(catalog: Catalog): void {
  catalog.stats({});
  catalog.query.facets({});
  catalog.query.page({ filter: {}, sort: 'id', descending: false, cursor: null, limit: 100 });
}

/** Filters as a person makes them: some parts of each kind, now and then a text. */
function someFilter(stream: RandomStream, number: number): ImageFilter {
  return {
    ...(stream.chance(0.3) && { sources: [SOURCES[stream.integer(SOURCES.length)]!] }),
    ...(stream.chance(0.3) && { splits: [SPLITS[stream.integer(SPLITS.length)]!] }),
    ...(stream.chance(0.4) && { labels: [stream.integer(7), stream.integer(7)] }),
    ...(stream.chance(0.2) && { sizes: ['48-111' as const] }),
    ...(number % 5 === 0 && { text: SEARCHED[stream.integer(SEARCHED.length)]! }),
  };
}

const SEARCHED = ['person_0012', 'class_3', '00012345', '.jpg', 'nobody'];

const ROUND = 'round';
const ROUND_CLASSES = 7;

/** A round that labels every image of the catalog, confidences spread evenly from 0.2 to 1. */
function addRound(catalog: Catalog, rows: number): void {
  const stream = new RandomStream(5, 'audit');
  const round = { source: 'faces', origin: 'file', run: null, network: null, step: null, file: null } as const;
  const { id } = catalog.rounds.create({ ...round, name: ROUND, classCount: ROUND_CLASSES, total: rows });
  for (let from = 0; from < rows; from += INSERT_BATCH) {
    const count = Math.min(INSERT_BATCH, rows - from);
    const probabilities = new Float32Array(count * ROUND_CLASSES);
    for (let row = 0; row < count; row++) {
      const confidence = 0.2 + 0.8 * stream.uniform();
      const values = probabilities.subarray(row * ROUND_CLASSES, (row + 1) * ROUND_CLASSES);
      values.fill((1 - confidence) / (ROUND_CLASSES - 1));
      values[stream.integer(ROUND_CLASSES)] = confidence;
    }
    const images = Array.from({ length: count }, (_, row) => from + row + 1);
    catalog.pseudoLabels.add(id, { images, classCount: ROUND_CLASSES, probabilities });
  }
  catalog.rounds.update(id, { status: 'finished' });
}

function drain(work: Iterable<unknown>): void {
  for (const _ of work);
}

/** The same within a round. */
function roundFilter(stream: RandomStream, number: number): ImageFilter {
  const from = stream.integer(15) / 20;
  return {
    ...someFilter(stream, number),
    round: ROUND,
    ...(stream.chance(0.3) && { pseudoLabels: [stream.integer(ROUND_CLASSES)] }),
    ...(stream.chance(0.3) && { confidence: { from, to: from + 0.25 } }),
    ...(stream.chance(0.3) && { margin: { from: 0.5, to: 1 } }),
  };
}

function askPages(catalog: Catalog, filterOf = someFilter): number[] {
  const stream = new RandomStream(1, 'audit');
  const times: number[] = [];
  for (let number = 0; times.length < QUESTIONS; number++) {
    const filter = filterOf(stream, number);
    const sorts = filter.round === undefined ? STORED_SORTS : [...STORED_SORTS, ...ROUND_SORTS];
    const order = { sort: sorts[stream.integer(sorts.length)]!, descending: stream.chance(0.5) };
    let cursor: string | null = null;
    for (let page = 0; page < 3; page++) {
      const request = { filter, ...order, cursor, limit: 100 };
      times.push(timed(() => (cursor = catalog.query.page(request).nextCursor)));
      if (cursor === null) break;
    }
  }
  return times;
}

function askFacets(catalog: Catalog, filterOf = someFilter): number[] {
  const stream = new RandomStream(2, 'audit');
  return Array.from({ length: QUESTIONS }, (_, number) => {
    const filter = filterOf(stream, number);
    return timed(() => void catalog.query.facets(filter));
  });
}

function decide(catalog: Catalog, rows: number): number[] {
  const stream = new RandomStream(3, 'audit');
  return Array.from({ length: DECISIONS }, (_, number) => {
    const id = 1 + stream.integer(rows);
    const decision = { image: id, verdict: 'relabel', label: number % 7 } as const;
    return timed(() => void catalog.decisions.record([decision], DECISION_NOTE));
  });
}

const DECISION_NOTE = { reviewer: 'bench', round: null, audit: null, queue: null, reason: '', seconds: 0, key: null };
const NOTE = { rule: 'some', reason: 'benchmark', author: 'bench' };

/** Milliseconds of a change of many images, spread over the whole catalog, and of taking it back. */
function changeMany(catalog: Catalog, rows: number): [number, number] {
  const count = Math.min(BULK, rows);
  const stride = Math.floor(rows / count);
  const ids = Array.from({ length: count }, (_, index) => 1 + index * stride);
  const change = (work: () => void): number => timed(work);
  return [
    change(() => void catalog.exclusions.set(ids, true, NOTE)),
    change(() => void catalog.exclusions.undo(NOTE.author)),
  ];
}

/** Milliseconds of giving many images, spread over the whole catalog, another label, and of taking it back. */
function relabelMany(catalog: Catalog, rows: number): [number, number] {
  const count = Math.min(BULK, rows);
  const stride = Math.floor(rows / count);
  const decisions = Array.from({ length: count }, (_, index) => {
    return { image: 1 + index * stride, verdict: 'relabel', label: (index + 3) % 7 } as const;
  });
  return [
    timed(() => void catalog.decisions.record(decisions, DECISION_NOTE)),
    timed(() => void catalog.decisions.undo(DECISION_NOTE.reviewer)),
  ];
}

async function writeCsv(catalog: Catalog, target: string): Promise<void> {
  await exportCsv({
    target,
    images: everyImage(catalog),
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
}

async function* everyImage(catalog: Catalog): AsyncGenerator<readonly ExportedImage[]> {
  const ids = catalog.query.ids({});
  for (let from = 0; from < ids.length; from += EXPORT_BATCH) {
    yield catalog.images.describe(ids.slice(from, from + EXPORT_BATCH));
    await nextTurn();
  }
}
