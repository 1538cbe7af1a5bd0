import type {
  BootstrapChoice,
  CompareRequest,
  RunComparison,
  SeedComparison,
  SeedRequest,
} from '#shared/evaluation.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { comparisonPage, DIFFERING_SHOWN } from '../../evaluation/html/comparison-page.ts';
import { evaluationPage, type Pictures } from '../../evaluation/html/evaluation-page.ts';
import { seedsPage } from '../../evaluation/html/seeds-page.ts';
import { renderThumbnail } from '../../imaging/thumbnail.ts';
import type { ComparisonService } from './comparison-service.ts';
import type { EvaluationService } from './evaluation-service.ts';

/** Mistakes a report shows: enough to see what goes wrong, few enough for a file that can be mailed. */
const FACES_SHOWN = 40;
/** Pixels of their shorter side. */
const FACE_SIZE = 96;

/** Reports as pages in one file each, with the faces they speak of inside. */
export class ReportService {
  readonly #catalog: Catalog;
  readonly #evaluations: EvaluationService;
  readonly #comparisons: ComparisonService;

  constructor(catalog: Catalog, evaluations: EvaluationService, comparisons: ComparisonService) {
    this.#catalog = catalog;
    this.#evaluations = evaluations;
    this.#comparisons = comparisons;
  }

  /** @returns the page. @throws StudioError 'not-found' for an unknown evaluation. */
  async evaluation(id: string, bootstrap: BootstrapChoice): Promise<string> {
    const report = await this.#evaluations.report(id, bootstrap);
    const wrong = await this.#evaluations.wrong({ id, offset: 0, limit: FACES_SHOWN });
    const { run, checkpoint } = report.record;
    const name = run ?? checkpoint.split(/[\\/]/).at(-1)!;
    const pictures = await this.#pictures(wrong.rows.map(({ image }) => image));
    return evaluationPage({ report, title: `${name} on ${report.split}`, wrong, pictures });
  }

  /** @returns the page and the comparison it shows. */
  async comparison(request: CompareRequest): Promise<{ page: string; comparison: RunComparison }> {
    const comparison = await this.#comparisons.compare({ ...request, limit: Number.MAX_SAFE_INTEGER });
    const shown = comparison.pairs.flatMap(({ differing }) =>
      (['first', 'second'] as const).flatMap((right) =>
        differing.filter((row) => row.right === right).slice(0, DIFFERING_SHOWN),
      ),
    );
    const pictures = await this.#pictures(shown.map(({ image }) => image));
    const listed = comparison.pairs.map((pair) => ({ ...pair, differing: pair.differing.slice(0, request.limit) }));
    return { page: comparisonPage(comparison, pictures), comparison: { ...comparison, pairs: listed } };
  }

  /** @returns the page and the comparison it shows. */
  async seeds(request: SeedRequest): Promise<{ page: string; comparison: SeedComparison }> {
    const comparison = await this.#comparisons.seeds(request);
    return { page: seedsPage(comparison), comparison };
  }

  /** A picture that cannot be read any more is left out: the report stands without it. */
  async #pictures(ids: readonly number[]): Promise<Pictures> {
    const unique = this.#catalog.images.describe([...new Set(ids)]);
    const entries = await Promise.all(
      unique.map(async ({ id, reference }) => {
        const bytes = await renderThumbnail(reference, FACE_SIZE).catch(() => null);
        return bytes === null ? [] : [[id, `data:image/webp;base64,${bytes.toString('base64')}`] as const];
      }),
    );
    return new Map(entries.flat());
  }
}
