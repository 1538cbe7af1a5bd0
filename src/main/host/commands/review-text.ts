import { EXPRESSIONS } from '#shared/expressions.ts';
import type {
  AuditReport,
  DecisionBatch,
  ImageDecision,
  Pace,
  QueueList,
  QueuePage,
  ReviewStats,
} from '#shared/review.ts';
import { formatCount, formatTable } from './output.ts';

export const className = (label: number | null): string => (label === null ? 'none' : EXPRESSIONS[label]!.name);

const share = (value: number | null): string => (value === null ? '–' : `${(value * 100).toFixed(1)} %`);

export function queuesText({ images, given, queues, missing }: QueueList): string {
  return [
    `${formatCount(images)} labels, ${formatCount(given)} of them the images’ own.`,
    formatTable(
      ['queue', 'images', 'to decide', 'what it shows'],
      queues.map(({ queue, count, undecided, sentence }) => [queue, count, undecided, sentence]),
    ),
    ...missing.map(({ suspicion, sentence }) => `No ${suspicion}: ${sentence}`),
  ].join('\n');
}

export function rankText({ suspects, next }: QueuePage): string {
  if (suspects.length === 0) return 'Nothing is left in this queue.';
  const lines = suspects.flatMap(({ rank, image, score, label, predicted, verdict, reasons }) => [
    `${rank}  image ${image.id}  ${image.source}/${image.path}  ${className(label)} → ${className(predicted)}?  ${score.toFixed(3)}${verdict === null ? '' : `  (${verdict})`}`,
    ...reasons.map(({ sentence }) => `    ${sentence}`),
  ]);
  return [...lines, ...(next === null ? [] : [`More: --from ${next}`])].join('\n');
}

/** What an act did, in a sentence. */
export function actText({ id, kind, images, target, first }: DecisionBatch): string {
  const which = images === 1 && first !== null ? `image ${first.image}` : `${formatCount(images)} images`;
  if (kind !== 'decision') return `Act ${target} (${which}) is ${kind === 'undo' ? 'undone' : 'done again'}.`;
  if (first === null) return `Act ${id}: ${which}.`;
  return `Act ${id}: ${which} ${wordsOf(first)}.`;
}

function wordsOf({ verdict, from, to }: Pick<ImageDecision, 'verdict' | 'from' | 'to'>): string {
  switch (verdict) {
    case 'accept':
      return `accepted as ${className(to)}`;
    case 'relabel':
      return `relabeled${from === null ? '' : ` from ${className(from)}`} to ${className(to)}`;
    case 'reject':
      return 'rejected';
    case 'unsure':
      return 'left unsure';
  }
}

export function logText(log: readonly DecisionBatch[]): string {
  if (log.length === 0) return 'Nothing was decided yet.';
  return formatTable(
    ['act', 'when', 'who', 'what', 'images', 'seconds', 'queue', 'why'],
    log.map((act) => [
      String(act.id),
      act.madeAt,
      act.reviewer,
      act.kind === 'decision'
        ? `${act.first === null ? 'decided' : wordsOf(act.first)}${act.state === 'standing' ? '' : `, ${act.state}`}`
        : `${act.kind} of ${act.target}`,
      formatCount(act.images),
      act.seconds.toFixed(1),
      act.queue ?? '–',
      act.reason,
    ]),
  );
}

export function historyText(history: readonly ImageDecision[]): string {
  if (history.length === 0) return 'Nothing was decided of this image yet.';
  return formatTable(
    ['act', 'when', 'who', 'what', 'state', 'why'],
    history.map((one) => [String(one.batch), one.madeAt, one.reviewer, wordsOf(one), one.state, one.reason]),
  );
}

export function statsText({ counts, total, queues, reviewers }: ReviewStats): string {
  const rows = [total, ...queues, ...reviewers].map(paceRow);
  return [
    Object.entries(counts)
      .map(([verdict, count]) => `${verdict} ${formatCount(count)}`)
      .join(' · '),
    formatTable(['of', 'decided', 'corrections', 'per minute', 'precision at'], rows),
  ].join('\n');
}

function paceRow({ name, decided, corrections, correctionsPerMinute, precisionAt }: Pace): (string | number)[] {
  return [
    name,
    decided,
    corrections,
    correctionsPerMinute === null ? '–' : correctionsPerMinute.toFixed(1),
    precisionAt.map(({ k, precision }) => `${k}: ${share(precision)}`).join(', '),
  ];
}

export function auditText(report: AuditReport): string {
  const interval = (bounds: readonly [number, number] | null): string =>
    bounds === null ? '–' : `[${share(bounds[0])} – ${share(bounds[1])}]`;
  return [
    `${report.name}: ${formatCount(report.answered)} of ${formatCount(report.sampled)} judged, out of ${formatCount(report.population)} labels.`,
    formatTable(
      ['class', 'labels', 'drawn', 'judged', 'right', 'unsure', 'precision', '95 %'],
      report.perClass.map(({ name, population, sampled, judged, right, unsure, precision, interval: bounds }) => [
        ...[name, population, sampled, judged, right, unsure],
        ...[share(precision), interval(bounds)],
      ]),
    ),
    `All labels: ${share(report.precision)} ${interval(report.interval)}.`,
    report.sentence,
  ].join('\n');
}
