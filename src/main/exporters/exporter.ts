import type { ExportedImage } from '#shared/export.ts';

export interface ExportTask {
  /** What to make; see `ExportRequest.target`. */
  readonly target: string;
  /** The images, some at a time, each once. Can be gone through once. */
  readonly images: AsyncIterable<readonly ExportedImage[]>;
  readonly signal: AbortSignal;
  /** @param done images so far. */
  readonly onProgress: (done: number) => void;
}

export interface ExportOutcome {
  /** Images that are in what was made. */
  readonly images: number;
  /** What was done otherwise than asked, as sentences for the person. */
  readonly notes: readonly string[];
}

/**
 * Writes images in one format. What is made appears whole or not at all; images are only read.
 *
 * @throws StudioError 'conflict' for a folder that is not empty, 'not-found' and 'bad-input' for places that cannot be written, 'no-space';
 *   the signal's reason when it is aborted.
 */
export type Exporter = (task: ExportTask) => Promise<ExportOutcome>;
