import { EXPRESSIONS } from '#shared/expressions.ts';
import { StudioError } from '#shared/errors.ts';
import type { Job } from '#shared/jobs.ts';
import {
  type DecideRequest,
  type DecisionBatch,
  type Pace,
  type ReviewStats,
  type TurnRequest,
  VERDICTS,
  type Verdict,
  DEFAULT_REVIEW_KEYS,
  type ReviewKeys,
  reviewKeysSchema,
} from '#shared/review.ts';
import type {
  Agreement,
  DecisionImport,
  CrossfitRequest,
  ReviewedSubset,
  ReviewedSubsetRequest,
} from '#shared/review-use.ts';
import type { RoundResult } from '#shared/rounds.ts';
import { cohensKappa } from '../../audit/kappa.ts';
import { type CountedAct, paceOf } from '../../audit/pace.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { Outcome } from '../../catalog/review-outcomes.ts';
import type { JobRunner } from '../../jobs/runner.ts';
import { userName } from './analysis-service.ts';
import type { NetworkEngine } from './network-engine.ts';
import { ReviewAudits } from './review-audits.ts';
import { crossfit, planCrossfit } from './review-crossfit.ts';
import {
  type DecisionImportOptions,
  exportDecisions,
  importDecisions,
  isOther,
  readDecisions,
} from './review-files.ts';
import { ReviewQueues } from './review-queues.ts';
import { makeReviewedSubset } from './review-subset.ts';
import type { RoundService } from './round-service.ts';
import type { RunService } from './run-service.ts';

/** Images of an act that an event names: beyond it, to look again at all is no more work. */
const IMAGES_TOLD = 100;

const KEYS_SETTING = 'review.keys';
/** Images on which two reviewers differ that are told. */
const DISAGREEMENTS_TOLD = 1_000;

export interface ReviewServiceOptions {
  readonly catalog: Catalog;
  readonly rounds: RoundService;
  readonly runs: RunService;
  readonly jobs: JobRunner;
  readonly engine: NetworkEngine;
  /** Threads that decode. */
  readonly workers: number;
  /** Told after each act, with its images; null where they are too many to name. */
  readonly onDecision: (images: number[] | null) => void;
  /** Told after each other change of what holds. */
  readonly onChange: () => void;
}

/** Looking labels through: what to look at, what was decided, how good the labels are, and what the next run makes of it. */
export class ReviewService {
  readonly queues: ReviewQueues;
  readonly audits: ReviewAudits;
  readonly #options: ReviewServiceOptions;

  constructor(options: ReviewServiceOptions) {
    this.#options = options;
    this.queues = new ReviewQueues(options.catalog, options.rounds);
    this.audits = new ReviewAudits(options.catalog, options.rounds);
  }

  /**
   * Keeps a decision on one image or on many. @throws StudioError 'not-found' for an unknown round or image, 'bad-input' for an `accept` where
   * there is no label or a filter without images, 'conflict' where another label was seen than there is.
   */
  decide(request: DecideRequest): DecisionBatch {
    const { verdict, label, seen, queue = null, reviewer = userName(), reason = '', seconds = 0, key = null } = request;
    const { catalog, rounds } = this.#options;
    const round = request.round === undefined ? null : rounds.named(String(request.round)).id;
    const images = request.images ?? catalog.query.ids(request.filter ?? {});
    if (images.length === 0) {
      throw new StudioError('bad-input', 'No image meets this filter: there is nothing to decide.', {
        hint: 'Widen the filter.',
        commandLine: '`facets` shows what is there',
      });
    }
    const decisions = images.map((image) => ({ image, verdict, label }));
    const note = { reviewer, round, audit: null, queue, reason, seconds, key };
    return this.#decided(catalog.decisions.record(decisions, note, seen));
  }

  /** @throws StudioError 'conflict' when the reviewer has nothing to undo, or another act is next than the one that is meant. */
  undo({ reviewer = userName(), ...sent }: TurnRequest = {}): DecisionBatch {
    return this.#decided(this.#options.catalog.decisions.undo(reviewer, sent));
  }

  /** As {@link undo}. @throws StudioError 'conflict' when the reviewer has nothing to redo. */
  redo({ reviewer = userName(), ...sent }: TurnRequest = {}): DecisionBatch {
    return this.#decided(this.#options.catalog.decisions.redo(reviewer, sent));
  }

  /** What somebody saw in a blind audit. */
  answer(request: Parameters<ReviewAudits['answer']>[0]): DecisionBatch {
    return this.#decided(this.audits.answer(request));
  }

  /** How much was decided, how fast, and how well each queue aimed. @param reviewer whose undo and redo are meant. */
  stats(reviewer: string = userName()): ReviewStats {
    const { catalog } = this.#options;
    const stored = catalog.reviews.counts();
    const countOf = (verdict: Verdict): number =>
      stored.filter((row) => row.verdict === verdict).reduce((sum, { count }) => sum + count, 0);
    const acts = [...catalog.reviews.acts()];
    const grouped = (key: (act: (typeof acts)[number]) => string | null): Pace[] =>
      [...Map.groupBy(acts, key)].flatMap(([name, members]) => (name === null ? [] : [paceOf(name, members)]));
    return {
      counts: Object.fromEntries(VERDICTS.map((verdict) => [verdict, countOf(verdict)])) as Record<Verdict, number>,
      labels: EXPRESSIONS.map(({ name }, label) => ({
        name,
        count: stored.filter((row) => row.label === label).reduce((sum, { count }) => sum + count, 0),
      })),
      total: paceOf('all', acts satisfies readonly CountedAct[]),
      queues: grouped(({ queue }) => queue),
      reviewers: grouped(({ reviewer: name }) => name),
      ...catalog.decisions.canTurn(reviewer),
    };
  }

  /**
   * How far two reviewers agree. @param other a reviewer, or, with `file`, one whose decisions are in a file that was not imported.
   * @throws StudioError 'not-found' for a reviewer who decided nothing.
   */
  async agreement(one: string, other: string, file?: string): Promise<Agreement> {
    const { catalog } = this.#options;
    const first = this.#outcomesOf(one);
    const second =
      file === undefined
        ? this.#outcomesOf(other)
        : new Map(
            (await readDecisions(catalog, file, other)).decisions
              .filter(({ reviewer }) => reviewer === other)
              .map((decision) => [decision.image, decision]),
          );
    return agreementOf({ name: one, outcomes: first }, { name: other, outcomes: second });
  }

  async exportDecisions(file: string): Promise<{ file: string; decisions: number }> {
    return { file, decisions: await exportDecisions(this.#options.catalog, file) };
  }

  async importDecisions(
    options: Omit<DecisionImportOptions, 'reviewer'> & { reviewer?: string | undefined },
  ): Promise<DecisionImport> {
    const { reviewer = userName(), ...rest } = options;
    return this.#changed(await importDecisions(this.#options.catalog, { ...rest, reviewer }));
  }

  /** @throws StudioError as {@link makeReviewedSubset}. */
  subset(request: ReviewedSubsetRequest): ReviewedSubset {
    const { catalog, rounds } = this.#options;
    const round = request.round === undefined ? null : rounds.named(String(request.round)).id;
    return this.#changed(makeReviewedSubset(catalog, request, round));
  }

  /**
   * Out-of-sample labels of a labeled set, as a job; the same request continues what was cancelled. @throws StudioError as {@link planCrossfit};
   * 'conflict' for a name that is taken.
   */
  crossfit(request: CrossfitRequest): { job: Job; result: Promise<RoundResult> } {
    const { catalog, jobs } = this.#options;
    const plan = planCrossfit(this.#options, request);
    const known = catalog.rounds.find(plan.name);
    if (known !== undefined && known.status !== 'interrupted') {
      throw new StudioError('conflict', `There is a round named “${plan.name}” already.`, {
        hint: 'Choose another name, or delete that round first.',
        commandLine: '--name, `rounds delete`',
      });
    }
    const title = `Label ${request.labeled} out of sample`;
    const started = jobs.start({ kind: 'pseudo-label', title, unit: 'images' }, (context) =>
      crossfit(this.#options, request, plan, context).finally(this.#options.onChange),
    );
    started.result.catch(() => undefined); // its row holds the error; the caller may have left
    return started;
  }

  get keys(): ReviewKeys {
    const kept = this.#options.catalog.settings.get(KEYS_SETTING);
    return kept === null ? DEFAULT_REVIEW_KEYS : reviewKeysSchema.parse(JSON.parse(kept));
  }

  /** Keeps keys for those actions that are named. @throws StudioError 'conflict' when one key would mean two things. */
  setKeys(keys: Partial<ReviewKeys>): ReviewKeys {
    const merged = { ...this.keys, ...keys };
    for (const [key, actions] of Map.groupBy(Object.entries(merged), ([, bound]) => bound)) {
      if (actions.length < 2) continue;
      throw new StudioError('conflict', `The key ${key} would mean ${actions.map(([name]) => name).join(' and ')}.`, {
        hint: 'Give each its own key; change both in one step to swap them.',
      });
    }
    this.#options.catalog.settings.set(KEYS_SETTING, JSON.stringify(merged));
    return merged;
  }

  resetKeys(): ReviewKeys {
    this.#options.catalog.settings.set(KEYS_SETTING, JSON.stringify(DEFAULT_REVIEW_KEYS));
    return DEFAULT_REVIEW_KEYS;
  }

  #outcomesOf(name: string): Map<number, Outcome> {
    const { decisions, reviews } = this.#options.catalog;
    const reviewers = decisions.reviewers();
    if (reviewers.includes(name)) return reviews.ofReviewer(name);
    throw new StudioError('not-found', `${name} decided nothing in this workspace.`, {
      hint: reviewers.length === 0 ? 'Nobody did yet.' : `Those who did: ${reviewers.join(', ')}.`,
    });
  }

  #decided(act: DecisionBatch): DecisionBatch {
    const { catalog, onDecision } = this.#options;
    onDecision(act.images > IMAGES_TOLD ? null : catalog.decisions.imagesOf(act, IMAGES_TOLD));
    return act;
  }

  #changed<Result>(result: Result): Result {
    this.#options.onChange();
    return result;
  }
}

interface Rater {
  readonly name: string;
  readonly outcomes: ReadonlyMap<number, Outcome>;
}

function agreementOf(one: Rater, other: Rater): Agreement {
  const both = [...one.outcomes.values()].flatMap((outcome) => {
    const second = other.outcomes.get(outcome.image);
    return second === undefined ? [] : [[outcome, second] as const];
  });
  const sure = both.filter((pair) => pair.every(({ verdict }) => verdict !== 'unsure'));
  const outcomes = [...EXPRESSIONS.map(({ name }) => name), 'reject'];
  const placeOf = ({ label }: Outcome): number => label ?? EXPRESSIONS.length;
  const matrix = outcomes.map(() => outcomes.map(() => 0));
  for (const [first, second] of sure) matrix[placeOf(first)]![placeOf(second)]!++;
  const kappa = cohensKappa(matrix);
  const differing = sure.filter(([first, second]) => isOther(first, second));
  return {
    one: one.name,
    other: other.name,
    images: sure.length,
    unsure: both.length - sure.length,
    observed: kappa?.observed ?? null,
    kappa: kappa?.kappa ?? null,
    interval: kappa?.interval ?? null,
    outcomes,
    matrix,
    disagreements: differing.slice(0, DISAGREEMENTS_TOLD).map(([first, second]) => ({
      image: first.image,
      one: outcomes[placeOf(first)]!,
      other: outcomes[placeOf(second)]!,
    })),
  };
}
