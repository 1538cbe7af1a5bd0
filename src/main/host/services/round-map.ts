import type { Job } from '#shared/jobs.ts';
import {
  type MapRequest,
  type MapSettings,
  type RoundMap,
  USUAL_LANDMARKS,
  USUAL_NEIGHBOURS,
  mapRequestSchema,
} from '#shared/map.ts';
import { StudioError } from '#shared/errors.ts';
import type { Round } from '#shared/rounds.ts';
import { openEmbeddings } from '../../audit/map/embedding-file.ts';
import { mapInThread } from '../../audit/map/map-thread.ts';
import { type MapStage, plannedSeconds } from '../../audit/map/plan.ts';
import { epochsOf } from '../../audit/map/project.ts';
import { MINIMUM_DISTANCE } from '../../audit/map/settings.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { type SafetensorsTensor, encodeSafetensors } from '../../interchange/safetensors.ts';
import type { JobRunner } from '../../jobs/runner.ts';
import type { EventBus } from '../events.ts';
import { describeMap, fingerprintOf, readMap, writeMap } from './map-store.ts';
import type { RoundService } from './round-service.ts';

const STAGE_WORDS: Readonly<Record<MapStage, string>> = {
  subspace: 'looking for what tells faces apart',
  reduce: 'reducing the embeddings',
  neighbours: 'looking for neighbours',
  graph: 'joining neighbours',
  layout: 'laying out',
  place: 'placing the others',
};

/** Where a map's embeddings are. */
interface Embedded {
  readonly round: Round;
  readonly file: string;
}

/** A map that was made, with the round it is kept with. */
export interface MapResult extends MapSettings {
  readonly round: number;
}

/** Maps of the embeddings of rounds in the plane; each is kept with the round whose embeddings it shows. */
export class RoundMaps {
  readonly #catalog: Catalog;
  readonly #rounds: RoundService;
  readonly #jobs: JobRunner;
  readonly #events: EventBus;
  /** Jobs that make a map, by the round whose embeddings it shows. */
  readonly #making = new Map<number, number>();

  constructor(parts: { catalog: Catalog; rounds: RoundService; jobs: JobRunner; events: EventBus }) {
    this.#catalog = parts.catalog;
    this.#rounds = parts.rounds;
    this.#jobs = parts.jobs;
    this.#events = parts.events;
  }

  /** What there is of a round's map. @throws StudioError 'not-found' for an unknown round, 'corrupt' for a damaged map. */
  async state(reference: number | string): Promise<RoundMap> {
    const round = this.#rounds.named(String(reference));
    const embedded = this.#embedded(round);
    if (embedded === null) {
      return { round: round.id, embeddings: null, map: null, isStale: false, job: null, estimate: null };
    }
    const rows = await openEmbeddings(embedded.file);
    await rows.close();
    const described = await describeMap(this.#rounds.folderOf(embedded.round.id));
    const landmarks = Math.min(rows.count, USUAL_LANDMARKS);
    const planned = plannedSeconds({
      points: rows.count,
      size: rows.size,
      landmarks,
      neighbours: USUAL_NEIGHBOURS,
      epochs: epochsOf(landmarks),
    });
    const { embeddings: fingerprint = null, ...settings } = described ?? {};
    return {
      round: round.id,
      embeddings: { round: embedded.round.id, name: embedded.round.name, points: rows.count, size: rows.size },
      map: described === null ? null : (settings as MapSettings),
      isStale: fingerprint !== null && fingerprint !== (await fingerprintOf(embedded.file)),
      job: this.#making.get(embedded.round.id) ?? null,
      estimate: Object.values(planned).reduce((sum, seconds) => sum + seconds, 0),
    };
  }

  /**
   * Makes the map of a round anew, as a job in a thread of its own. @throws StudioError 'not-found' for an unknown round, 'bad-input' for one
   * without embeddings, 'conflict' while the same map is being made.
   */
  make(request: MapRequest): { job: Job; result: Promise<MapResult> } {
    const { round: reference, ...options } = mapRequestSchema.parse(request);
    const round = this.#rounds.named(String(reference));
    const embedded = this.#embedded(round);
    if (embedded === null) {
      throw new StudioError('bad-input', `No round over ${round.source} has embeddings: there is nothing to map.`, {
        hint: 'Label the source with a network and keep its embeddings, or give them in the file of a round.',
      });
    }
    const place = embedded.round.id;
    if (this.#making.has(place)) {
      throw new StudioError('conflict', `The map of “${embedded.round.name}” is being made already.`, {
        hint: 'Wait for it, or cancel its job.',
      });
    }
    const started = this.#jobs.start({ kind: 'map', title: `Map of ${round.name}`, unit: '%' }, (context) =>
      this.#make(embedded, options, context),
    );
    this.#making.set(place, started.job.id);
    const over = (): void => {
      this.#making.delete(place);
      this.#events.publish({ type: 'rounds.changed' });
    };
    started.result.then(over, over);
    return started;
  }

  /** The columns of a map, as MAP_COLUMNS says, in pieces. @throws StudioError 'not-found' when there is no map. */
  async columns(id: number): Promise<Uint8Array[]> {
    const round = this.#catalog.rounds.get(id);
    const embedded = this.#embedded(round);
    if (embedded === null) throw new StudioError('not-found', `No round over ${round.source} has embeddings.`);
    const map = await readMap(this.#rounds.folderOf(embedded.round.id));
    const points = await this.#catalog.mapColumns.points(id, round.count);
    const { ones, others } = rowsInBoth(points.ids, map.ids);
    const count = ones.length;
    const bytes = (values: Uint8Array, rows: Uint32Array): SafetensorsTensor => ({
      dtype: 'U8',
      shape: [count],
      data: Uint8Array.from(rows, (row) => values[row]!),
    });
    const positions = new Float32Array(count * 2);
    others.forEach((row, place) => {
      positions[2 * place] = map.positions[2 * row]!;
      positions[2 * place + 1] = map.positions[2 * row + 1]!;
    });
    return encodeSafetensors(
      new Map<string, SafetensorsTensor>([
        ['id', { dtype: 'F64', shape: [count], data: Float64Array.from(ones, (row) => points.ids[row]!) }],
        ['position', { dtype: 'F32', shape: [count, 2], data: positions }],
        [
          'confidence',
          { dtype: 'F32', shape: [count], data: Float32Array.from(ones, (row) => points.confidences[row]!) },
        ],
        ['predicted', bytes(points.predicted, ones)],
        ['known', bytes(points.known, ones)],
        ['split', bytes(points.splits, ones)],
        ['decided', bytes(points.decided, ones)],
        ['landmark', bytes(map.isLandmark, others)],
      ]),
    );
  }

  /** The labels of a round in ascending order of its images, in pieces: `id` F64 [N] and `label` U8 [N], to show what flipped since. */
  async labels(id: number): Promise<Uint8Array[]> {
    const { count } = this.#catalog.rounds.get(id);
    const { ids, labels } = await this.#catalog.mapColumns.labels(id, count);
    return encodeSafetensors(
      new Map<string, SafetensorsTensor>([
        ['id', { dtype: 'F64', shape: [ids.length], data: ids }],
        ['label', { dtype: 'U8', shape: [labels.length], data: labels }],
      ]),
    );
  }

  async #make(
    { round, file }: Embedded,
    options: { sample: number; neighbours: number; seed: number },
    { signal, report }: Parameters<Parameters<JobRunner['start']>[1]>[0],
  ): Promise<MapResult> {
    const begun = performance.now();
    const embeddings = await fingerprintOf(file);
    const map = await mapInThread({ file, ...options }, signal, (stage, done) =>
      report(Math.floor(done * 1000) / 10, 100, STAGE_WORDS[stage]),
    );
    const { landmarks, neighbours, epochs, components } = map;
    const settings: MapSettings = {
      points: map.ids.length,
      landmarks,
      sample: options.sample,
      neighbours,
      epochs,
      components,
      minimumDistance: MINIMUM_DISTANCE,
      seed: options.seed,
      seconds: (performance.now() - begun) / 1000,
      madeAt: new Date().toISOString(),
    };
    await writeMap(this.#rounds.folderOf(round.id), map, { ...settings, embeddings });
    report(100, 100, '');
    return { round: round.id, ...settings };
  }

  /** The round's own embeddings, or those of the newest round over the same source: what is alike does not depend on who labeled it. */
  #embedded(round: Round): Embedded | null {
    for (const candidate of [round, ...this.#catalog.rounds.list({ source: round.source })]) {
      const file = this.#rounds.embeddingFile(candidate.id);
      if (file !== null) return { round: candidate, file };
    }
    return null;
  }
}

/** Rows of two ascending lists that hold the same number. */
function rowsInBoth(first: Float64Array, second: Float64Array): { ones: Uint32Array; others: Uint32Array } {
  const most = Math.min(first.length, second.length);
  const [ones, others] = [new Uint32Array(most), new Uint32Array(most)];
  let found = 0;
  for (let one = 0, other = 0; one < first.length && other < second.length;) {
    if (first[one] === second[other]) {
      ones[found] = one++;
      others[found++] = other++;
    } else if (first[one]! < second[other]!) one++;
    else other++;
  }
  return { ones: ones.subarray(0, found), others: others.subarray(0, found) };
}
