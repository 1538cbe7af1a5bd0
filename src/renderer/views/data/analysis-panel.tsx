import { useMutation, useQuery } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { type AnalysisSummary, DEFAULT_DISTANCE, LARGEST_DISTANCE } from '#shared/analysis.ts';
import { api } from '../../api/client.ts';
import { Button } from '../../components/button.tsx';
import { NumberInput } from '../../components/fields.tsx';
import { JobProgress } from '../../components/job-progress.tsx';
import { ErrorNote, Problem } from '../../components/states.tsx';
import { Ago } from '../../components/time.tsx';
import { formatCount, formatShare, plural } from '../../text/format.ts';
import { isActiveJob, jobProgressText } from '../../text/job.ts';
import './analysis-panel.css';

/** How far the images are looked at, with the ways to look at the rest and to search again for copies. */
export function AnalysisPanel({ summary }: { summary: AnalysisSummary }): ReactElement {
  const jobs = useQuery(api.jobs.list.queryOptions());
  const analyzing = useMutation(api.catalog.analyze.mutationOptions());
  const job = jobs.data?.find(({ kind }) => kind === 'analyze');
  const isRunning = job !== undefined && isActiveJob(job);
  const left = summary.images - summary.analyzed;
  const isStale = summary.exact?.isCurrent === false || summary.near?.isCurrent === false;
  return (
    <section className="panel analysis">
      <div className="row">
        <h2>Analysis</h2>
        <span className="muted">
          {formatCount(summary.analyzed)} of {plural(summary.images, 'image')} looked at
          {summary.images > 0 && ` · ${formatShare(summary.analyzed / summary.images)}`}
          {summary.failed > 0 && ` · ${formatCount(summary.failed)} could not be read`}
        </span>
        <span className="spacer" />
        {!isRunning && (
          <Button
            kind={left > 0 ? 'primary' : 'plain'}
            icon="play"
            isDisabled={summary.images === 0}
            isPending={analyzing.isPending}
            onPress={() => analyzing.mutate({})}
          >
            {left > 0 ? `Analyze ${plural(left, 'image')}` : 'Look again for new images'}
          </Button>
        )}
      </div>
      {isRunning && <JobProgress job={job} />}
      {!isRunning && job?.status === 'failed' && job.error !== null && <Problem problem={job.error} />}
      {!isRunning && job?.status === 'finished' && (
        <p className="muted small">
          {jobProgressText(job)} · <Ago at={job.updatedAt} />
        </p>
      )}
      {isStale && !isRunning && (
        <p className="stale small">Images were analyzed since the last search for copies: what is below may be old.</p>
      )}
      {analyzing.error !== null && <ErrorNote error={analyzing.error} />}
    </section>
  );
}

/** Searches for near copies again with another distance. */
export function NearSearch({ summary }: { summary: AnalysisSummary }): ReactElement {
  const [distance, setDistance] = useState(summary.near?.distance ?? DEFAULT_DISTANCE);
  const searching = useMutation(api.catalog.searchNear.mutationOptions());
  return (
    <div className="near-search">
      <NumberInput
        label="Distance"
        unit="bits of 64"
        value={distance}
        onChange={setDistance}
        minimum={0}
        maximum={LARGEST_DISTANCE}
        step={1}
      />
      <Button
        isDisabled={summary.analyzed === 0}
        isPending={searching.isPending}
        onPress={() => searching.mutate({ distance })}
      >
        Search again
      </Button>
      {searching.error !== null && <ErrorNote error={searching.error} />}
    </div>
  );
}
