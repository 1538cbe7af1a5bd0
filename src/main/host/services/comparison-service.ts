import { StudioError } from '#shared/errors.ts';
import type {
  CompareRequest,
  EvaluateRequest,
  PairComparison,
  PairRequest,
  RunComparison,
  SeedComparison,
  SeedRequest,
} from '#shared/evaluation.ts';
import { NETWORKS, type RunDetail } from '#shared/training.ts';
import { comparePair } from '../../evaluation/comparison.ts';
import { differingSettings, seedGroups } from '../../evaluation/seed-groups.ts';
import { type EvaluationService, splitName } from './evaluation-service.ts';
import type { RunService } from './run-service.ts';

/** Runs side by side. A network that was not evaluated on the split, or on other images, is evaluated first. */
export class ComparisonService {
  readonly #runs: RunService;
  readonly #evaluations: EvaluationService;

  constructor(runs: RunService, evaluations: EvaluationService) {
    this.#runs = runs;
    this.#evaluations = evaluations;
  }

  /** The first run against each other. @throws StudioError as `comparePair`. */
  async compare({ runs: ids, limit, resamples, seed, ...place }: CompareRequest): Promise<RunComparison> {
    const details = ids.map((id) => this.#runs.get(id));
    const runs: RunComparison['runs'] = [];
    for (const detail of details) {
      const { id } = await this.#evaluations.currentOrNew(requestOf(detail, place));
      const evaluation = await this.#evaluations.report(id, { resamples, seed });
      runs.push({
        run: detail.id,
        name: detail.name,
        seed: detail.config.seed,
        evaluation,
        curves: curvesOf(detail),
      });
    }
    const compared = await Promise.all(
      runs.map(({ evaluation }) => this.#evaluations.predictions(evaluation.record.id)),
    );
    const [first, ...others] = compared;
    return {
      split: splitName(place),
      runs,
      settings: differingSettings(details),
      pairs: others.map((other) => this.#withPaths(comparePair(first!, other, { limit, resamples, seed }))),
    };
  }

  /** Two evaluations that are kept, image by image. @throws StudioError as `comparePair`. */
  async pair({ first, second, ...choice }: PairRequest): Promise<PairComparison> {
    const [one, other] = await Promise.all([first, second].map((id) => this.#evaluations.predictions(id)));
    return this.#withPaths(comparePair(one!, other!, choice));
  }

  /** Groups of runs that differ by their seed alone. @throws StudioError 'not-found' when there are no finished runs. */
  async seeds({ runs: ids, ...place }: SeedRequest): Promise<SeedComparison> {
    const wanted =
      ids ??
      this.#runs
        .list()
        .filter(({ status }) => status === 'finished')
        .map(({ id }) => id);
    if (wanted.length === 0) {
      throw new StudioError('not-found', 'There are no finished runs in this workspace.', {
        hint: 'Let some train to their ends first.',
        commandLine: '`train`',
      });
    }
    const scored = [];
    for (const id of wanted) {
      const run = this.#runs.get(id);
      const kept = await this.#evaluations.currentOrNew(requestOf(run, place));
      scored.push({ run, evaluation: await this.#evaluations.summary(kept.id) });
    }
    return { split: splitName(place), groups: seedGroups(scored) };
  }

  #withPaths(pair: PairComparison): PairComparison {
    const paths = this.#evaluations.pathsOf(pair.differing.map(({ image }) => image));
    return { ...pair, differing: pair.differing.map((row) => ({ ...row, path: paths.get(row.image) ?? null })) };
  }
}

function requestOf(run: RunDetail, place: Pick<EvaluateRequest, 'split' | 'source' | 'map'>): EvaluateRequest {
  return { model: { run: run.id }, ...place };
}

function curvesOf({ evaluations }: RunDetail): RunComparison['runs'][number]['curves'] {
  return NETWORKS.map((network) => ({
    network,
    points: evaluations
      .filter((evaluation) => evaluation.network === network && evaluation.split === 'validation')
      .map(({ step, accuracy, meanClassAccuracy }) => ({ step, accuracy, meanClassAccuracy })),
  })).filter(({ points }) => points.length > 0);
}
