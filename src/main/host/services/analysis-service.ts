import { userInfo } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type AnalysisRequest,
  type AnalysisResult,
  type AnalysisSummary,
  DEFAULT_DISTANCE,
  type Exclusion,
  type ExclusionRequest,
} from '#shared/analysis.ts';
import { StudioError } from '#shared/errors.ts';
import { QUALITY_FLAGS } from '#shared/filter.ts';
import type { Job } from '#shared/jobs.ts';
import type { AnalysisFailure, NewAnalysis } from '../../catalog/analysis.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { chooseExclusion } from '../../catalog/exclusion-choice.ts';
import type { AnalysisAnswer, AnalysisItem } from '../../imaging/analysis.ts';
import { analyzeImages } from '../../imaging/analysis-pool.ts';
import type { JobContext, JobRunner } from '../../jobs/runner.ts';

/** Images of one message to a worker. */
const LIST = 16;
/** Images looked up in the catalog at a time. */
const LOOKED_UP = 2_000;
/** Rows written in one transaction: what a killed analysis may lose. */
const BATCH = 500;
/** Failures told in the result; the catalog has them all. */
const FAILURES_TOLD = 1_000;

export interface AnalysisServiceOptions {
  readonly catalog: Catalog;
  readonly jobs: JobRunner;
  /** Threads that decode. */
  readonly workers: number;
}

/** Looks at the images of the catalog, searches for duplicates, and excludes what a person does not want. */
export class AnalysisService {
  readonly #options: AnalysisServiceOptions;
  #isRunning = false;

  constructor(options: AnalysisServiceOptions) {
    this.#options = options;
  }

  /**
   * Looks at all images that have no analysis, as a job, and then searches for duplicates. What was found is kept as it comes: after a
   * cancel or a kill the next one continues. @throws StudioError 'not-found' for an unknown source, 'conflict' while another analysis runs.
   */
  start(request: AnalysisRequest): { job: Job; result: Promise<AnalysisResult> } {
    if (request.source !== undefined) this.#options.catalog.sources.get(request.source);
    return this.#startAlone(`Analyze ${request.source ?? 'all images'}`, (context) => this.#analyze(request, context));
  }

  /** Searches anew for near duplicates among the images that were analyzed, as a job. @throws StudioError 'conflict' as {@link start}. */
  searchNear(distance: number): { job: Job; result: Promise<AnalysisSummary> } {
    return this.#startAlone('Search for near duplicates', async ({ signal, report }) => {
      report(0, null, 'Searching for near duplicates.');
      await this.#options.catalog.duplicates.searchNear(distance, signal);
      return this.summary();
    });
  }

  summary(): AnalysisSummary {
    const { catalog } = this.#options;
    const { total, qualities } = catalog.query.facets({ excluded: 'any' });
    const counts = new Map(qualities.map(({ value, count }) => [value, count]));
    return {
      images: total,
      analyzed: total - (counts.get('unknown') ?? 0),
      failed: catalog.analyses.failureCount(),
      flags: QUALITY_FLAGS.map((value) => ({ value, count: counts.get(value) ?? 0 })),
      exact: catalog.duplicates.summary('exact'),
      near: catalog.duplicates.summary('near'),
    };
  }

  /** Takes images out of the catalog in one step that {@link undoExclusion} takes back. @returns null when there is nothing to exclude. */
  exclude({ reason, ...request }: ExclusionRequest): Exclusion | null {
    const { catalog } = this.#options;
    const { ids, rule } = chooseExclusion(request, catalog);
    return catalog.exclusions.set(ids, true, { rule, reason, author: userName() });
  }

  /** Takes some images that were chosen by hand out of the catalog, or back in. @returns how many changed. */
  setExcluded(ids: readonly number[], excluded: boolean, reason: string): number {
    const note = { rule: 'chosen by hand', reason, author: userName() };
    return this.#options.catalog.exclusions.set(ids, excluded, note)?.images ?? 0;
  }

  /** @param id the exclusion that is meant. @throws StudioError 'conflict' when there is nothing to undo, or the newest is another. */
  undoExclusion(id?: number): Exclusion {
    return this.#options.catalog.exclusions.undo(userName(), id);
  }

  #startAlone<Result>(
    title: string,
    work: (context: JobContext) => Promise<Result>,
  ): { job: Job; result: Promise<Result> } {
    const { jobs } = this.#options;
    if (this.#isRunning) {
      throw new StudioError('conflict', 'An analysis is running already.', {
        hint: 'Wait until it ends, or cancel it.',
      });
    }
    this.#isRunning = true;
    const started = jobs.start({ kind: 'analyze', title, unit: 'images' }, (context) =>
      work(context).finally(() => (this.#isRunning = false)),
    );
    started.result.catch(() => undefined); // its row holds the error; the caller may have left
    return started;
  }

  async #analyze(request: AnalysisRequest, context: JobContext): Promise<AnalysisResult> {
    const { catalog, workers } = this.#options;
    const { signal } = context;
    const started = performance.now();
    const sources = request.source === undefined ? {} : { sources: [request.source] };
    const all = catalog.query.ids({ ...sources, excluded: 'any' });
    const missing = await this.#missing(all, signal);
    const intake = new Intake(catalog);
    try {
      for await (const answers of analyzeImages(this.#lists(missing), { workers, signal })) {
        intake.take(answers);
        context.report(intake.done, missing.length);
      }
    } finally {
      intake.flush();
    }
    const seconds = (performance.now() - started) / 1000;
    await this.#search(request.distance, context, intake.done);
    const summary = this.summary();
    context.report(intake.done, intake.done, messageOf(intake, summary));
    return {
      analyzed: intake.analyzed,
      skipped: all.length - missing.length,
      failed: intake.failed,
      errors: intake.errors,
      seconds: (performance.now() - started) / 1000,
      imagesPerSecond: intake.done === 0 ? null : intake.done / seconds,
      summary,
    };
  }

  async #missing(ids: readonly number[], signal: AbortSignal): Promise<number[]> {
    const missing: number[] = [];
    for (let from = 0; from < ids.length; from += LOOKED_UP) {
      for (const id of this.#options.catalog.analyses.missing(ids.slice(from, from + LOOKED_UP))) missing.push(id);
      await nextTurn();
      signal.throwIfAborted();
    }
    return missing;
  }

  *#lists(ids: readonly number[]): Generator<readonly AnalysisItem[], undefined> {
    for (let from = 0; from < ids.length; from += LOOKED_UP) {
      const images = this.#options.catalog.images.describe(ids.slice(from, from + LOOKED_UP));
      for (let first = 0; first < images.length; first += LIST) {
        yield images.slice(first, first + LIST).map(({ id, reference }) => ({ id, reference }));
      }
    }
  }

  /** Searches for what was not searched for since images were added. */
  async #search(distance: number | undefined, { signal, report }: JobContext, done: number): Promise<void> {
    const { duplicates } = this.#options.catalog;
    report(done, done, 'Searching for exact duplicates.');
    if (duplicates.summary('exact')?.isCurrent !== true) await duplicates.searchExact(signal);
    report(done, done, 'Searching for near duplicates.');
    const last = duplicates.summary('near');
    const wanted = distance ?? last?.distance ?? DEFAULT_DISTANCE;
    if (last?.isCurrent !== true || last.distance !== wanted) await duplicates.searchNear(wanted, signal);
  }
}

/** What was found, on its way into the catalog. */
class Intake {
  analyzed = 0;
  failed = 0;
  readonly errors: { path: string; reason: string }[] = [];
  readonly #catalog: Catalog;
  #found: NewAnalysis[] = [];
  #failures: AnalysisFailure[] = [];

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  get done(): number {
    return this.analyzed + this.failed + this.#found.length + this.#failures.length;
  }

  take(answers: readonly AnalysisAnswer[]): void {
    for (const answer of answers) {
      if ('analysis' in answer) this.#found.push({ imageId: answer.id, ...answer.analysis });
      else this.#failures.push({ imageId: answer.id, reason: answer.failure.reason });
    }
    if (this.#found.length + this.#failures.length >= BATCH) this.flush();
  }

  flush(): void {
    this.#catalog.analyses.add(this.#found, this.#failures);
    this.analyzed += this.#found.length;
    this.failed += this.#failures.length;
    const told = this.#failures.slice(0, FAILURES_TOLD - this.errors.length);
    const rows = new Map(this.#catalog.query.rows(told.map(({ imageId }) => imageId)).map((row) => [row.id, row]));
    this.errors.push(...told.map(({ imageId, reason }) => ({ path: rows.get(imageId)?.path ?? '', reason })));
    this.#found = [];
    this.#failures = [];
  }
}

function messageOf({ analyzed, failed }: Intake, { exact, near }: AnalysisSummary): string {
  const found = [exact, near].map(
    (search) => `${(search?.groups ?? 0).toLocaleString('en')} groups of ${search?.kind} duplicates`,
  );
  return `${analyzed.toLocaleString('en')} analyzed, ${failed.toLocaleString('en')} failed; ${found.join(', ')}`;
}

/** Who works here, for the log; an account may have no name. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return process.env['USER'] ?? process.env['USERNAME'] ?? 'unknown';
  }
}
