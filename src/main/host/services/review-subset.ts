import { EXPRESSIONS } from '#shared/expressions.ts';
import { StudioError } from '#shared/errors.ts';
import type { ReviewedSubset, ReviewedSubsetRequest, ReviewWeight } from '#shared/review-use.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { Review } from '../../catalog/review-outcomes.ts';
import { userName } from './analysis-service.ts';

/**
 * A subset made of what was decided: the labels of a base as they were corrected, without what was rejected, and the unlabeled images that were
 * given a label. It is frozen, and a run that trains on it names its version: what was used stays known.
 *
 * @param round number of the round that added images must have been judged in; any when null.
 * @throws StudioError 'not-found' for an unknown base, 'bad-input' when nothing would be in it.
 */
export function makeReviewedSubset(
  catalog: Catalog,
  request: ReviewedSubsetRequest,
  round: number | null,
): ReviewedSubset {
  const { name, base, addUnlabeled = true, dropUnsure = false, excludeRejected = false, weights = {} } = request;
  const upTo = catalog.decisions.newest();
  const reviews = new Map([...catalog.reviews.all()].map((review) => [review.image, review]));
  const labels = new Map<number, { label: number; weight: number }>();
  const weighed = (label: number, known: ReviewWeight) => ({ label, weight: weights[known] ?? 1 });
  let [kept, relabeled, leftOut] = [0, 0, 0];
  for (const { id, label } of base === undefined ? [] : baseImages(catalog, base)) {
    const review = reviews.get(id);
    if (review !== undefined && isDropped(review, dropUnsure)) {
      leftOut++;
      continue;
    }
    const decided = review?.label ?? label;
    labels.set(id, weighed(decided, knownOf(review)));
    if (decided === label) kept++;
    else relabeled++;
  }
  const candidates = [...reviews.values()].filter(
    (review) => review.label !== null && !labels.has(review.image) && (round === null || review.round === round),
  );
  const wanted = base === undefined ? candidates : addUnlabeled ? unlabeledOf(catalog, candidates) : [];
  const added = withoutExcluded(catalog, wanted);
  for (const { image, label } of added) labels.set(image, weighed(label!, 'added'));
  const parts = [
    base === undefined ? 'reviewed labels' : `${base} as reviewed`,
    ...(base !== undefined && added.length > 0 ? [`with ${added.length} reviewed pseudo labels`] : []),
    ...(round === null ? [] : [`of round ${round}`]),
    `decisions up to ${upTo}`,
    ...Object.entries(weights).map(([known, weight]) => `${known} counting ${weight} times`),
  ];
  const subset = catalog.subsets.createFromImages(
    name,
    Array.from(labels, ([id, image]) => ({ id, ...image })),
    parts.join(', '),
  );
  const excluded = excludeRejected ? exclude(catalog, [...reviews.values()], upTo) : 0;
  return { subset, kept, relabeled, leftOut, added: added.length, excluded, upTo };
}

/** What is known of the label of an image that had one. */
function knownOf(review: Review | undefined): ReviewWeight {
  if (review === undefined) return 'unreviewed';
  return review.verdict === 'unsure' ? 'unsure' : 'reviewed';
}

const isDropped = ({ verdict }: Review, dropUnsure: boolean): boolean =>
  verdict === 'reject' || (dropUnsure && verdict === 'unsure');

function baseImages(catalog: Catalog, base: string) {
  const images =
    catalog.subsets.find(base) === undefined
      ? catalog.images.manifest({ source: base, split: 'train' })
      : catalog.images.manifest({ subset: base });
  const labeled = images.filter(({ label }) => label >= 0 && label < EXPRESSIONS.length);
  if (labeled.length > 0) return labeled;
  throw new StudioError('bad-input', `“${base}” holds no labeled training images.`, {
    hint: 'Choose a subset, or a source with a train split.',
    commandLine: '`subsets` and `stats` list them',
  });
}

/** What belongs to no labeled split: validation and test images must never come into a training set by being reviewed. */
function unlabeledOf(catalog: Catalog, reviews: readonly Review[]): Review[] {
  const unlabeled = new Set(
    catalog.images
      .describe(reviews.map(({ image }) => image))
      .filter(({ split }) => split === 'unlabeled')
      .map(({ id }) => id),
  );
  return reviews.filter(({ image }) => unlabeled.has(image));
}

function withoutExcluded(catalog: Catalog, reviews: readonly Review[]): Review[] {
  const usable = new Set(
    catalog.images
      .describe(reviews.map(({ image }) => image))
      .filter(({ split, excluded }) => !excluded && (split === 'unlabeled' || split === 'train'))
      .map(({ id }) => id),
  );
  return reviews.filter(({ image }) => usable.has(image));
}

function exclude(catalog: Catalog, reviews: readonly Review[], upTo: number): number {
  const rejected = reviews.filter(({ verdict }) => verdict === 'reject').map(({ image }) => image);
  const note = { rule: `rejected in review, up to decision ${upTo}`, reason: 'rejected in review', author: userName() };
  return rejected.length === 0 ? 0 : (catalog.exclusions.set(rejected, true, note)?.images ?? 0);
}
