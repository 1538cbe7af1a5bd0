import type { Pace } from '#shared/review.ts';

/** Places at which the precision of a queue is told. */
const PLACES = [10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000];

/** One act of deciding, on one image or many. */
export interface CountedAct {
  readonly images: number;
  /** Images whose label was wrong. */
  readonly corrections: number;
  readonly seconds: number;
}

/**
 * How fast and how well-aimed deciding was. The precision at k is the share of wrong labels among the first k that were decided, which is a
 * queue's aim when it is followed in its order. Of an act that reaches beyond k, the wrong ones count evenly.
 *
 * @param acts in the order they were made.
 */
export function paceOf(name: string, acts: readonly CountedAct[]): Pace {
  const precisionAt: { k: number; precision: number }[] = [];
  let [decided, corrections, seconds] = [0, 0, 0];
  let place = 0;
  for (const act of acts) {
    while (place < PLACES.length && decided + act.images >= PLACES[place]!) {
      const k = PLACES[place++]!;
      const wrong = corrections + (act.corrections * (k - decided)) / act.images;
      precisionAt.push({ k, precision: wrong / k });
    }
    decided += act.images;
    corrections += act.corrections;
    seconds += act.seconds;
  }
  const correctionsPerMinute = seconds > 0 ? (corrections / seconds) * 60 : null;
  return { name, decided, corrections, seconds, correctionsPerMinute, precisionAt };
}
