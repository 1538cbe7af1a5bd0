import { setImmediate as nextTurn } from 'node:timers/promises';
import { StudioError } from '#shared/errors.ts';
import type { ExportRequest, ExportResult, ExportedImage } from '#shared/export.ts';
import type { ImageFilter } from '#shared/filter.ts';
import type { Job } from '#shared/jobs.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { type DatasheetFacts, exporterOf } from '../../exporters/index.ts';
import type { JobContext, JobRunner } from '../../jobs/runner.ts';
import { STUDIO_VERSION } from '../version.ts';
import { selectedIds } from './selections.ts';

/** Images read from the catalog at a time: some milliseconds, between which the host answers others. */
const BATCH = 1_000;

export interface ExportServiceOptions {
  readonly catalog: Catalog;
  readonly jobs: JobRunner;
  /** The workspace's name, for the title of a datasheet. */
  readonly workspaceName: string;
}

/** Exports as jobs, each of the catalog as it was when it began. */
export class ExportService {
  readonly #options: ExportServiceOptions;

  constructor(options: ExportServiceOptions) {
    this.#options = options;
  }

  start(request: ExportRequest): { job: Job; result: Promise<ExportResult> } {
    const started = this.#options.jobs.start(
      { kind: 'export', title: `Export ${request.target}`, unit: 'images' },
      (context) => this.#export(request, context),
    );
    started.result.catch(() => undefined); // its row holds the error; the caller may have left
    return started;
  }

  /** @throws StudioError 'not-found' for an unknown subset or source, 'bad-input' when there is nothing to export, and as exporters do. */
  async #export(request: ExportRequest, context: JobContext): Promise<ExportResult> {
    const started = performance.now();
    const snapshot = this.#options.catalog.snapshot();
    try {
      if (request.filter !== undefined) for (const _ of snapshot.query.prepare(request.filter)) await nextTurn();
      const chosen = chosenImages(snapshot, request);
      if (chosen.ids.length === 0) {
        throw new StudioError('bad-input', 'No image meets this filter: there is nothing to export.', {
          hint: 'Widen the filter.',
          commandLine: '`facets` shows what is there',
        });
      }
      const exporter = exporterOf(request.format, { copy: request.copy, facts: () => this.#facts(snapshot, request) });
      const { images, notes } = await exporter({
        target: request.target,
        images: batches(snapshot, chosen),
        signal: context.signal,
        onProgress: (done) => context.report(done, chosen.ids.length),
      });
      const seconds = (performance.now() - started) / 1000;
      return { target: request.target, format: request.format, images, seconds, notes: [...notes] };
    } finally {
      snapshot.close();
    }
  }

  #facts(snapshot: Catalog, request: ExportRequest): DatasheetFacts {
    const failed = new Map(snapshot.stats({}).sources.map((source) => [source.name, source.failed]));
    const subset = request.subset === undefined ? undefined : snapshot.subsets.get(request.subset);
    return {
      title: subset?.name ?? this.#options.workspaceName,
      choice:
        subset === undefined
          ? request.ids === undefined
            ? choiceOf(request.filter)
            : 'images chosen by hand'
          : `subset ${subset.name}@${subset.version}: ${subset.rule}, seed ${subset.seed}`,
      madeAt: new Date().toISOString(),
      version: STUDIO_VERSION,
      sources: snapshot.sources.list().map(({ name, root, format, role, createdAt }) => ({
        name,
        root,
        format,
        role,
        importedAt: createdAt,
        failed: failed.get(name)!,
      })),
    };
  }
}

interface ChosenImages {
  readonly ids: readonly number[];
  /** Labels that a subset froze, by id. */
  readonly labels: ReadonlyMap<number, number>;
}

function chosenImages(catalog: Catalog, { subset, filter, ids, except = [] }: ExportRequest): ChosenImages {
  if (subset === undefined) {
    return { ids: selectedIds(catalog, ids === undefined ? { filter, except } : { ids }), labels: new Map() };
  }
  const labels = new Map(catalog.images.manifest({ subset }).map(({ id, label }) => [id, label]));
  return { ids: [...labels.keys()], labels };
}

async function* batches(catalog: Catalog, { ids, labels }: ChosenImages): AsyncGenerator<readonly ExportedImage[]> {
  for (let from = 0; from < ids.length; from += BATCH) {
    const images = catalog.images.describe(ids.slice(from, from + BATCH));
    yield images.map((image) => ({ ...image, label: labels.get(image.id) ?? image.label }));
    await nextTurn();
  }
}

/** A filter in words. */
function choiceOf({
  sources,
  splits,
  labels,
  sizes,
  qualities,
  reviewed,
  round,
  pseudoLabels,
  confidence,
  margin,
  duplicates,
  similarTo,
  excluded = 'no',
  text,
}: ImageFilter): string {
  const parts = [
    ...(sources === undefined ? [] : [`sources ${sources.join(', ')}`]),
    ...(splits === undefined ? [] : [`splits ${splits.join(', ')}`]),
    ...(labels === undefined ? [] : [`labels ${labels.map((label) => label ?? 'none').join(', ')}`]),
    ...(sizes === undefined ? [] : [`sizes ${sizes.join(', ')}`]),
    ...(qualities === undefined ? [] : [`quality ${qualities.join(', ')}`]),
    ...(reviewed === undefined ? [] : [`reviewed ${reviewed.join(', ')}`]),
    ...(round === undefined ? [] : [`round ${round}`]),
    ...(pseudoLabels === undefined ? [] : [`pseudo labels ${pseudoLabels.join(', ')}`]),
    ...(confidence === undefined ? [] : [`confidence ${confidence.from} to ${confidence.to}`]),
    ...(margin === undefined ? [] : [`margin ${margin.from} to ${margin.to}`]),
    ...(similarTo === undefined ? [] : [`the faces most like ${similarTo}`]),
    ...(duplicates === undefined ? [] : [`duplicates ${duplicates}`]),
    ...(text === undefined ? [] : [`the text “${text}”`]),
    ...(excluded === 'no' ? [] : [excluded === 'only' ? 'excluded images only' : 'excluded images too']),
  ];
  return parts.length === 0 ? 'all images of the catalog' : `images of ${parts.join('; ')}`;
}
