type Shapes<Feed extends string> = Readonly<Record<Feed, readonly number[]>>;

/**
 * One step captured once for each combination of feed shapes it meets, such as the last, smaller batch of an evaluation. Captures are
 * kept as long as their session, so the shapes should be few.
 */
export class CaptureCache<Feed extends string, Captured> {
  readonly #capture: (shapes: Shapes<Feed>) => Captured;
  readonly #captured = new Map<string, Captured>();

  /** @param capture makes the step for feeds of these shapes. */
  constructor(capture: (shapes: Shapes<Feed>) => Captured) {
    this.#capture = capture;
  }

  /** The step for feeds of these shapes, captured at the first call. */
  for(shapes: Shapes<Feed>): Captured {
    const key = JSON.stringify(Object.entries(shapes).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    let step = this.#captured.get(key);
    if (step === undefined) {
      step = this.#capture(shapes);
      this.#captured.set(key, step);
    }
    return step;
  }
}
