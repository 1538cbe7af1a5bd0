import { formatDuration } from '#shared/duration.ts';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import type { RunSummary } from '#shared/training.ts';
import { api } from '../../api/client.ts';
import { Icon } from '../../components/icon.tsx';
import { Progress } from '../../components/progress.tsx';
import { Sparkline } from '../../components/sparkline.tsx';
import { Empty, Loaded, Skeleton } from '../../components/states.tsx';
import { Status } from '../../components/status-dot.tsx';
import { Ago } from '../../components/time.tsx';
import { formatCount, formatShare } from '../../text/format.ts';
import './runs.css';

/** Every run of the workspace, newest first. */
export function RunList(): ReactElement {
  const runs = useQuery(api.runs.list.queryOptions());
  return (
    <div className="place">
      <div className="place-head">
        <h1>Runs</h1>
        <span className="spacer" />
        <Link to="/runs/new" className="button button-primary">
          <Icon name="plus" />
          Start a run
        </Link>
      </div>
      <section className="panel">
        <Loaded query={runs} skeleton={<Skeleton height={200} />}>
          {(list) =>
            list.length === 0 ? (
              <Empty icon="runs" title="No runs yet">
                A run trains the base and the adaptation network. Its curves are here while it goes on, and after.
              </Empty>
            ) : (
              <RunTable runs={list} />
            )
          }
        </Loaded>
      </section>
    </div>
  );
}

function RunTable({ runs }: { runs: readonly RunSummary[] }): ReactElement {
  return (
    <div className="table-scroll">
      <table className="table">
        <thead>
          <tr>
            <th>Name</th>
            <th>Status</th>
            <th>Validation accuracy</th>
            <th className="number">Best, %</th>
            <th className="number">Mean-class, %</th>
            <th>Step</th>
            <th className="number">Time left</th>
            <th className="number">Trained for</th>
            <th className="number">Started</th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <RunRow key={run.id} run={run} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function RunRow({ run }: { run: RunSummary }): ReactElement {
  return (
    <tr>
      <td>
        <Link to="/runs/$run" params={{ run: run.id }}>
          {run.name}
        </Link>
        {run.name !== run.id && <span className="muted small"> {run.id}</span>}
      </td>
      <td>
        <Status status={run.status} />
      </td>
      <td>
        <Sparkline values={run.accuracies} label="Validation accuracy" />
      </td>
      <td className="number">{run.best === null ? '–' : percent(run.best.accuracy)}</td>
      <td className="number">{run.best === null ? '–' : percent(run.best.meanClassAccuracy)}</td>
      <td>
        <div className="run-step">
          <span>
            {formatCount(run.step)} <span className="muted">of {formatCount(run.totalSteps)}</span>
          </span>
          <Progress label={`Progress of ${run.name}`} done={run.step} total={run.totalSteps} />
        </div>
      </td>
      <td className="number">{run.secondsLeft === null ? '–' : formatDuration(run.secondsLeft)}</td>
      <td className="number">{formatDuration(run.seconds)}</td>
      <td className="number muted">
        <Ago at={run.createdAt} />
      </td>
    </tr>
  );
}

/** Without its sign: the heading holds the unit. */
function percent(share: number): string {
  return formatShare(share).replace(' %', '');
}
