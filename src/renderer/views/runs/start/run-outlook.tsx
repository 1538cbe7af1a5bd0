import { formatDuration } from '#shared/duration.ts';
import type { ReactElement } from 'react';
import type { CatalogStats, Subset } from '#shared/catalog.ts';
import type { TrainingConfig } from '#shared/training.ts';
import { Button } from '../../../components/button.tsx';
import { Icon } from '../../../components/icon.tsx';
import { ErrorNote, Skeleton } from '../../../components/states.tsx';
import { formatBytes, formatCount, formatRate } from '../../../text/format.ts';
import { type RunDraft, configOf, devicesOf, imagesOf, requestOf } from '../run-draft.ts';
import type { Contradiction } from './contradictions.ts';
import { type Estimate, estimateRun } from './estimate.ts';
import { type Timing, useTiming } from './timing.ts';

interface RunOutlookProps {
  readonly draft: RunDraft;
  readonly stats: CatalogStats;
  readonly subsets: readonly Subset[];
  readonly contradictions: readonly Contradiction[];
  readonly onFix: (change: Partial<TrainingConfig>) => void;
}

/** What a run will do, how long it will take, and what speaks against it. */
export function RunOutlook({ draft, stats, subsets, contradictions, onFix }: RunOutlookProps): ReactElement {
  const config = configOf(draft);
  const images = imagesOf(draft, stats, subsets);
  const timing = useTiming(config);
  const request = requestOf(draft);
  const estimate = timing.times === null ? null : estimateRun(config, images, timing.times, timing.timed);
  const isRefused = contradictions.some(({ level }) => level === 'error');
  return (
    <>
      <h2>What it will do</h2>
      <Facts config={config} images={images} devices={devicesOf(draft)} />
      <Time timing={timing} estimate={estimate} isElsewhere={draft.cluster !== null} />
      {timing.error !== null && <ErrorNote error={timing.error} />}
      {request !== null && !isRefused && (
        <div>
          <Button icon="jobs" isPending={timing.isTiming} onPress={() => timing.time(request)}>
            {timing.isTiming ? 'Timing a few steps …' : 'Time a few steps'}
          </Button>
        </div>
      )}
      <Objections contradictions={contradictions} onFix={onFix} />
    </>
  );
}

interface FactsProps {
  readonly config: TrainingConfig;
  readonly devices: number;
  readonly images: { readonly labeled: number; readonly unlabeled: number; readonly validation: number };
}

function Facts({ config, images, devices }: FactsProps): ReactElement {
  const usesUnlabeled = config.method !== 'supervised';
  const unlabeled = config.batchSize * config.mu;
  const alone = config.method === 'meta-face2exp' ? Math.min(config.baseWarmupSteps, config.totalSteps) : 0;
  const facts: [string, string][] = [
    [
      'Steps',
      alone === 0
        ? formatCount(config.totalSteps)
        : `${formatCount(config.totalSteps)}, ${formatCount(alone)} of them base alone`,
    ],
    ['Images a step', imagesText(config, usesUnlabeled, devices)],
    ['Each label is seen', times((config.totalSteps * config.batchSize * devices) / images.labeled)],
  ];
  if (usesUnlabeled) {
    facts.push(['Each unlabeled face', times(((config.totalSteps - alone) * unlabeled * devices) / images.unlabeled)]);
  }
  facts.push(['Evaluations', formatCount(Math.ceil(config.totalSteps / config.evaluateEvery))]);
  return (
    <dl className="outlook-facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** "8 + 16 unlabeled", and "2 × (8 + 16 unlabeled)" for two devices. */
function imagesText({ batchSize, mu }: TrainingConfig, usesUnlabeled: boolean, devices: number): string {
  const labeled = formatCount(batchSize);
  const batch = usesUnlabeled ? `${labeled} + ${formatCount(batchSize * mu)} unlabeled` : labeled;
  if (devices === 1) return batch;
  return `${formatCount(devices)} × ${usesUnlabeled ? `(${batch})` : batch}`;
}

const times = (count: number): string => (Number.isFinite(count) ? `${formatRate(count)} times` : '–');

interface TimeProps {
  readonly timing: Timing;
  readonly estimate: Estimate | null;
  /** On other devices than those that were timed. */
  readonly isElsewhere: boolean;
}

function Time({ timing, estimate, isElsewhere }: TimeProps): ReactElement {
  if (timing.isLoading) return <Skeleton height={64} />;
  if (estimate === null) {
    return (
      <p className="muted">
        No earlier run of this network and size tells how long it will take. A few timed steps do, and how much memory.
      </p>
    );
  }
  const { training, evaluating, finetuning } = estimate;
  const memory = timing.trial?.memoryBytes ?? null;
  return (
    <div role="status">
      <p className="outlook-time">about {formatDuration(training + evaluating + finetuning)}</p>
      <p className="muted small">
        {formatDuration(training)} training, {formatDuration(evaluating)} evaluating, {formatDuration(finetuning)}{' '}
        fine-tuning, as {timing.source} tells
        {memory !== null && `; ${formatBytes(memory)} of memory`}.
      </p>
      {isElsewhere && (
        <p className="muted small">
          That is of one machine: workers add their exchange, and the slowest sets the pace.
        </p>
      )}
    </div>
  );
}

interface ObjectionsProps {
  readonly contradictions: readonly Contradiction[];
  readonly onFix: (change: Partial<TrainingConfig>) => void;
}

/** What does not go together, and what would end it. */
function Objections({ contradictions, onFix }: ObjectionsProps): ReactElement | null {
  if (contradictions.length === 0) return null;
  return (
    <ul className="stack" aria-label="What does not go together">
      {contradictions.map(({ level, text, fix }) =>
        level === 'note' ? (
          <li key={text} className="muted small">
            {text}
          </li>
        ) : (
          <li key={text} className={level === 'error' ? 'note note-danger' : 'note note-warning'}>
            <Icon name="warning" />
            <div className="note-text stack">
              <p>{text}</p>
              {fix !== undefined && (
                <div>
                  <Button onPress={() => onFix(fix.change)}>{fix.label}</Button>
                </div>
              )}
            </div>
          </li>
        ),
      )}
    </ul>
  );
}
