import { formatDuration } from '#shared/duration.ts';
import { useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { type ReactElement, Suspense, lazy } from 'react';
import type { RunDetail, RunSummary } from '#shared/training.ts';
import { api } from '../../api/client.ts';
import { Icon } from '../../components/icon.tsx';
import { Progress } from '../../components/progress.tsx';
import { Loaded, Problem, Skeleton } from '../../components/states.tsx';
import { Status } from '../../components/status-dot.tsx';
import { formatCount, formatRate, formatShare, plural } from '../../text/format.ts';
import { NETWORK_LABELS, PHASE_LABELS } from '../../text/words.ts';
import { ResumeOnWorkers } from './cluster/resume-on-workers.tsx';
import { WorkersPanel } from './cluster/workers-panel.tsx';
import { ConfigTab } from './config-tab.tsx';
import { EvaluationsTab } from './evaluations-tab.tsx';
import { LogTab } from './log-tab.tsx';
import { RunControls, isResumable } from './run-controls.tsx';
import { TagEditor } from './tags.tsx';
import './runs.css';

const route = getRouteApi('/runs/$run');

/** The drawing library is asked for when a chart is to be seen. */
const RunCharts = lazy(async () => ({ default: (await import('./charts/run-charts.tsx')).RunCharts }));

/** One run: how it does now, its curves, evaluations, settings and log. */
export function RunPage(): ReactElement {
  const { run: id } = route.useParams();
  const run = useQuery(api.runs.get.queryOptions({ id }));
  return (
    <div className="place">
      <Loaded query={run} skeleton={<RunSkeleton />}>
        {(detail) => <Run key={detail.id} run={detail} />}
      </Loaded>
    </div>
  );
}

function RunSkeleton(): ReactElement {
  return (
    <div className="stack">
      <Skeleton height={132} />
      <Skeleton height={28} width={320} />
      <div className="charts">
        <Skeleton height={254} />
        <Skeleton height={254} />
      </div>
    </div>
  );
}

function Run({ run }: { run: RunDetail }): ReactElement {
  const summary = useSummary(run);
  const { cluster } = run.request;
  return (
    <>
      <section className="panel run-head">
        <div className="place-head">
          <h1>{run.name}</h1>
          <Status status={summary.status} />
          {summary.status === 'running' && <span className="muted">{PHASE_LABELS[summary.phase]}</span>}
          {cluster !== undefined && (
            <span className="workers-chip" title={cluster.workers.join(', ')}>
              <Icon name="chip" size={14} />
              {plural(cluster.workers.length, 'worker')}
            </span>
          )}
          <span className="spacer" />
          <RunControls run={summary} canFinetune={canFinetune(run, summary)} isOnWorkers={cluster !== undefined} />
        </div>
        {summary.status !== 'finished' && (
          <Progress label={`Progress of ${run.name}`} done={summary.step} total={summary.totalSteps} />
        )}
        <Facts run={summary} />
        <TagEditor run={summary} />
        {summary.error !== null && <Problem problem={summary.error} />}
        {summary.status !== 'running' && <WorkersPanel run={run} status={summary.status} />}
        {cluster !== undefined && isResumable(summary.status) && <ResumeOnWorkers run={run.id} cluster={cluster} />}
      </section>
      {summary.status === 'running' && <WorkersPanel run={run} status={summary.status} />}
      <Tabs warnings={run.log.filter(({ level }) => level !== 'info').length} />
      <TabPanel run={run} />
    </>
  );
}

/** Whether fine-tuning is still to come, and there is a network to fine-tune. */
function canFinetune({ config, evaluations }: RunDetail, { best, status, phase }: RunSummary): boolean {
  const isFinetuned = evaluations.some(({ network }) => network === 'finetuned');
  const isAtIt = status === 'running' && phase === 'finetuning';
  return config.finetuneEpochs > 0 && best !== null && !isFinetuned && !isAtIt;
}

/** The list is asked for at every progress, the whole run only when more than its step changed. */
function useSummary(run: RunDetail): RunSummary {
  const runs = useQuery(api.runs.list.queryOptions());
  return runs.data?.find(({ id }) => id === run.id) ?? run;
}

/** What there is to tell only while a run trains. */
function liveFacts({ imagesPerSecond, secondsLeft }: RunSummary): [string, string][] {
  return [
    ['Speed', imagesPerSecond === null ? '–' : `${formatRate(imagesPerSecond)} images/s`],
    ['Time left', secondsLeft === null ? '–' : formatDuration(secondsLeft)],
  ];
}

function Facts({ run }: { run: RunSummary }): ReactElement {
  const facts: [string, string][] = [
    ['Step', `${formatCount(run.step)} of ${formatCount(run.totalSteps)}`],
    ...(run.status === 'running' ? liveFacts(run) : []),
    ['Trained for', formatDuration(run.seconds)],
    ['Best accuracy', run.best === null ? '–' : formatShare(run.best.accuracy)],
    ['Mean-class', run.best === null ? '–' : formatShare(run.best.meanClassAccuracy)],
    [
      'Best network',
      run.best === null ? '–' : `${NETWORK_LABELS[run.best.network]}, step ${formatCount(run.best.step)}`,
    ],
  ];
  return (
    <dl className="run-figures">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
      {run.badImages > 0 && (
        <div>
          <dt>Left out</dt>
          <dd>
            <Link from="/runs/$run" to="." search={{ tab: 'log' }}>
              {plural(run.badImages, 'bad image')}
            </Link>
          </dd>
        </div>
      )}
    </dl>
  );
}

const TABS = [
  { tab: undefined, label: 'Charts' },
  { tab: 'evaluations', label: 'Evaluations' },
  { tab: 'config', label: 'Configuration' },
  { tab: 'log', label: 'Log' },
] as const;

function Tabs({ warnings }: { warnings: number }): ReactElement {
  const shown = route.useSearch().tab;
  return (
    <nav className="tabs" aria-label="Run">
      {TABS.map(({ tab, label }) => (
        <Link
          key={label}
          from="/runs/$run"
          to="."
          search={(before) => ({ ...before, tab })}
          className={tab === shown ? 'tab tab-shown' : 'tab'}
          aria-current={tab === shown ? 'page' : undefined}
          replace
        >
          {label}
          {tab === 'log' && warnings > 0 && <span className="tab-count">{formatCount(warnings)}</span>}
        </Link>
      ))}
    </nav>
  );
}

function TabPanel({ run }: { run: RunDetail }): ReactElement {
  const { tab } = route.useSearch();
  switch (tab) {
    case 'evaluations':
      return <EvaluationsTab run={run} />;
    case 'config':
      return <ConfigTab run={run} />;
    case 'log':
      return <LogTab run={run} />;
    default:
      return (
        <Suspense fallback={<Skeleton height={254} />}>
          <RunCharts run={run} />
        </Suspense>
      );
  }
}
