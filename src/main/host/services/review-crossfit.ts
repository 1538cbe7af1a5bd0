import { setTimeout as sleep } from 'node:timers/promises';
import { StudioError } from '#shared/errors.ts';
import type { ManifestImage } from '#shared/images.ts';
import { RandomStream } from '#shared/random.ts';
import type { CrossfitRequest } from '#shared/review-use.ts';
import type { Round, RoundResult } from '#shared/rounds.ts';
import { type RunDetail, type RunStatus, trainingConfigSchema } from '#shared/training.ts';
import { classColumnsOf, placeColumns } from '../../audit/rounds/class-columns.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { JobContext } from '../../jobs/runner.ts';
import { EngineProcess } from '../engine-process.ts';
import type { NetworkEngine } from './network-engine.ts';
import { resultOf } from './round-results.ts';
import type { RunService } from './run-service.ts';

const POLL_MILLISECONDS = 300;
/** Statuses of a run that will never have its network. */
const DEAD: readonly RunStatus[] = ['failed', 'stopped'];
/** Images of one question to the engine. */
const LIST = 256;

export interface CrossfitOptions {
  readonly catalog: Catalog;
  readonly runs: RunService;
  readonly engine: NetworkEngine;
  /** Threads that decode. */
  readonly workers: number;
}

interface Fold {
  readonly number: number;
  readonly images: readonly ManifestImage[];
  readonly others: readonly ManifestImage[];
}

/** What a request means here. @throws StudioError 'bad-input', 'usage' as {@link crossfit}. */
export interface CrossfitPlan {
  readonly name: string;
  readonly source: string;
  readonly folds: readonly Fold[];
  readonly classCount: number;
}

/**
 * Divides a labeled set into folds with about the same share of each class. @throws StudioError 'not-found' for an unknown set, 'bad-input' when
 * its images are of several sources or too few, 'usage' for settings that are none of the training's.
 */
export function planCrossfit({ catalog }: CrossfitOptions, request: CrossfitRequest): CrossfitPlan {
  const { labeled, folds = 5, seed = 0, config = {} } = request;
  const { classCount } = checkedConfig(config);
  const all =
    catalog.subsets.find(labeled) === undefined
      ? catalog.images.manifest({ source: labeled, split: 'train' })
      : catalog.images.manifest({ subset: labeled });
  const images = all.filter(({ label }) => label >= 0 && label < classCount);
  if (images.length < folds) {
    throw new StudioError(
      'bad-input',
      `“${labeled}” holds ${images.length} labeled images: too few for ${folds} folds.`,
    );
  }
  const sources = new Set(catalog.images.describe(images.map(({ id }) => id)).map(({ source }) => source));
  if (sources.size > 1) {
    throw new StudioError(
      'bad-input',
      `“${labeled}” holds images of ${sources.size} sources: ${[...sources].join(', ')}.`,
      {
        hint: 'A round is over one source: name one, or a subset of one.',
      },
    );
  }
  const fold = foldsOf(images, folds, seed);
  const name = request.name ?? `${labeled.replaceAll('@', ' ')} out of sample`;
  return {
    name,
    source: [...sources][0]!,
    classCount,
    folds: Array.from({ length: folds }, (_, number) => ({
      number,
      images: images.filter((_image, index) => fold[index] === number),
      others: images.filter((_image, index) => fold[index] !== number),
    })),
  };
}

/** [N] the fold of each image: each class is dealt out in a random order. */
export function foldsOf(images: readonly { readonly label: number }[], folds: number, seed: number): Uint8Array {
  const fold = new Uint8Array(images.length);
  let dealt = 0;
  for (const [label, places] of [...Map.groupBy(images.keys(), (place) => images[place]!.label)].sort()) {
    const stream = new RandomStream(seed, 'audit', label);
    for (let last = places.length - 1; last > 0; last--) {
      const other = stream.integer(last + 1);
      [places[last], places[other]] = [places[other]!, places[last]!];
    }
    for (const place of places) fold[place] = dealt++ % folds;
  }
  return fold;
}

/**
 * Trains a network on all folds but one and labels that one with it, for each: no image is labeled by a network that learned its label. The labels
 * of all folds make one round. A fold that was trained or labeled before a cancel or a crash is not done again.
 */
export async function crossfit(
  options: CrossfitOptions,
  request: CrossfitRequest,
  plan: CrossfitPlan,
  context: JobContext,
): Promise<RoundResult> {
  const { catalog } = options;
  const total = plan.folds.reduce((sum, { images }) => sum + images.length, 0);
  const round = roundFor(catalog, plan, total);
  const begun = performance.now();
  let status: Round['status'] = 'interrupted';
  try {
    const labeled = new Set(catalog.pseudoLabels.images(round.id));
    for (const fold of plan.folds) {
      const rest = fold.images.filter(({ id }) => !labeled.has(id));
      if (rest.length === 0) continue;
      const done = (): number => catalog.rounds.get(round.id).count;
      const what = `fold ${fold.number + 1} of ${plan.folds.length}`;
      const run = await trainFold(options, request, plan, fold, context.signal, (step, steps) =>
        context.report(done(), total, `Training ${what}: step ${step} of ${steps}.`),
      );
      context.report(done(), total, `Labeling ${what}.`);
      await labelFold(options, round, run, rest, context, () => context.report(done(), total));
    }
    status = 'finished';
  } finally {
    catalog.rounds.update(round.id, { status, seconds: round.seconds + (performance.now() - begun) / 1000 });
  }
  return resultOf(catalog, round.id);
}

function roundFor(catalog: Catalog, { name, source, classCount }: CrossfitPlan, total: number): Round {
  const known = catalog.rounds.find(name);
  if (known !== undefined && known.status === 'interrupted' && known.source === source && known.total === total) {
    return catalog.rounds.update(known.id, { status: 'labeling' });
  }
  return catalog.rounds.create({
    ...{ name, source, origin: 'network', run: null, network: null, step: null, file: null, classCount, total },
  });
}

/**
 * The fold's run, trained to its end. One that failed or was stopped before is removed with all it left, and trained anew.
 * @throws StudioError when it is stopped or fails, with its own reason; the signal's reason.
 */
async function trainFold(
  { catalog, runs }: CrossfitOptions,
  { config = {}, validation = 'validation' }: CrossfitRequest,
  plan: CrossfitPlan,
  fold: Fold,
  signal: AbortSignal,
  onStep: (step: number, steps: number) => void,
): Promise<RunDetail> {
  const name = `${plan.name} fold ${fold.number + 1}`;
  const wanted = JSON.stringify(checkedConfig({ ...config, name }));
  const known = runs
    .list()
    .filter((run) => run.name === name)
    .map(({ id }) => runs.get(id))
    .find((run) => JSON.stringify(run.config) === wanted && sameImages(catalog, run, fold));
  const isDead = known !== undefined && DEAD.includes(known.status);
  if (isDead) await runs.remove(known.id);
  let run = isDead ? undefined : known;
  if (run === undefined) {
    const labeled = known?.request.labeled ?? subsetFor(catalog, plan, fold, name);
    run = runs.start({ config: { ...config, name, method: 'supervised' }, labeled, validation });
  } else if (run.status === 'paused' || run.status === 'interrupted') runs.resume(run.id);
  const { id } = run;
  for (;;) {
    const now = runs.get(id);
    onStep(now.step, now.totalSteps);
    if (signal.aborted) {
      // Paused, not stopped: the same request goes on from here.
      if (now.status === 'running' || now.status === 'queued') await runs.pause(id);
      signal.throwIfAborted();
    }
    if (now.status === 'finished') return now;
    if (now.status !== 'running' && now.status !== 'queued') {
      throw unfinishedFold(now, name);
    }
    await sleep(POLL_MILLISECONDS, undefined, { signal }).catch(() => undefined); // told at the top of the loop
  }
}

/** The name of a frozen subset of what the fold's network may learn. */
function subsetFor(catalog: Catalog, plan: CrossfitPlan, fold: Fold, name: string): string {
  const rule = `all folds of “${plan.name}” but number ${fold.number + 1}`;
  const subset = catalog.subsets.createFromImages(name.slice(0, 200), fold.others, rule);
  return `${subset.name}@${subset.version}`;
}

/** Why a fold has no network: what its run itself says, and how it goes on. */
function unfinishedFold({ id, status, error }: RunDetail, name: string): StudioError {
  if (status === 'failed' && error !== null) {
    const again = 'The same request trains this fold anew, and keeps those that are done.';
    return new StudioError('interrupted', `Run ${id}, which trains “${name}”, failed: ${error.message}`, {
      hint: error.hint === undefined ? again : `${error.hint} ${again}`,
    });
  }
  const goesOn = DEAD.includes(status) ? 'trains this fold anew' : 'goes on with this fold';
  return new StudioError('interrupted', `Run ${id}, which trains “${name}”, was ${status}.`, {
    hint: `The same request ${goesOn}, and keeps those that are done.`,
  });
}

/** Whether a run of that name trained on the same images: decisions since may have changed their labels. */
function sameImages(catalog: Catalog, { request }: RunDetail, { others }: Fold): boolean {
  if (catalog.subsets.find(request.labeled) === undefined) return false;
  const trained = new Map(catalog.images.manifest({ subset: request.labeled }).map(({ id, label }) => [id, label]));
  return trained.size === others.length && others.every(({ id, label }) => trained.get(id) === label);
}

async function labelFold(
  { catalog, engine, workers }: CrossfitOptions,
  round: Round,
  run: RunDetail,
  images: readonly ManifestImage[],
  { signal }: JobContext,
  onProgress: () => void,
): Promise<void> {
  const model = engine.model({ run: run.id });
  const process = new EngineProcess(() => undefined);
  try {
    for (let from = 0; from < images.length; from += LIST) {
      signal.throwIfAborted();
      const list = images.slice(from, from + LIST);
      const answer = await process.request({ kind: 'label', model, images: list, workers, embeddings: false });
      const columns = classColumnsOf(answer.classes, 'The network');
      const probabilities = placeColumns(answer.probabilities, columns);
      catalog.pseudoLabels.add(round.id, { images: answer.ids, classCount: columns.classCount, probabilities });
      const paths = new Map(list.map(({ id, reference }) => [id, reference.path]));
      catalog.rounds.addProblems(
        round.id,
        answer.failures.map(({ id, reason }) => ({ line: null, place: paths.get(id) ?? String(id), reason })),
      );
      onProgress();
    }
  } finally {
    await process.close();
  }
}

/** @throws StudioError 'usage' naming the setting that is none. */
function checkedConfig(config: Readonly<Record<string, unknown>>) {
  const parsed = trainingConfigSchema.strict().safeParse({ ...config, method: 'supervised' });
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new StudioError('usage', `Training settings: ${[...issue.path.map(String), issue.message].join(': ')}.`, {
    hint: 'Name them as a run’s config.json does, such as totalSteps.',
  });
}
