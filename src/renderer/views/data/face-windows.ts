import type { ImageRow } from '#shared/catalog.ts';
import type { FaceWindow } from '#shared/faces.ts';

/** Rows asked for at a time: a screen of small faces, or several of large ones. */
export const WINDOW = 200;
/** Windows kept: 20,000 rows, some megabytes. */
const KEPT = 100;
/** Asked for at once; more would wait in the host behind those that are no longer looked at. */
const AT_ONCE = 2;

export type AskForWindow = (offset: number, limit: number) => Promise<FaceWindow>;

/**
 * Rows of a list of any length, loaded where one looks: what is in sight first, then what is beside it. What went out of sight before it was
 * asked for is not asked for. A listener is told whenever rows came or failed.
 */
export class FaceWindows {
  readonly #ask: AskForWindow;
  readonly #listeners = new Set<() => void>();
  readonly #rows = new Map<number, readonly ImageRow[]>();
  readonly #asked = new Set<number>();
  readonly #stale = new Set<number>();
  #wanted: readonly number[] = [];
  /** As the host counted the list; the number that was expected before. */
  #counted: number | null = null;
  #expected: number | null = null;
  #error: unknown = null;
  #version = 0;
  #lastPlace: unknown;

  constructor(ask: AskForWindow) {
    this.#ask = ask;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Another number whenever something changed. */
  readonly version = (): number => this.#version;

  /** How many rows there are; null until that is known. */
  get total(): number | null {
    return this.#counted ?? this.#expected;
  }

  /** Says how many rows there should be, until the host has counted them. */
  expect(total: number): void {
    if (this.#expected === total) return;
    this.#expected = total;
    this.#changed();
  }

  /** Why rows in sight are not there; null while they may still come. */
  get error(): unknown {
    return this.#error;
  }

  get isEmpty(): boolean {
    return this.#rows.size === 0;
  }

  /** Undefined while it is not loaded. */
  row(position: number): ImageRow | undefined {
    return this.#rows.get(Math.floor(position / WINDOW))?.[position % WINDOW];
  }

  /**
   * The place to show while one leaps through the list: the one asked for when its rows are there, else the last one whose rows were. So one
   * sees faces go by, and no blanks. @param place of the first and last position in sight, and whatever stands for it.
   */
  placeToShow<Place>(place: Place, first: number, last: number): Place {
    if (this.row(first) !== undefined && this.row(last) !== undefined) this.#lastPlace = place;
    return (this.#lastPlace as Place | undefined) ?? place;
  }

  /** Says which positions are in sight, both included. @param last may lie beyond the end. */
  show(first: number, last: number): void {
    const [from, to] = [Math.floor(Math.max(0, first) / WINDOW), Math.floor(Math.max(0, last) / WINDOW)];
    const seen = Array.from({ length: to - from + 1 }, (_, index) => from + index);
    this.#wanted = [...seen, to + 1, ...(from > 0 ? [from - 1] : [])].filter((number) => this.#exists(number));
    this.#askNext();
  }

  /** The catalog changed: what is loaded stays in sight until its successor is there. */
  refresh(): void {
    for (const number of this.#rows.keys()) {
      if (this.#wanted.includes(number)) this.#stale.add(number);
      else this.#rows.delete(number);
    }
    this.#counted = null;
    this.retry();
  }

  retry(): void {
    this.#error = null;
    this.#askNext();
    this.#changed();
  }

  #exists(number: number): boolean {
    return this.#counted === null || number * WINDOW < Math.max(1, this.#counted);
  }

  #askNext(): void {
    if (this.#error !== null) return;
    const missing = this.#wanted.filter(
      (number) => (!this.#rows.has(number) || this.#stale.has(number)) && !this.#asked.has(number),
    );
    for (const number of missing.slice(0, AT_ONCE - this.#asked.size)) void this.#load(number);
  }

  async #load(number: number): Promise<void> {
    this.#asked.add(number);
    try {
      const { rows, total } = await this.#ask(number * WINDOW, WINDOW);
      if (total !== null) this.#counted = total;
      this.#stale.delete(number);
      this.#keep(number, rows);
    } catch (error) {
      if (this.#wanted.includes(number)) this.#error = error;
    } finally {
      this.#asked.delete(number);
      this.#askNext();
      this.#changed();
    }
  }

  #keep(number: number, rows: readonly ImageRow[]): void {
    this.#rows.delete(number);
    this.#rows.set(number, rows);
    for (const old of this.#rows.keys()) {
      if (this.#rows.size <= KEPT) return;
      if (!this.#wanted.includes(old)) this.#rows.delete(old);
    }
  }

  #changed(): void {
    this.#version++;
    for (const listener of this.#listeners) listener();
  }
}
