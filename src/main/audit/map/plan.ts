import { MAP_COMPONENTS } from './settings.ts';

/** What a map is made of, in this order. */
export const MAP_STAGES = ['subspace', 'reduce', 'neighbours', 'graph', 'layout', 'place'] as const;
export type MapStage = (typeof MAP_STAGES)[number];

export interface MapSize {
  readonly points: number;
  /** Numbers of an embedding. */
  readonly size: number;
  /** Points that are laid out; the others are placed between them. */
  readonly landmarks: number;
  readonly neighbours: number;
  readonly epochs: number;
}

/** Nanoseconds, measured on one core of a Xeon of 2.1 GHz; another machine takes another multiple of all of them. */
const SUBSPACE_PER_PRODUCT = 2.4;
const READ_PER_NUMBER = 2.5;
const REDUCE_PER_PRODUCT = 0.75;
const NEIGHBOURS_PER_LANDMARK = 90_000;
const GRAPH_PER_EDGE = 28_000;
const EPOCH_PER_EDGE = 290;
const PLACE_PER_POINT = 25_000;

/** Vectors that the subspace is found from, and its rounds. */
export const SUBSPACE_ROWS = 4_096;
const SUBSPACE_PASSES = 12;

/** About how many seconds each stage takes: for what is told before, and for the share of the work that is done. */
export function plannedSeconds({ points, size, landmarks, neighbours, epochs }: MapSize): Record<MapStage, number> {
  const components = Math.min(MAP_COMPONENTS, size);
  const edges = landmarks * neighbours;
  const nanoseconds: Record<MapStage, number> = {
    subspace: Math.min(points, SUBSPACE_ROWS) * size * components * SUBSPACE_PASSES * SUBSPACE_PER_PRODUCT,
    reduce: points * size * (READ_PER_NUMBER + components * REDUCE_PER_PRODUCT),
    neighbours: landmarks * NEIGHBOURS_PER_LANDMARK,
    graph: edges * GRAPH_PER_EDGE,
    layout: epochs * edges * EPOCH_PER_EDGE,
    place: (points - landmarks) * PLACE_PER_POINT,
  };
  return Object.fromEntries(MAP_STAGES.map((stage) => [stage, nanoseconds[stage] / 1e9])) as Record<MapStage, number>;
}

/** Of the whole work, 0 … 1. @param share of the stage that is done. */
export function doneShare(planned: Readonly<Record<MapStage, number>>, stage: MapStage, share: number): number {
  const total = MAP_STAGES.reduce((sum, name) => sum + planned[name], 0);
  const before = MAP_STAGES.slice(0, MAP_STAGES.indexOf(stage)).reduce((sum, name) => sum + planned[name], 0);
  return total === 0 ? 0 : (before + planned[stage] * share) / total;
}
