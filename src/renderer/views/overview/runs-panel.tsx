import { formatDuration } from '#shared/duration.ts';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import type { RunSummary } from '#shared/training.ts';
import { api } from '../../api/client.ts';
import { Progress } from '../../components/progress.tsx';
import { Sparkline } from '../../components/sparkline.tsx';
import { Loaded, Skeleton } from '../../components/states.tsx';
import { Status } from '../../components/status-dot.tsx';
import { formatCount, formatRate, formatShare, plural } from '../../text/format.ts';
import { NETWORK_LABELS } from '../../text/words.ts';

/** Finished runs beside those that still go on. */
const RECENT_RUNS = 3;

/** Runs that go on, live; below them the last few that ended. */
export function RunsPanel(): ReactElement {
  const runs = useQuery(api.runs.list.queryOptions());
  return (
    <section className="panel">
      <h2>Runs</h2>
      <Loaded query={runs} skeleton={<Skeleton height={96} />}>
        {(list) => (list.length === 0 ? <NoRuns /> : <Runs runs={list} />)}
      </Loaded>
    </section>
  );
}

function NoRuns(): ReactElement {
  return (
    <p className="muted">
      Nothing has trained yet. <Link to="/runs/new">Start a run</Link>
    </p>
  );
}

function Runs({ runs }: { runs: readonly RunSummary[] }): ReactElement {
  const isOpen = ({ status }: RunSummary): boolean => status === 'running' || status === 'queued';
  const shown = [...runs.filter(isOpen), ...runs.filter((run) => !isOpen(run)).slice(0, RECENT_RUNS)];
  return (
    <>
      {shown.map((run) => (
        <RunCard key={run.id} run={run} />
      ))}
      <p className="runs-more">
        <Link to="/runs">All {plural(runs.length, 'run')}</Link>
      </p>
    </>
  );
}

function RunCard({ run }: { run: RunSummary }): ReactElement {
  return (
    <article className="running-run">
      <div className="row">
        <Link to="/runs/$run" params={{ run: run.id }} className="truncate">
          {run.name}
        </Link>
        <Status status={run.status} />
        <span className="spacer" />
        <Sparkline values={run.accuracies} label="Validation accuracy" />
      </div>
      {run.status === 'running' && (
        <Progress label={`Progress of ${run.name}`} done={run.step} total={run.totalSteps} />
      )}
      <p className="run-facts">
        <span>
          step {formatCount(run.step)} of {formatCount(run.totalSteps)}
        </span>
        {run.best !== null && (
          <span>
            best {formatShare(run.best.accuracy)}, {NETWORK_LABELS[run.best.network].toLowerCase()}
          </span>
        )}
        {run.imagesPerSecond !== null && <span>{formatRate(run.imagesPerSecond)} images/s</span>}
        {run.secondsLeft !== null && <span>{formatDuration(run.secondsLeft)} left</span>}
      </p>
    </article>
  );
}
