import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { ImageRow } from '#shared/catalog.ts';
import { StudioError } from '#shared/errors.ts';
import type { Job } from '#shared/jobs.ts';
import type { FeedbackBatch, LabelRequest, Round, RoundFileRequest, RoundResult } from '#shared/rounds.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { EngineModel } from '../../engine/messages.ts';
import type { JobRunner } from '../../jobs/runner.ts';
import type { EventBus } from '../events.ts';
import type { Workspace } from '../workspace.ts';
import type { NetworkEngine } from './network-engine.ts';
import { RoundAudit } from './round-audit.ts';
import { RoundEmbeddings } from './round-embeddings.ts';
import { importRound } from './round-import.ts';
import { labelSource, stepCheckpoint } from './round-labeling.ts';
import type { RunService } from './run-service.ts';

export interface RoundServiceOptions {
  readonly workspace: Workspace;
  readonly catalog: Catalog;
  readonly runs: RunService;
  readonly jobs: JobRunner;
  readonly events: EventBus;
  /** Knows where networks are kept. */
  readonly engine: NetworkEngine;
  /** Threads that decode. */
  readonly workers: number;
}

/** Makes rounds of pseudo labels, by a network or from a file, and tells what they come to. */
export class RoundService {
  readonly audit: RoundAudit;
  readonly #options: RoundServiceOptions;

  constructor(options: RoundServiceOptions) {
    this.#options = options;
    this.audit = new RoundAudit(options.catalog);
  }

  /**
   * Labels a source with a network, as a job; the same request continues what was cancelled or interrupted.
   * @throws StudioError 'not-found' for an unknown source, run or checkpoint, 'bad-input' for a source without images, 'conflict' for a name that
   * is taken.
   */
  label(request: LabelRequest): { job: Job; result: Promise<RoundResult> } {
    const { catalog, jobs, workers } = this.#options;
    const model = this.#model(request);
    this.#checkSource(request.source);
    this.#checkName(request.name, request.source);
    const started = jobs.start(
      {
        kind: 'pseudo-label',
        title: `Label ${request.source} with ${request.run ?? basename(model.checkpoint)} ${model.network}`,
        unit: 'images',
        ...(request.run !== undefined && { run: request.run }),
      },
      (context) => {
        const folderOf = (round: number): string => this.folderOf(round);
        const onChange = (): void => this.#changed();
        return labelSource({ catalog, model, request, workers, folderOf, onChange }, context);
      },
    );
    started.result.catch(() => undefined); // its row holds the error; the caller may have left
    return started;
  }

  /**
   * Makes a round of a file that any program wrote, as a job. @throws StudioError 'not-found' for an unknown source or file, 'conflict' for a
   * name that is taken.
   */
  importFile(request: RoundFileRequest): { job: Job; result: Promise<RoundResult> } {
    const { catalog, jobs } = this.#options;
    this.#checkSource(request.source);
    const known = catalog.rounds.find(request.name);
    // One that a crash cut off holds a part of its file: it is made anew.
    if (known?.origin === 'file' && known.status === 'interrupted') this.remove(known.id);
    else if (known !== undefined) throw takenName(known.name);
    const started = jobs.start(
      { kind: 'pseudo-label', title: `Read labels of ${request.source} from ${basename(request.file)}`, unit: 'rows' },
      (context) =>
        importRound({ catalog, request, folderOf: (round) => this.folderOf(round) }, context).finally(() =>
          this.#changed(),
        ),
    );
    started.result.catch(() => undefined); // as above
    return started;
  }

  /** With its labels and embeddings. */
  remove(id: number): void {
    const round = this.#options.catalog.rounds.get(id);
    if (round.status === 'labeling') {
      throw new StudioError('conflict', `Round ${id} is being labeled.`, { hint: 'Cancel its job first.' });
    }
    this.#options.catalog.rounds.remove(id);
    this.audit.forget(id);
    rmSync(this.folderOf(id), { recursive: true, force: true });
    this.#changed();
  }

  /** A round by its number or its name. @throws StudioError 'not-found'. */
  named(round: string): Round {
    return this.#options.catalog.rounds.named(round);
  }

  /** The file of a round's embeddings; null when it has none, or is not finished. */
  embeddingFile(id: number): string | null {
    return RoundEmbeddings.fileIn(this.folderOf(id));
  }

  /** The batch behind a step of strong feedback, image by image. @throws StudioError 'not-found' for a step whose batch was not kept. */
  feedbackBatch(run: string, step: number): FeedbackBatch {
    const { catalog } = this.#options;
    const { feedback, labeled, unlabeled, weakLabels } = catalog.runs.feedbackExtreme(run, step);
    const ids = [...new Set([...labeled, ...unlabeled])];
    const rows = new Map(catalog.query.rows(ids).map((row) => [row.id, row]));
    const told = (id: number): { id: number; image: ImageRow | null } => ({ id, image: rows.get(id) ?? null });
    return {
      step,
      feedback,
      labeled: Array.from(labeled, told),
      unlabeled: Array.from(unlabeled, (id, index) => ({ ...told(id), weakLabel: weakLabels[index]! })),
    };
  }

  folderOf(round: number): string {
    return join(this.#options.workspace.directory, 'rounds', String(round));
  }

  #model({ run, checkpoint, network, step }: LabelRequest): EngineModel {
    const { engine, runs } = this.#options;
    if ((run === undefined) === (checkpoint === undefined)) {
      throw new StudioError('usage', 'Name the network: either a run or a checkpoint.');
    }
    if (step === undefined) return engine.model({ run, checkpoint, network });
    if (run === undefined) throw new StudioError('usage', 'A step is one of a run: name the run.');
    const { directory, best } = runs.get(run);
    return { checkpoint: stepCheckpoint(directory, step), network: network ?? best?.network ?? 'adaptation' };
  }

  #checkSource(source: string): void {
    const { catalog } = this.#options;
    catalog.sources.get(source);
    if (catalog.query.facets({ sources: [source] }).total > 0) return;
    throw new StudioError('bad-input', `The source “${source}” holds no images.`, {
      hint: 'Choose another source.',
      commandLine: '`stats` lists them',
    });
  }

  /** A name that was interrupted is continued, if the network is the same. */
  #checkName(name: string | undefined, source: string): void {
    const known = name === undefined ? undefined : this.#options.catalog.rounds.find(name);
    if (known === undefined) return;
    if (known.status !== 'interrupted' || known.source !== source) throw takenName(known.name);
  }

  #changed(): void {
    this.#options.events.publish({ type: 'rounds.changed' });
  }
}

function takenName(name: string): StudioError {
  return new StudioError('conflict', `There is a round named “${name}” already.`, {
    hint: 'Choose another name, or delete that round first.',
    commandLine: '--name, `rounds delete`',
  });
}
