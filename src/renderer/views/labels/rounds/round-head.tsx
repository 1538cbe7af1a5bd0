import { useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { type ReactElement, useMemo, useState } from 'react';
import type { AuditReport } from '#shared/review.ts';
import type { Round } from '#shared/rounds.ts';
import { api } from '../../../api/client.ts';
import { formatCount } from '../../../text/format.ts';
import { NewAudit } from '../audit/new-audit.tsx';
import { ReviewedSubset } from '../history/reviewed-subset.tsx';
import { type View, textOfThresholds, thresholdsOf } from '../search.ts';
import { useRestingSearch } from '../use-resting-search.ts';
import { roundOriginText, roundStatusText } from './round-text.ts';
import { AcceptanceCounts, THRESHOLD_BINS } from './thresholds.ts';
import { ThresholdPanel } from './threshold-panel.tsx';

const route = getRouteApi('/labels/$round');

/** The address follows the sliders once they rest. */
const REST_MILLISECONDS = 400;

/** What the round is, and what thresholds of confidence would accept of it. */
export function RoundHead({ round }: { round: Round }): ReactElement {
  const { accept } = route.useSearch();
  const classCount = round.classes.length;
  const [thresholds, setThresholds] = useState<readonly number[]>(
    () => thresholdsOf(accept, classCount) ?? Array.from({ length: classCount }, () => 0),
  );
  const histogram = useQuery(api.rounds.histogram.queryOptions({ id: round.id, bins: THRESHOLD_BINS }));
  const counts = useMemo(
    () => (histogram.data === undefined ? null : new AcceptanceCounts(histogram.data)),
    [histogram.data],
  );
  useRestingSearch('accept', textOfThresholds(thresholds), REST_MILLISECONDS);

  return (
    <section className="panel round-head" aria-label="Round">
      <div className="round-title">
        <h1 className="truncate">{round.name}</h1>
        <span className="muted truncate">
          {roundOriginText(round)} · {formatCount(round.count)} faces of {round.source}
          {round.status !== 'finished' && ` · ${roundStatusText(round.status).toLowerCase()}`}
        </span>
        <span className="spacer" />
        <Views />
        <NewAudit round={round} thresholds={thresholds} />
        <ReviewedSubset round={round} />
      </div>
      <ThresholdPanel
        round={round}
        thresholds={thresholds}
        onChange={setThresholds}
        counts={counts}
        error={histogram.error}
        onRetry={() => void histogram.refetch()}
        precision={<EstimatedPrecision round={round} thresholds={thresholds} />}
      />
    </section>
  );
}

const VIEW_LABELS: Readonly<Record<View, string>> = { review: 'Queue', grid: 'Grid', map: 'Map', charts: 'Charts' };

function Views(): ReactElement {
  const { view: shown = 'review' } = route.useSearch();
  return (
    <nav className="segments" aria-label="Look at the round as">
      {(Object.keys(VIEW_LABELS) as View[]).map((view) => (
        <Link
          key={view}
          from="/labels/$round"
          to="."
          search={(before) => ({ ...before, view: view === 'review' ? undefined : view })}
          replace
          className={view === shown ? 'segment segment-shown' : 'segment'}
          aria-current={view === shown ? 'page' : undefined}
        >
          {VIEW_LABELS[view]}
        </Link>
      ))}
    </nav>
  );
}

/** What the newest blind audit of the round says; it holds for the thresholds it was drawn at. */
function EstimatedPrecision(props: { round: Round; thresholds: readonly number[] }): ReactElement {
  const { round, thresholds } = props;
  const audits = useQuery(api.review.audits.queryOptions());
  const ofRound = (audits.data ?? []).filter((audit) => audit.round === round.id);
  const isOfThese = (one: AuditReport): boolean =>
    thresholds.every((value, label) => (one.thresholds?.[label] ?? 0) === value);
  const audit = ofRound.find(isOfThese) ?? ofRound.find(({ precision }) => precision !== null) ?? ofRound[0];
  return (
    <div className="head-figure">
      <dt>Est. precision</dt>
      <dd>{audit === undefined ? '–' : <PrecisionText audit={audit} />}</dd>
      <dd className="muted small">
        {audit === undefined ? (
          'not audited'
        ) : (
          <Link to="/labels/audits/$audit" params={{ audit: audit.name }}>
            {isOfThese(audit)
              ? `${formatCount(audit.answered)} of ${formatCount(audit.sampled)} audited`
              : `at ${thresholdText(audit)}`}
          </Link>
        )}
      </dd>
    </div>
  );
}

/** The thresholds an audit was drawn at: "0.5", or "0.4 to 0.9". */
function thresholdText({ thresholds }: AuditReport): string {
  const [low, high] = [Math.min(...(thresholds ?? [0])), Math.max(...(thresholds ?? [0]))];
  return low === high ? `threshold ${low}` : `thresholds ${low} to ${high}`;
}

export function PrecisionText({ audit }: { audit: Pick<AuditReport, 'precision' | 'interval'> }): ReactElement {
  if (audit.precision === null) return <>–</>;
  return (
    <>
      {audit.precision.toFixed(2)}
      {audit.interval !== null && (
        <span className="muted">
          {' '}
          [{audit.interval[0].toFixed(2)}–{audit.interval[1].toFixed(2)}]
        </span>
      )}
    </>
  );
}
