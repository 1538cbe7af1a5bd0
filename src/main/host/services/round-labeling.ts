import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { clusterRequestSchema } from '#shared/cluster.ts';
import { StudioError } from '#shared/errors.ts';
import type { ManifestImage } from '#shared/images.ts';
import type { LabelRequest, Round, RoundResult } from '#shared/rounds.ts';
import { type ClassColumns, classColumnsOf, placeColumns } from '../../audit/rounds/class-columns.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { EngineAnswers, EngineModel } from '../../engine/messages.ts';
import type { JobContext } from '../../jobs/runner.ts';
import { WorkerPool } from '../cluster/worker-pool.ts';
import { EngineProcess } from '../engine-process.ts';
import { RoundEmbeddings } from './round-embeddings.ts';
import { resultOf } from './round-results.ts';

/** Images of one question to the engine, of which two are under way: a second or so of work. */
const LIST = 256;

export interface LabelingOptions extends RoundPlace {
  readonly model: EngineModel;
  readonly request: LabelRequest;
  /** Threads that decode. */
  readonly workers: number;
}

/** Where a round is kept. */
export interface RoundPlace {
  readonly catalog: Catalog;
  readonly folderOf: (round: number) => string;
  readonly onChange: () => void;
}

export type NetworkAnswer = EngineAnswers['label'];

/**
 * Labels a source with a network, in an engine of its own or by workers: the labels are kept as they come, and what was interrupted is
 * continued.
 */
export async function labelSource(options: LabelingOptions, { signal, report }: JobContext): Promise<RoundResult> {
  const { catalog, request } = options;
  const images = catalog.images.manifest({ source: request.source });
  report(0, images.length, 'Loading the network.');
  const labeler = await openLabeler(options, images, (message) => report(0, images.length, message));
  const letGo = (): void => void labeler.close();
  signal.addEventListener('abort', letGo);
  try {
    const about = await labeler.ask([]);
    const labeling = new Labeling(options, roundFor(options, about, images.length), about);
    return await labeling.run(images, labeler, (done) => report(done, images.length), signal);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', letGo);
    await labeler.close();
  }
}

/** Who labels lists of images. */
export interface ListLabeler {
  ask(list: readonly ManifestImage[]): Promise<NetworkAnswer>;
  /** Questions that are worth having under way at a time. */
  readonly ahead: number;
  close(): Promise<void>;
}

async function openLabeler(
  { model, request, workers }: LabelingOptions,
  images: readonly ManifestImage[],
  log: (message: string) => void,
): Promise<ListLabeler> {
  const { cluster, source, embeddings = true } = request;
  if (cluster !== undefined) {
    const cause = { purpose: `Label ${source}`, images, log };
    const pool = await WorkerPool.open({ ...cause, cluster: clusterRequestSchema.parse(cluster), model });
    return {
      ask: (list) => pool.ask({ kind: 'label', model: pool.model, images: list, workers, embeddings }),
      get ahead() {
        return pool.ahead;
      },
      close: () => Promise.resolve(pool.close()),
    };
  }
  const engine = new EngineProcess(() => undefined);
  return {
    ask: (list) => engine.request({ kind: 'label', model, images: list, workers, embeddings }),
    ahead: 2,
    close: () => engine.close(),
  };
}

/** The interrupted round of the same network and source, or a new one. */
function roundFor({ catalog, model, request }: LabelingOptions, about: NetworkAnswer, total: number): Round {
  const { source, run = null } = request;
  const { classCount } = classColumnsOf(about.classes, 'The network');
  const isSame = (round: Round): boolean =>
    round.status === 'interrupted' &&
    round.origin === 'network' &&
    round.network === model.network &&
    round.step === about.step &&
    round.file === model.checkpoint &&
    (round.count === 0 || (round.embeddingSize !== null) === (request.embeddings ?? true)) &&
    (request.name === undefined || request.name === round.name);
  const begun = catalog.rounds.list({ source }).find(isSame);
  if (begun !== undefined) return catalog.rounds.update(begun.id, { status: 'labeling', total });
  return catalog.rounds.create({
    name: request.name ?? freeName(catalog, usualName(model, request, about.step)),
    source,
    origin: 'network',
    run,
    network: model.network,
    step: about.step,
    file: model.checkpoint,
    classCount,
    total,
  });
}

function usualName({ checkpoint, network }: EngineModel, { run, source }: LabelRequest, step: number): string {
  return `${run ?? basename(checkpoint)} ${network} step ${step} on ${source}`;
}

/** The name, or the name with the first number that is free. */
function freeName(catalog: Catalog, name: string): string {
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? name : `${name} (${number})`;
    if (catalog.rounds.find(candidate) === undefined) return candidate;
  }
}

/** One round while it is labeled. */
export class Labeling {
  readonly #options: RoundPlace;
  readonly #round: Round;
  readonly #columns: ClassColumns;
  #embeddings: RoundEmbeddings | null = null;

  constructor(options: RoundPlace, round: Round, about: Pick<NetworkAnswer, 'classes'>) {
    this.#options = options;
    this.#round = round;
    this.#columns = classColumnsOf(about.classes, 'The network');
  }

  /** @param images of the source, ascending. */
  async run(
    images: readonly ManifestImage[],
    labeler: Pick<ListLabeler, 'ask' | 'ahead'>,
    onProgress: (done: number) => void,
    signal: AbortSignal,
  ): Promise<RoundResult> {
    const { catalog, onChange } = this.#options;
    const { id } = this.#round;
    await this.#resumeEmbeddings();
    const last = catalog.pseudoLabels.lastImage(id);
    // What could not be read is tried again only behind the last label.
    const rest = last === 0 ? images : images.filter((image) => image.id > last);
    if (last === 0) catalog.rounds.clearProblems(id);
    const begun = performance.now();
    const seconds = (): number => this.#round.seconds + (performance.now() - begun) / 1000;
    let status: Round['status'] = 'interrupted';
    try {
      for await (const answer of inOrder(listsOf(rest), labeler)) {
        signal.throwIfAborted();
        await this.#keep(answer.list, answer.answer);
        catalog.rounds.update(id, { seconds: seconds() });
        onProgress(images.length - rest.length + answer.done);
      }
      await this.#embeddings?.finish();
      status = 'finished';
    } finally {
      catalog.rounds.update(id, { status, seconds: seconds() });
      onChange();
    }
    return resultOf(catalog, id);
  }

  /** After a crash the embeddings and the labels may end at different images. */
  async #resumeEmbeddings(): Promise<void> {
    const { catalog, folderOf } = this.#options;
    const { id, embeddingSize } = this.#round;
    if (embeddingSize === null) return;
    this.#embeddings = await RoundEmbeddings.open(folderOf(id), embeddingSize);
    const labeled = catalog.pseudoLabels.images(id);
    const kept = Math.min(labeled.length, await this.#embeddings.rows());
    await this.#embeddings.keep(kept);
    if (kept < labeled.length) catalog.pseudoLabels.removeFrom(id, labeled[kept]!);
  }

  async #keep(list: readonly ManifestImage[], answer: NetworkAnswer): Promise<void> {
    const { catalog, folderOf } = this.#options;
    const { id } = this.#round;
    if (answer.embeddings !== null) {
      if (this.#embeddings === null) {
        this.#embeddings = await RoundEmbeddings.open(folderOf(id), answer.embeddingSize);
        await this.#embeddings.keep(0);
        catalog.rounds.update(id, { embeddingSize: answer.embeddingSize });
      }
      await this.#embeddings.append(answer.ids, answer.embeddings);
    }
    const probabilities = placeColumns(answer.probabilities, this.#columns);
    catalog.pseudoLabels.add(id, { images: answer.ids, classCount: this.#columns.classCount, probabilities });
    if (answer.failures.length === 0) return;
    const paths = new Map(list.map((image) => [image.id, image.reference.path]));
    catalog.rounds.addProblems(
      id,
      answer.failures.map((failure) => ({ line: null, place: paths.get(failure.id)!, reason: failure.reason })),
    );
  }
}

function* listsOf(images: readonly ManifestImage[]): Generator<readonly ManifestImage[]> {
  for (let from = 0; from < images.length; from += LIST) yield images.slice(from, from + LIST);
}

/** Asks ahead, and gives the answers in order. */
async function* inOrder(
  lists: Iterable<readonly ManifestImage[]>,
  labeler: Pick<ListLabeler, 'ask' | 'ahead'>,
): AsyncGenerator<{ list: readonly ManifestImage[]; answer: NetworkAnswer; done: number }> {
  const asked: { list: readonly ManifestImage[]; answer: Promise<NetworkAnswer> }[] = [];
  let done = 0;
  const take = async (): Promise<{ list: readonly ManifestImage[]; answer: NetworkAnswer; done: number }> => {
    const { list, answer } = asked.shift()!;
    const given = await answer;
    done += list.length;
    return { list, answer: given, done };
  };
  for (const list of lists) {
    const answer = labeler.ask(list);
    answer.catch(() => undefined); // told when its turn comes
    asked.push({ list, answer });
    if (asked.length >= labeler.ahead) yield await take();
  }
  while (asked.length > 0) yield await take();
}

/** The checkpoint that a run kept after so many steps. @throws StudioError 'not-found'. */
export function stepCheckpoint(runFolder: string, step: number): string {
  const checkpoint = join(runFolder, `step-${step}`);
  if (existsSync(join(checkpoint, 'state.json'))) return checkpoint;
  throw new StudioError('not-found', `${runFolder} holds no checkpoint of step ${step}.`, {
    hint: 'A run keeps one every so many steps where its settings say so; name no step for its best.',
    commandLine: '--checkpoint-every of `train`, --step',
  });
}
