import type { BadImage, RunDetail } from '#shared/training.ts';
import type { Connection } from './database.ts';

export type LogEntry = RunDetail['log'][number];

/** Newest lines of a log that are shown; the rows hold all. */
const LINES_SHOWN = 1_000;

/** What happened to runs, as sentences, and the pictures they could not read. Runs are named by their numbers. */
export class RunJournal {
  readonly #addLine;
  readonly #newest;
  readonly #addBadImage;
  readonly #badImages;

  constructor(connection: Connection) {
    this.#addLine = connection.prepare<[number, string, string, string]>(
      'INSERT INTO run_log (run_number, at, level, message) VALUES (?, ?, ?, ?)',
    );
    this.#newest = connection.prepare<[number, number], LogEntry>(
      'SELECT at, level, message FROM run_log WHERE run_number = ? ORDER BY id DESC LIMIT ?',
    );
    this.#addBadImage = connection.prepare<[number, number, string, string]>(
      'INSERT OR IGNORE INTO run_bad_image (run_number, image_id, path, reason) VALUES (?, ?, ?, ?)',
    );
    this.#badImages = connection.prepare<[number, number], BadImage>(
      'SELECT image_id AS image, path, reason FROM run_bad_image WHERE run_number = ? ORDER BY image_id LIMIT ?',
    );
  }

  addLine(run: number, level: LogEntry['level'], message: string): void {
    this.#addLine.run(run, new Date().toISOString(), level, message);
  }

  /** The oldest of them first. */
  lines(run: number): LogEntry[] {
    return this.#newest.all(run, LINES_SHOWN).reverse();
  }

  /** A picture is counted once, however many epochs meet it. */
  addBadImage(run: number, image: number, path: string, reason: string): void {
    this.#addBadImage.run(run, image, path, reason);
  }

  /** By their paths, the first of them. */
  badImages(run: number, limit: number): BadImage[] {
    return this.#badImages.all(run, limit);
  }
}
