import type { SerializedStudioError } from '#shared/errors.ts';
import type { RuntimeInfo } from '#shared/runtime.ts';
import type { FromEngine, ToEngine } from '../../engine/messages.ts';

/**
 * What passes between the host that trains with a cluster and a worker of it, over a WebSocket: files for the session's folder first, then
 * the same messages as between a host and an engine of its own. Both ends are of one version, which is made sure before anything else.
 */

/** Changed whenever a message changes. */
export const CLUSTER_PROTOCOL = 2;

/** Headers of the request that opens the connection, beside `authorization: Bearer SECRET`. */
export const HEADERS = {
  version: 'x-face2exp-version',
  /** Which machine and process asks. */
  host: 'x-face2exp-host',
  /** What it is about, such as a run: the same host may begin it anew, and nothing else ends it. */
  task: 'x-face2exp-task',
  /** In words, base64url. */
  purpose: 'x-face2exp-purpose',
} as const;

/** A worker as it introduces itself. */
export interface WorkerIntroduction {
  readonly hostName: string;
  readonly runtime: RuntimeInfo;
  /** Where its TensorFlow listens while it trains. */
  readonly tensorFlowPort: number;
  /** The address it was told to listen on. */
  readonly listensOn: string;
}

/** What a worker answers who only looks at it. */
export interface WorkerState {
  readonly worker: WorkerIntroduction;
  /** Whom it works for now, and what it does; null: it is free. */
  readonly work: { readonly host: string; readonly purpose: string } | null;
}

/** A file on its way into the folder of a session: its beginning, its bytes in order, its end. */
export type FilePart =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'fileEnd'; readonly sha256: string };

/** Some images whose bytes a worker must have too. */
export interface ImageSample {
  readonly path: string;
  readonly offset: number;
  /** Bytes; null: all of the file. */
  readonly length: number | null;
  readonly sha256: string;
}

/** What a worker found of the images of a run. */
export interface ImageReport {
  /** Files that the run's images are in. */
  readonly files: number;
  readonly missing: number;
  /** Of the sample, those that are other pictures. */
  readonly different: number;
  /** The first one of either, as it is called there. */
  readonly example: string | null;
}

export type ToWorker =
  | FilePart
  /** Are the images of manifest.json there? Answered by 'checked'. */
  | { readonly kind: 'check'; readonly sample: readonly ImageSample[] }
  /** Start an engine, which is sent `engine` messages from then on. */
  | { readonly kind: 'start'; readonly environment: Readonly<Record<string, string>> }
  /** Paths inside are the host's own: the worker puts its session's folder and its own places of images in their stead. */
  | { readonly kind: 'engine'; readonly message: ToEngine };

export type FromWorker =
  | { readonly kind: 'welcome'; readonly worker: WorkerIntroduction }
  | { readonly kind: 'checked'; readonly report: ImageReport }
  | FilePart
  | { readonly kind: 'engine'; readonly message: FromEngine }
  /** The engine has ended, or the session cannot go on. */
  | { readonly kind: 'ended'; readonly error: SerializedStudioError };
