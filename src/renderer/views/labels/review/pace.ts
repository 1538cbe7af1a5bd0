import { CORRECTIONS, type Verdict } from '#shared/review.ts';

/** Longer looks count as this many seconds: whoever left the desk was not judging. */
export const LONGEST_LOOK_SECONDS = 60;

/** One decision of this sitting. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly seconds: number;
  /** Images of the act. */
  readonly images: number;
}

export interface SittingPace {
  readonly decided: number;
  readonly corrections: number;
  /** Null before there was time to tell. */
  readonly correctionsPerMinute: number | null;
  /** Of the decided faces, the share whose label was wrong; null before the first. */
  readonly precision: number | null;
}

/** How fast and how well-aimed a sitting was. Faces a reviewer was unsure of are decided, and not corrections. */
export function paceOf(judgements: readonly Judgement[]): SittingPace {
  let [decided, corrections, seconds] = [0, 0, 0];
  for (const judgement of judgements) {
    decided += judgement.images;
    if (CORRECTIONS.includes(judgement.verdict)) corrections += judgement.images;
    seconds += judgement.seconds;
  }
  return {
    decided,
    corrections,
    correctionsPerMinute: seconds < 1 ? null : (corrections / seconds) * 60,
    precision: decided === 0 ? null : corrections / decided,
  };
}
