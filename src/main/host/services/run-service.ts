import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterRequest, WorkerLoad } from '#shared/cluster.ts';
import { StudioError } from '#shared/errors.ts';
import { splitSchema } from '#shared/images.ts';
import type { ManifestImage } from '#shared/images.ts';
import {
  type NetworkName,
  type RunDetail,
  type RunRequest,
  type RunStatus,
  type RunSummary,
  type TagRequest,
  type TrainingConfig,
  type TrainingManifest,
  trainingConfigSchema,
  trainingManifestSchema,
} from '#shared/training.ts';
import { checkTrainingConfig } from '#shared/training-check.ts';
import { classNames } from '#shared/expressions.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { EventBus } from '../events.ts';
import type { Workspace } from '../workspace.ts';
import { ActiveRun } from './active-run.ts';
import { RunCurves } from './run-curves.ts';

/** Statuses from which a run can go on. */
const RESUMABLE: readonly RunStatus[] = ['queued', 'paused', 'interrupted', 'failed'];

/** Addresses of the window beside those of the runs: a run of that name would be hidden by it. */
const PLACES_OF_RUNS = ['new', 'compare'];

/** Where each network is kept at its best; `last` until there is one. */
const CHECKPOINTS_OF: Readonly<Record<NetworkName, readonly string[]>> = {
  base: ['best', 'last'],
  adaptation: ['best-adaptation', 'best', 'last'],
  ema: ['best-adaptation', 'best', 'last'],
  finetuned: ['finetuned'],
};

/** Starts, pauses, resumes and ends training runs; one trains at a time, the others wait in the order they came. */
export class RunService {
  readonly #workspace: Workspace;
  readonly #catalog: Catalog;
  readonly #events: EventBus;
  readonly #queue: string[] = [];
  readonly #finetuneOnly = new Set<string>();
  #active: ActiveRun | undefined;
  #closing = false;

  constructor(workspace: Workspace, catalog: Catalog, events: EventBus) {
    this.#workspace = workspace;
    this.#catalog = catalog;
    this.#events = events;
  }

  list(): RunSummary[] {
    return this.#catalog.runs.list();
  }

  get(id: string): RunDetail {
    return { ...this.#catalog.runs.get(id), directory: this.#directory(id) };
  }

  /** Pins what the run trains on, writes its folder, and starts it (or queues it behind the one that runs). */
  start(wanted: RunRequest): RunDetail {
    const { config, request, manifest } = this.prepare(wanted);
    const id = this.#newId(config.name);
    const directory = this.#directory(id);
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'config.json'), JSON.stringify(config, null, 2));
    writeFileSync(join(directory, 'manifest.json'), JSON.stringify(manifest));
    const { labeled, validation } = manifest;
    this.#catalog.runs.create(
      { id, name: config.name, config, request, snapshot: snapshotOf(manifest), totalSteps: config.totalSteps },
      { labeled, validation },
    );
    this.#enqueue(id);
    return this.get(id);
  }

  /** Gives a run tags, or takes them away. */
  changeTags({ id, add = [], remove = [] }: TagRequest): RunSummary {
    this.#catalog.runs.changeTags(id, add, remove);
    this.#events.publish({ type: 'runs.changed', run: id });
    return this.#summary(id);
  }

  /** What a run trains on, as it was pinned. @throws StudioError 'corrupt' when its file is gone or damaged. */
  manifest(id: string): TrainingManifest {
    this.#summary(id);
    const file = join(this.#directory(id), 'manifest.json');
    try {
      return trainingManifestSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    } catch (error) {
      throw new StudioError('corrupt', `What run ${id} trained on cannot be read: ${file} is missing or damaged.`, {
        hint: 'Restore the file from a copy of the workspace.',
        cause: error,
      });
    }
  }

  /** What a run of this request trains with and on. @throws StudioError 'usage', 'bad-input'. */
  prepare(wanted: RunRequest): { config: TrainingConfig; request: RunRequest; manifest: TrainingManifest } {
    const config = trainingConfigSchema.parse(wanted.config);
    checkTrainingConfig(config);
    const request = { ...wanted, labeled: this.#pinned(wanted.labeled) };
    return { config, request, manifest: this.#manifest(request, config) };
  }

  async pause(id: string): Promise<RunSummary> {
    if (this.#active?.id === id) await this.#active.pause();
    else if (this.#queue.includes(id)) this.#dequeue(id, 'paused');
    else throw this.#cannot('paused', id);
    return this.#summary(id);
  }

  /** @param cluster other workers than before, from here on; undefined: as before. */
  resume(id: string, cluster?: ClusterRequest): RunSummary {
    const run = this.get(id);
    if (this.#active?.id === id || this.#queue.includes(id)) return this.#summary(id);
    if (!RESUMABLE.includes(run.status)) throw this.#cannot('resumed', id);
    if (cluster !== undefined) this.#catalog.runs.setCluster(id, cluster);
    this.#enqueue(id);
    return this.#summary(id);
  }

  /** Fine-tunes the best adaptation network a run has so far, and ends the run with that: the steps still to do are left out for good. */
  finetune(id: string): RunSummary {
    const { status, config } = this.get(id);
    if (this.#active?.id === id || this.#queue.includes(id)) throw this.#cannot('fine-tuned', id);
    const directory = this.#directory(id);
    if (existsSync(join(directory, 'finetuned'))) {
      throw new StudioError('conflict', `Run ${id} is fine-tuned already.`, {
        hint: 'Start a new run from its weights to go on from them.',
        commandLine: '--pretrained',
      });
    }
    if (config.finetuneEpochs === 0) {
      throw new StudioError('conflict', `Run ${id} was started with no epochs of fine-tuning.`, {
        hint: 'Start a new run with its best checkpoint as first weights, and with some epochs of fine-tuning.',
        commandLine: '--pretrained, --finetune-epochs',
      });
    }
    if (!existsSync(join(directory, 'last'))) {
      throw new StudioError('not-found', `Run ${id} (${status}) has no checkpoint to fine-tune yet.`, {
        hint: 'Let it train to its first evaluation.',
      });
    }
    this.#finetuneOnly.add(id);
    this.#enqueue(id);
    return this.#summary(id);
  }

  /** How the workers of a run fare that trains now on a cluster; none of any other run. */
  workers(id: string): WorkerLoad[] {
    this.get(id);
    return this.#active?.id === id ? this.#active.workers : [];
  }

  async stop(id: string): Promise<RunSummary> {
    if (this.#active?.id === id) await this.#active.stop();
    else if (this.#queue.includes(id)) this.#dequeue(id, 'stopped');
    else if (RESUMABLE.includes(this.get(id).status)) this.#setStatus(id, 'stopped');
    else throw this.#cannot('stopped', id);
    return this.#summary(id);
  }

  async remove(id: string): Promise<void> {
    this.get(id);
    if (this.#active?.id === id) await this.#active.stop();
    const position = this.#queue.indexOf(id);
    if (position >= 0) this.#queue.splice(position, 1);
    this.#catalog.runs.remove(id);
    rmSync(this.#directory(id), { recursive: true, force: true });
    this.#events.publish({ type: 'runs.changed', run: id });
  }

  /** Lets interrupted runs go on, oldest first. Returns them. */
  resumeInterrupted(): RunSummary[] {
    const interrupted = this.list().filter((run) => run.status === 'interrupted');
    for (const run of interrupted.toReversed()) this.#enqueue(run.id);
    return interrupted;
  }

  /** Pauses what runs, so that the next start can go on exactly. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const id of this.#queue.splice(0)) this.#setStatus(id, 'interrupted');
    await this.#active?.pause('interrupted');
  }

  get isBusy(): boolean {
    return this.#active !== undefined || this.#queue.length > 0;
  }

  /** Settles once nothing trains or waits to. */
  async whenIdle(): Promise<void> {
    while (this.#active !== undefined) await this.#active.ended;
  }

  /** The checkpoint folder that holds a network of a run as validation liked it best: each kind has its own. */
  checkpoint(id: string, network: NetworkName): string {
    const directory = this.#directory(id);
    const names = CHECKPOINTS_OF[network];
    const found = names.map((name) => join(directory, name)).find((path) => existsSync(path));
    if (found !== undefined) return found;
    const what = network === 'finetuned' ? 'fine-tuned network' : 'checkpoint';
    throw new StudioError('not-found', `Run ${id} has no ${what} yet.`, {
      hint: 'Let it go on, or choose another network.',
    });
  }

  /**
   * Writes the curves of a run, as far as it is, for TensorBoard.
   * @param folder is made when it is not there. @returns the file's path.
   */
  exportCurves(id: string, folder: string): { path: string; steps: number; evaluations: number } {
    const { evaluations } = this.get(id);
    const steps = this.#catalog.runs.steps(id, { afterStep: -1, maximumPoints: Number.MAX_SAFE_INTEGER });
    const curves = new RunCurves(folder);
    try {
      for (const metrics of steps) curves.addStep(metrics);
      for (const evaluation of evaluations) curves.addEvaluation(evaluation);
    } finally {
      curves.close();
    }
    return { path: curves.path, steps: steps.length, evaluations: evaluations.length };
  }

  #enqueue(id: string): void {
    this.#catalog.runs.update(id, { status: 'queued', error: null });
    this.#queue.push(id);
    this.#events.publish({ type: 'runs.changed', run: id });
    this.#startNext();
  }

  #dequeue(id: string, status: RunStatus): void {
    this.#queue.splice(this.#queue.indexOf(id), 1);
    this.#setStatus(id, status);
  }

  #startNext(): void {
    if (this.#active !== undefined || this.#closing) return;
    const id = this.#queue.shift();
    if (id === undefined) return;
    const finetuneOnly = this.#finetuneOnly.delete(id);
    const [catalog, events] = [this.#catalog, this.#events];
    const active = new ActiveRun({ id, directory: this.#directory(id), catalog, events, finetuneOnly });
    this.#active = active;
    void active.ended.then(() => {
      this.#active = undefined;
      this.#startNext();
    });
  }

  #setStatus(id: string, status: RunStatus): void {
    this.#catalog.runs.update(id, { status });
    this.#events.publish({ type: 'runs.changed', run: id });
  }

  #summary(id: string): RunSummary {
    return this.#catalog.runs.summary(id);
  }

  #cannot(what: string, id: string): StudioError {
    return new StudioError('conflict', `Run ${id} is ${this.get(id).status} and cannot be ${what}.`);
  }

  #directory(id: string): string {
    return join(this.#workspace.runsDirectory, id);
  }

  #newId(name: string): string {
    const slug =
      name
        .normalize('NFKD')
        .replace(/[^\w-]+/g, '-')
        .replace(/^-+|-+$/g, '')
        .slice(0, 40) || 'run';
    const taken = new Set([...PLACES_OF_RUNS, ...this.list().map((run) => run.id)]);
    for (let number = 1; ; number++) {
      const id = number === 1 ? slug : `${slug}-${number}`;
      if (!taken.has(id) && !existsSync(this.#directory(id))) return id;
    }
  }

  /** A subset's name with its version, so that the run says for good which one it trained on; a source's name as it is. */
  #pinned(labeled: string): string {
    const subset = this.#catalog.subsets.find(labeled);
    return subset === undefined ? labeled : `${subset.name}@${subset.version}`;
  }

  #manifest(request: RunRequest, config: TrainingConfig): TrainingManifest {
    const catalog = this.#catalog;
    const labeled =
      catalog.subsets.find(request.labeled) === undefined
        ? catalog.images.manifest({ source: request.labeled, split: 'train' })
        : catalog.images.manifest({ subset: request.labeled });
    const usable = labeled.filter((image) => image.label >= 0 && image.label < config.classCount);
    if (usable.length === 0) {
      throw new StudioError(
        'bad-input',
        `“${request.labeled}” holds no labeled training images of the first ${config.classCount} classes.`,
        {
          hint: 'Choose a subset, or a source with a train split.',
          commandLine: '`subsets` and `stats` list them',
        },
      );
    }
    return {
      classes: classNames(config.classCount),
      labeled: usable,
      unlabeled: config.method === 'supervised' ? [] : this.#unlabeled(request),
      validation: this.#validation(request, config),
    };
  }

  #unlabeled(request: RunRequest): ManifestImage[] {
    const name = request.unlabeled;
    if (name === undefined) {
      throw new StudioError('usage', 'Meta-Face2Exp needs a source of unlabeled faces.', {
        hint: 'Choose one, or train by the supervised method.',
        commandLine: '--unlabeled SOURCE, --method supervised',
      });
    }
    const images = this.#catalog.images.manifest({ source: name }).map((image) => ({ ...image, label: -1 }));
    if (images.length === 0)
      throw new StudioError('bad-input', `The source “${name}” holds no images.`, {
        hint: 'Choose another source.',
        commandLine: '`stats` lists them',
      });
    return images;
  }

  #validation(request: RunRequest, config: TrainingConfig): ManifestImage[] {
    const [first, second] = request.validation.split(/:(?=[^:]*$)/);
    const split = splitSchema.safeParse(second ?? first);
    if (!split.success) {
      throw new StudioError('usage', `“${request.validation}” names no split.`, {
        hint: 'Write validation, or SOURCE:validation.',
      });
    }
    const images = this.#catalog.images
      .manifest(second === undefined ? { split: split.data } : { source: first!, split: split.data })
      .filter((image) => image.label >= 0 && image.label < config.classCount);
    if (images.length === 0) {
      throw new StudioError('bad-input', `There are no labeled images in the ${request.validation} split.`, {
        hint: 'Import some for validation: the best checkpoint is chosen on them.',
        commandLine: '--role validation',
      });
    }
    return images;
  }
}

/** Nothing for images that count as all do: snapshots of before there were weights stay the same. */
function weightText({ weight }: ManifestImage): string {
  return weight === undefined ? '' : `\t${weight}`;
}

function snapshotOf(manifest: TrainingManifest): RunDetail['snapshot'] {
  const hash = createHash('sha256');
  for (const part of ['labeled', 'unlabeled', 'validation'] as const) {
    hash.update(part);
    for (const image of manifest[part])
      hash.update(`${image.id}\t${image.label}\t${JSON.stringify(image.reference)}${weightText(image)}\n`);
  }
  const labeledCounts = manifest.classes.map(
    (_, index) => manifest.labeled.filter((image) => image.label === index).length,
  );
  return {
    classes: manifest.classes,
    labeledCounts,
    unlabeled: manifest.unlabeled.length,
    validation: manifest.validation.length,
    digest: hash.digest('hex'),
  };
}
