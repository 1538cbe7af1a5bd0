import { EXPRESSIONS } from '#shared/expressions.ts';
import { StudioError } from '#shared/errors.ts';
import type {
  AuditAnswerRequest,
  AuditClass,
  AuditImage,
  AuditReport,
  AuditRequest,
  DecisionBatch,
  Verdict,
} from '#shared/review.ts';
import { classEstimate, drawSample, stopRule, wholeEstimate } from '../../audit/blind-sample.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { StoredAudit } from '../../catalog/review-audits.ts';
import type { RoundService } from './round-service.ts';
import { userName } from './analysis-service.ts';

const CLASSES = EXPRESSIONS.length;

/** Blind audits: precision of labels from a random sample that is judged without seeing them. */
export class ReviewAudits {
  readonly #catalog: Catalog;
  readonly #rounds: RoundService;

  constructor(catalog: Catalog, rounds: RoundService) {
    this.#catalog = catalog;
    this.#rounds = rounds;
  }

  /** Draws the sample. @throws StudioError 'conflict' for a name that is taken, 'bad-input' when there is nothing to draw from. */
  async start(request: AuditRequest): Promise<AuditReport> {
    const { name, filter = {}, perClass = 60, seed = 0, target = 0.05, classTarget = 0.15 } = request;
    const { audits } = this.#catalog;
    const round = request.round === undefined ? null : this.#rounds.named(String(request.round));
    const thresholds = round && thresholdsOf(request.thresholds ?? 0, round.classes.length);
    const population =
      round === null ? audits.labelsOfFilter(filter) : await audits.labelsOfRound(round.id, thresholds!);
    if (population.length === 0) {
      const what = round === null ? 'No image of the filter has a label' : 'No label of the round is at its threshold';
      throw new StudioError('bad-input', `${what}: there is nothing to audit.`, {
        hint: round === null ? 'Widen the filter.' : 'Lower the thresholds.',
        commandLine: round === null ? '`facets` shows what is there' : '`rounds thresholds` shows what they accept',
      });
    }
    const populations = new Map(
      [...Map.groupBy(population, ({ label }) => label)].map(([label, members]) => [label, members.length]),
    );
    const sample = drawSample(population, perClass, seed);
    audits.create(
      { name, round: round?.id ?? null, filter, thresholds, seed, target, classTarget },
      populations,
      sample,
    );
    return this.report(name);
  }

  /** The newest first. */
  list(): AuditReport[] {
    return this.#catalog.audits.list().map((audit) => this.#reportOf(audit));
  }

  report(name: string): AuditReport {
    return this.#reportOf(this.#catalog.audits.get(name));
  }

  /** The next image nobody judged, without its label; null at the end. */
  next(name: string): AuditImage | null {
    const { audits } = this.#catalog;
    const { id } = audits.get(name);
    const sample = audits.sample(id);
    const answers = audits.answers(id);
    const position = sample.findIndex(({ image }) => !answers.has(image));
    if (position === -1) return null;
    return { audit: name, image: sample[position]!.image, position, answered: answers.size, sampled: sample.length };
  }

  /**
   * Keeps what somebody saw as a decision, which `undo` takes back. @throws StudioError 'not-found' for an image that was not drawn.
   */
  answer(request: AuditAnswerRequest): DecisionBatch {
    const { name, image, answer, reviewer = userName(), seconds = 0, reason = '', key = null } = request;
    const { audits, decisions } = this.#catalog;
    const audit = audits.get(name);
    const drawn = audits.sample(audit.id).find((candidate) => candidate.image === image);
    if (drawn === undefined) {
      throw new StudioError('not-found', `Image ${image} is not in the audit “${name}”.`, {
        hint: 'Judge the images that the audit gives next.',
        commandLine: '`review audit next`',
      });
    }
    const decision =
      typeof answer === 'number'
        ? { image, verdict: 'relabel' as const, label: answer }
        : { image, verdict: answer satisfies Verdict };
    const { id, round } = audit;
    return decisions.record([decision], { reviewer, round, audit: id, queue: `audit ${name}`, reason, seconds, key });
  }

  #reportOf(audit: StoredAudit): AuditReport {
    const { audits } = this.#catalog;
    const populations = audits.populations(audit.id);
    const sample = audits.sample(audit.id);
    const answers = audits.answers(audit.id);
    const strata = [...populations].map(([label, population]) => {
      const drawn = sample.filter((image) => image.label === label);
      const verdicts = drawn.map(({ image }) => answers.get(image)).filter((verdict) => verdict !== undefined);
      const unsure = verdicts.filter((verdict) => verdict === 'unsure').length;
      return {
        name: EXPRESSIONS[label]!.name,
        population,
        sampled: drawn.length,
        judged: verdicts.length - unsure,
        right: verdicts.filter((verdict) => verdict === 'accept').length,
        unsure,
        remaining: drawn.length - verdicts.length,
      };
    });
    const whole = wholeEstimate(strata);
    const { name, round, thresholds, seed, createdAt } = audit;
    return {
      name,
      round,
      thresholds: thresholds === null ? null : [...thresholds],
      seed,
      createdAt,
      perClass: strata.map(({ remaining: _, ...stratum }): AuditClass => {
        const estimate = classEstimate(stratum);
        return { ...stratum, precision: estimate?.precision ?? null, interval: estimate?.interval ?? null };
      }),
      population: strata.reduce((sum, { population }) => sum + population, 0),
      sampled: sample.length,
      answered: answers.size,
      precision: whole?.precision ?? null,
      interval: whole?.interval ?? null,
      ...stopRule(strata, audit),
    };
  }
}

/** One for each class. @throws StudioError 'usage' for a list of another length. */
function thresholdsOf(thresholds: number | readonly number[], classCount: number): number[] {
  if (typeof thresholds === 'number') return Array.from({ length: CLASSES }, () => thresholds);
  if (thresholds.length === classCount) return [...thresholds];
  throw new StudioError(
    'usage',
    `The round has ${classCount} classes, but ${thresholds.length} thresholds were given.`,
    {
      hint: 'Give one for all, or one for each class.',
    },
  );
}
