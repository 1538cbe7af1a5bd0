import type { Flips, Round, ThresholdPreview } from '#shared/rounds.ts';
import { formatCount, formatRate, formatShare, formatTable } from './output.ts';

/** A round in some lines. */
export function roundText(round: Round): string {
  const { count, total, imagesPerSecond, meanConfidence } = round;
  const rate = imagesPerSecond === null ? '' : `, ${formatRate(imagesPerSecond)} images/s`;
  const confidence = meanConfidence === null ? '' : `, mean confidence ${meanConfidence.toFixed(3)}`;
  return [
    `Round ${round.id} “${round.name}” of ${round.source}, ${round.status}: ${formatCount(count)} of ${formatCount(total)} labeled${confidence}${rate}.`,
    formatTable(
      ['class', 'images', 'share', 'confidence'],
      round.perClass.map((ofClass) => [
        ofClass.name,
        ofClass.count,
        formatShare(ofClass.share),
        ofClass.meanConfidence === null ? '' : ofClass.meanConfidence.toFixed(3),
      ]),
    ),
  ].join('\n');
}

export function roundsText(rounds: readonly Round[]): string {
  if (rounds.length === 0) return 'There are no rounds yet: `pseudo-label` makes one.';
  return formatTable(
    ['round', 'images', 'status', 'origin', 'network', 'step', 'source', 'name'],
    rounds.map((round) => [
      String(round.id),
      round.count,
      round.status,
      round.origin,
      round.network ?? '',
      round.step === null ? '' : formatCount(round.step),
      round.source,
      round.name,
    ]),
  );
}

export function flipsText({ classes, compared, changed, onlyFrom, onlyTo, matrix }: Flips): string {
  const share = compared === 0 ? '' : ` (${formatShare(changed / compared)})`;
  return [
    `${formatCount(changed)} of ${formatCount(compared)} labels changed${share}; ${formatCount(onlyFrom)} images are only in the first round, ${formatCount(onlyTo)} only in the second.`,
    formatTable(
      ['from \\ to', ...classes],
      matrix.map((row, index) => [classes[index]!, ...row]),
    ),
  ].join('\n');
}

export function thresholdsText(preview: ThresholdPreview): string {
  const { accepted, count, share, imbalanceRatio, emptyClasses } = preview;
  const imbalance = imbalanceRatio === null ? '' : `, imbalance ${formatRate(imbalanceRatio)}:1`;
  const empty = emptyClasses.length === 0 ? '' : `, nothing of ${emptyClasses.join(', ')}`;
  return [
    `${formatCount(accepted)} of ${formatCount(count)} accepted (${formatShare(share)})${imbalance}${empty}.`,
    formatTable(
      ['class', 'threshold', 'labels', 'accepted', 'share of accepted'],
      preview.perClass.map((ofClass) => [
        ofClass.name,
        String(ofClass.threshold),
        ofClass.count,
        ofClass.accepted,
        formatShare(ofClass.share),
      ]),
    ),
  ].join('\n');
}
