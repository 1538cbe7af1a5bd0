import type { EvaluationRecord, Interval, McNemar } from '#shared/evaluation.ts';
import { formatCount, formatPercent, plural } from '../../text/format.ts';
import { NETWORK_LABELS } from '../../text/words.ts';
import type { Model } from '../predict/model-choice.tsx';

/** "[68.0–74.6]", percent. */
export function percentInterval([low, high]: Interval): string {
  return `[${formatPercent(low)}–${formatPercent(high)}]`;
}

/** "[0.71–0.83]" */
export function plainInterval([low, high]: Interval, digits = 2): string {
  return `[${low.toFixed(digits)}–${high.toFixed(digits)}]`;
}

/** "[−0.6 to +3.1]", percentage points. */
export function pointsInterval([low, high]: Interval): string {
  const points = (share: number): string => `${share < 0 ? '−' : '+'}${formatPercent(Math.abs(share))}`;
  return `[${points(low)} to ${points(high)}]`;
}

/** "plain · Adaptation · step 1,200": what was evaluated. */
export function titleOfRecord(record: Pick<EvaluationRecord, 'run' | 'checkpoint' | 'network' | 'step'>): string {
  return `${nameOfRecord(record)} · ${NETWORK_LABELS[record.network]} · step ${formatCount(record.step)}`;
}

/** The run, or the last part of the checkpoint's place without its ending. */
export function nameOfRecord({ run, checkpoint }: Pick<EvaluationRecord, 'run' | 'checkpoint'>): string {
  if (run !== null) return run;
  const name = checkpoint.split(/[\\/]/).findLast((part) => part !== '') ?? checkpoint;
  return name.replace(/\.(safetensors|pth|pt|onnx)$/, '');
}

const IMPORTED = /^networks\/([^/]+)\.safetensors$/;

/**
 * The network of an evaluation, to be asked again. A checkpoint of the workspace is kept by its place in it.
 * @param workspace its folder.
 */
export function modelOfRecord(
  { run, checkpoint, network }: Pick<EvaluationRecord, 'run' | 'checkpoint' | 'network'>,
  workspace: string,
): Model {
  if (run !== null) return { run, network };
  const imported = IMPORTED.exec(checkpoint)?.[1];
  if (imported !== undefined) return { checkpoint: imported, network };
  const isAbsolute = /^([\\/]|[A-Za-z]:[\\/])/.test(checkpoint);
  return { checkpoint: isAbsolute ? checkpoint : `${workspace.replace(/[\\/]$/, '')}/${checkpoint}`, network };
}

/** "0.034", "< 0.001" */
export function pText(pValue: number): string {
  return pValue < 0.001 ? '< 0.001' : pValue.toFixed(3);
}

/** What McNemar's test says, in a sentence, at the usual level of 5 %. */
export function verdictOf({ onlyFirst, onlySecond, pValue }: McNemar, first: string, second: string): string {
  if (onlyFirst === onlySecond) {
    return `Neither is better: each is right on ${plural(onlyFirst, 'image')} that the other gets wrong.`;
  }
  const [better, more, fewer] =
    onlyFirst > onlySecond ? [first, onlyFirst, onlySecond] : [second, onlySecond, onlyFirst];
  const counts = `right on ${formatCount(more)} that the other gets wrong, wrong on ${formatCount(fewer)} that the other gets right`;
  if (pValue < 0.05)
    return `${better} is better: ${counts} (p\u00a0${pValue < 0.001 ? '' : '=\u00a0'}${pText(pValue).replace(' ', '\u00a0')}).`;
  return `The difference may be chance: ${better} is ${counts} (p = ${pText(pValue)}).`;
}

/** "plain-adaptation-test.html": a name for the report's file. */
export function reportName({ split, ...record }: EvaluationRecord): string {
  const parts = [nameOfRecord(record), record.network, split];
  return `${parts.join('-').replace(/[^\p{L}\p{N}.]+/gu, '-')}.html`;
}
