import { formatDuration } from '#shared/duration.ts';
import { useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import { Checkbox } from 'react-aria-components';
import type { RunSummary } from '#shared/training.ts';
import { api } from '../../api/client.ts';
import { Button } from '../../components/button.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Icon } from '../../components/icon.tsx';
import { Progress } from '../../components/progress.tsx';
import { SearchInput } from '../../components/search-input.tsx';
import { Sparkline } from '../../components/sparkline.tsx';
import { Empty, Loaded, Skeleton } from '../../components/states.tsx';
import { Status } from '../../components/status-dot.tsx';
import { Ago } from '../../components/time.tsx';
import { formatCount, formatPercent, plural } from '../../text/format.ts';
import { NETWORK_LABELS, PHASE_LABELS } from '../../text/words.ts';
import { idsOf, textOfIds } from './search.ts';
import { TagFilter, TagLinks } from './tags.tsx';
import './runs.css';

const route = getRouteApi('/runs');

/** From so many runs on, a name is looked up quicker than read for. */
const WORTH_SEARCHING = 8;

/** Every run of the workspace, newest first; those that are picked can be compared. */
export function RunList(): ReactElement {
  const runs = useQuery(api.runs.list.queryOptions());
  return (
    <div className="place">
      <div className="place-head">
        <h1>Runs</h1>
        {runs.data !== undefined && <PickedRuns runs={runs.data} />}
        <span className="spacer" />
        <Link to="/runs/new" className="button button-primary">
          <Icon name="plus" />
          Start a run
        </Link>
      </div>
      <section className="panel">
        <Loaded query={runs} skeleton={<ListSkeleton />}>
          {(list) => (list.length === 0 ? <NoRuns /> : <RunTable runs={list} />)}
        </Loaded>
      </section>
    </div>
  );
}

function NoRuns(): ReactElement {
  return (
    <Empty icon="runs" title="No runs yet" action={<Link to="/runs/new">Start the first one</Link>}>
      A run trains the base and the adaptation network. Its curves are here while it goes on, and after.
    </Empty>
  );
}

function ListSkeleton(): ReactElement {
  return (
    <div className="skeletons">
      {[0, 1, 2, 3, 4].map((index) => (
        <Skeleton key={index} height={36} />
      ))}
    </div>
  );
}

/** What can be done with the runs that are picked; the address holds them. */
function PickedRuns({ runs }: { runs: readonly RunSummary[] }): ReactElement | null {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const picked = idsOf(search.picked).filter((id) => runs.some((run) => run.id === id));
  if (runs.length < 2) return null;
  if (picked.length === 0) return <span className="muted small">Pick two or more to compare them.</span>;
  return (
    <div className="row" role="status">
      <span className="muted">{plural(picked.length, 'run')} picked</span>
      {picked.length > 1 && (
        <Link to="/runs/compare" search={{ runs: textOfIds(picked) }} className="button button-plain">
          Compare
        </Link>
      )}
      <Button
        kind="quiet"
        onPress={() => void navigate({ search: (before) => ({ ...before, picked: undefined }), replace: true })}
      >
        Clear
      </Button>
    </div>
  );
}

function RunTable({ runs }: { runs: readonly RunSummary[] }): ReactElement {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const picked = idsOf(search.picked);
  const pick = (id: string, isPicked: boolean): void => {
    const next = isPicked ? [...picked, id] : picked.filter((other) => other !== id);
    void navigate({ search: (before) => ({ ...before, picked: textOfIds(next) }), replace: true });
  };
  const wanted = search.text?.toLowerCase() ?? '';
  const tagged = idsOf(search.tags);
  const shown = runs.filter(
    ({ id, name, tags }) =>
      (name.toLowerCase().includes(wanted) || id.includes(wanted)) && tagged.every((tag) => tags.includes(tag)),
  );
  const pickColumn: Column<RunSummary> = {
    key: 'pick',
    title: 'Pick to compare',
    hidesTitle: true,
    cell: ({ id }) => (
      <Checkbox
        className="check"
        aria-label={`Pick ${id}`}
        isSelected={picked.includes(id)}
        onChange={(isSelected) => pick(id, isSelected)}
      >
        <span className="check-box">
          <Icon name="check" size={12} />
        </span>
      </Checkbox>
    ),
  };
  return (
    <div className="stack">
      <div className="row run-filters">
        {(runs.length >= WORTH_SEARCHING || wanted !== '') && (
          <SearchInput
            label="Find runs"
            placeholder="Find by name"
            value={search.text ?? ''}
            onChange={(text) =>
              void navigate({
                search: (before) => ({ ...before, text: text === '' ? undefined : text }),
                replace: true,
              })
            }
          />
        )}
        <TagFilter
          runs={runs}
          wanted={tagged}
          onChange={(next) =>
            void navigate({ search: (before) => ({ ...before, tags: textOfIds(next) }), replace: true })
          }
        />
      </div>
      {shown.length === 0 ? (
        <p className="muted">{noneText(search.text, tagged)}</p>
      ) : (
        <DataTable label="Runs" columns={[pickColumn, ...COLUMNS]} rows={shown} keyOf={({ id }) => id} />
      )}
    </div>
  );
}

/** Why a list is empty that has runs. */
function noneText(text: string | undefined, tags: readonly string[]): string {
  const name = text === undefined ? '' : ` whose name contains “${text}”`;
  const tagged = tags.length === 0 ? '' : ` tagged ${tags.join(' and ')}`;
  return `There is no run${name}${tagged}.`;
}

const COLUMNS: readonly Column<RunSummary>[] = [
  {
    key: 'name',
    title: 'Name, tags',
    sortBy: ({ name }) => name,
    cell: ({ id, name, tags }) => (
      <div className="run-name">
        <Link to="/runs/$run" params={{ run: id }}>
          {name}
          {name !== id && <span className="muted small"> {id}</span>}
        </Link>
        <TagLinks tags={tags} />
      </div>
    ),
  },
  {
    key: 'status',
    title: 'Status',
    sortBy: ({ status }) => status,
    cell: ({ status, phase }) => (
      <>
        <Status status={status} />
        {status === 'running' && phase !== 'training' && <span className="muted small"> {PHASE_LABELS[phase]}</span>}
      </>
    ),
  },
  {
    key: 'accuracies',
    title: 'Validation accuracy',
    cell: ({ accuracies }) => <Sparkline values={accuracies} label="Validation accuracy" />,
  },
  {
    key: 'best',
    title: 'Best, %',
    isNumber: true,
    sortBy: ({ best }) => best?.accuracy ?? -1,
    cell: ({ best }) => (best === null ? '–' : formatPercent(best.accuracy)),
  },
  {
    key: 'meanClass',
    title: 'Mean-class, %',
    isNumber: true,
    sortBy: ({ best }) => best?.meanClassAccuracy ?? -1,
    cell: ({ best }) => (best === null ? '–' : formatPercent(best.meanClassAccuracy)),
  },
  {
    key: 'network',
    title: 'Network',
    cell: ({ best }) =>
      best === null ? (
        <span className="muted">–</span>
      ) : (
        <span title={`At step ${formatCount(best.step)}`}>{NETWORK_LABELS[best.network]}</span>
      ),
  },
  {
    key: 'step',
    title: 'Step',
    sortBy: ({ step }) => step,
    cell: (run) => (
      <div className="run-step">
        <span>
          {formatCount(run.step)} <span className="muted">of {formatCount(run.totalSteps)}</span>
        </span>
        {run.step < run.totalSteps && (
          <Progress label={`Progress of ${run.name}`} done={run.step} total={run.totalSteps} />
        )}
      </div>
    ),
  },
  {
    key: 'left',
    title: 'Time left',
    isNumber: true,
    cell: ({ secondsLeft }) => (secondsLeft === null ? '–' : formatDuration(secondsLeft)),
  },
  {
    key: 'seconds',
    title: 'Trained for',
    isNumber: true,
    sortBy: ({ seconds }) => seconds,
    cell: ({ seconds }) => formatDuration(seconds),
  },
  {
    key: 'createdAt',
    title: 'Started',
    isNumber: true,
    sortBy: ({ createdAt }) => createdAt,
    cell: ({ createdAt }) => (
      <span className="muted">
        <Ago at={createdAt} />
      </span>
    ),
  },
];
