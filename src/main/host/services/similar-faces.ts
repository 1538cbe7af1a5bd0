import { setImmediate as nextTurn } from 'node:timers/promises';
import { bitCount } from '#shared/bits.ts';
import { StudioError } from '#shared/errors.ts';
import type { SimilarFaces } from '#shared/faces.ts';
import { type ImageFilter, SIMILAR_FACES } from '#shared/filter.ts';
import type { Round } from '#shared/rounds.ts';
import { openEmbeddings } from '../../audit/map/embedding-file.ts';
import { cosineOf } from '../../audit/vectors.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { SimilarList } from '../../catalog/similar-lists.ts';

export interface SimilarServiceOptions {
  readonly catalog: Catalog;
  /** The file of a round's embeddings; null when it has none. */
  readonly embeddingFile: (round: number) => string | null;
}

/** Embeddings compared at a time: some megabytes, some ten milliseconds. */
const SLICE = 4_096;

/** What a list was made from: while that is the same, so is the list. */
interface Origin {
  readonly key: string;
  readonly round: Round | null;
}

/** Makes ready what the parts of a filter need that the catalog alone cannot tell at once: a round in memory, and the faces most like one. */
export class SimilarService {
  readonly #options: SimilarServiceOptions;
  readonly #origins = new Map<string, string>();

  constructor(options: SimilarServiceOptions) {
    this.#options = options;
  }

  /**
   * Reads and looks for what a filter needs, others get their turn meanwhile; what is there already costs nothing.
   * @throws StudioError 'not-found' for an unknown round or image, 'unavailable' for a face that nothing can be compared with.
   */
  async prepare(filter: ImageFilter): Promise<void> {
    if (filter.similarTo !== undefined) await this.#look(filter);
    for (const _ of this.#options.catalog.query.prepare(filter)) await nextTurn();
  }

  /** How the faces most like the filter's are found. @throws as {@link prepare}. */
  async describe(filter: ImageFilter): Promise<SimilarFaces> {
    await this.prepare(filter);
    const { ids, distances: _, ...told } = this.#options.catalog.similar.get(filter);
    return { ...told, count: ids.length };
  }

  async #look(filter: ImageFilter): Promise<void> {
    const { catalog } = this.#options;
    const image = filter.similarTo!;
    catalog.images.reference(image); // throws for one that is not there
    const origin = this.#originOf(filter);
    const name = JSON.stringify([image, filter.round]);
    if (this.#origins.get(name) === origin.key && catalog.similar.find(filter) !== undefined) return;
    const list = await this.#nearest(image, origin.round, filter);
    catalog.similar.keep(filter, list);
    this.#origins.set(name, origin.key);
  }

  async #nearest(image: number, newest: Round | null, filter: ImageFilter): Promise<SimilarList> {
    const rounds = filter.round === undefined ? this.#roundsWithEmbeddings() : newest === null ? [] : [newest];
    for (const round of rounds) {
      const list = await byEmbeddings(image, round, this.#options.embeddingFile(round.id)!);
      if (list !== null) return list;
    }
    return byHash(this.#options.catalog, image);
  }

  /** What decides the list: the rounds with embeddings, and how many images were analyzed. */
  #originOf({ round }: ImageFilter): Origin {
    const { catalog } = this.#options;
    const named = round === undefined ? null : catalog.rounds.named(round);
    const chosen = named !== null && this.#hasEmbeddings(named) ? named : null;
    const rounds = round === undefined ? this.#roundsWithEmbeddings() : chosen === null ? [] : [chosen];
    const analyzed = catalog.query.facets({ excluded: 'any' }).qualities.filter(({ value }) => value !== 'unknown');
    return { key: JSON.stringify([rounds.map(({ id, updatedAt }) => [id, updatedAt]), analyzed]), round: chosen };
  }

  /** The newest first. */
  #roundsWithEmbeddings(): Round[] {
    return this.#options.catalog.rounds.list().filter((round) => this.#hasEmbeddings(round));
  }

  #hasEmbeddings({ id, status, embeddingSize }: Round): boolean {
    return status === 'finished' && embeddingSize !== null && this.#options.embeddingFile(id) !== null;
  }
}

/** By the cosine of what the network's last layer saw. @returns null where the round did not see the image. */
async function byEmbeddings(image: number, { id, name }: Round, path: string): Promise<SimilarList | null> {
  const file = await openEmbeddings(path);
  try {
    const { count, size } = file;
    const ids = await file.readIds();
    const place = ids.indexOf(image);
    if (place === -1) return null;
    const own = await file.read(place, 1);
    const distances = new Float32Array(count);
    for (let first = 0; first < count; first += SLICE) {
      const values = await file.read(first, Math.min(SLICE, count - first));
      for (let row = 0; row * size < values.length; row++) {
        distances[first + row] = Math.max(0, 1 - cosineOf(values, row * size, own, 0, size));
      }
    }
    return { image, measure: 'embeddings', round: { id, name }, compared: count, ...nearestOf(image, ids, distances) };
  } finally {
    await file.close();
  }
}

/** By the bits in which perceptual hashes differ. @throws StudioError 'unavailable' where the image has none that says anything. */
async function byHash(catalog: Catalog, image: number): Promise<SimilarList> {
  const { ids, high, low } = await catalog.analyses.hashes(new AbortController().signal);
  const own = ids.indexOf(image);
  if (own === -1) {
    const why = catalog.analyses.find(image) === undefined ? 'is not analyzed yet' : 'is nearly uniform';
    throw new StudioError(
      'unavailable',
      `Face ${image} ${why}, and no round of pseudo labels with embeddings has it.`,
      {
        hint: 'Analyze the images, or label its source with a network: either gives something to compare by.',
      },
    );
  }
  const distances = new Float32Array(ids.length);
  for (let row = 0; row < ids.length; row++) {
    distances[row] = bitCount(high[row]! ^ high[own]!) + bitCount(low[row]! ^ low[own]!);
  }
  return { image, measure: 'hash', round: null, compared: ids.length, ...nearestOf(image, ids, distances) };
}

/** The nearest, itself first, those as far by their ids. */
function nearestOf(
  image: number,
  ids: ArrayLike<number>,
  distances: Float32Array,
): Pick<SimilarList, 'ids' | 'distances'> {
  const worst = distances.toSorted()[Math.min(SIMILAR_FACES, distances.length) - 1]!;
  const near: { readonly id: number; readonly distance: number }[] = [];
  for (let row = 0; row < distances.length; row++) {
    if (distances[row]! <= worst) near.push({ id: ids[row]!, distance: distances[row]! });
  }
  near.sort(
    (one, other) =>
      Number(other.id === image) - Number(one.id === image) || one.distance - other.distance || one.id - other.id,
  );
  const kept = near.slice(0, SIMILAR_FACES);
  return { ids: kept.map(({ id }) => id), distances: kept.map(({ distance }) => distance) };
}
