import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import type { CatalogStats } from '#shared/catalog.ts';
import { api } from '../../api/client.ts';
import { ClassBars } from '../../components/class-bars.tsx';
import { Loaded, Skeleton, WarningNote } from '../../components/states.tsx';
import { formatCount, formatRatio, formatShare, plural } from '../../text/format.ts';
import { expressionAt } from '../../text/words.ts';
import { splitColumns } from '../data/facets.ts';
import { sourceSearch } from '../data/search.ts';
import { EmptyWorkspace } from './empty-workspace.tsx';
import { Findings } from './findings-panel.tsx';
import { RunsPanel } from './runs-panel.tsx';
import { WantsYou } from './wants-you.tsx';
import './overview.css';

/** What is in here, what is wrong, what runs, and what wants attention. */
export function Overview(): ReactElement {
  const stats = useQuery(api.catalog.stats.queryOptions());
  return (
    <div className="place">
      <h1 className="visually-hidden">Overview</h1>
      <InterruptedWork />
      <Loaded query={stats} skeleton={<OverviewSkeleton />}>
        {(data) => (data.images === 0 ? <EmptyWorkspace /> : <FilledWorkspace stats={data} />)}
      </Loaded>
    </div>
  );
}

function InterruptedWork(): ReactElement | null {
  const workspace = useQuery(api.system.workspace.queryOptions());
  if (workspace.data === undefined || workspace.data.notices.length === 0) return null;
  return (
    <WarningNote>
      {workspace.data.notices.map((notice) => (
        <p key={notice}>{notice}</p>
      ))}
    </WarningNote>
  );
}

function FilledWorkspace({ stats }: { stats: CatalogStats }): ReactElement {
  return (
    <div className="overview">
      <Contents stats={stats} />
      <div className="overview-columns">
        <Balance stats={stats} />
        <div className="stack overview-side">
          <WantsYou />
          <RunsPanel />
          <Findings stats={stats} />
        </div>
      </div>
    </div>
  );
}

function Contents({ stats }: { stats: CatalogStats }): ReactElement {
  const labeled = stats.sources.reduce((sum, source) => sum + source.labeled, 0);
  const ratio = stats.splits.train?.imbalanceRatio ?? null;
  const figures = [
    { label: 'Images', value: formatCount(stats.images), note: plural(stats.sources.length, 'source') },
    { label: 'Labeled', value: formatShare(labeled / stats.images), note: plural(labeled, 'image') },
    { label: 'Unlabeled', value: formatCount(stats.splits.unlabeled?.total ?? 0), note: 'for pseudo labels' },
    {
      label: 'Training imbalance',
      value: ratio === null ? '–' : formatRatio(ratio),
      note: 'largest to smallest class',
    },
  ];
  return (
    <dl className="figures">
      {figures.map(({ label, value, note }) => (
        <div key={label} className="panel figure">
          <dt>{label}</dt>
          <dd className="figure-value">{value}</dd>
          <dd className="muted small">{note}</dd>
        </div>
      ))}
    </dl>
  );
}

function Balance({ stats }: { stats: CatalogStats }): ReactElement {
  const navigate = useNavigate();
  return (
    <section className="panel overview-balance">
      <h2>Classes by split</h2>
      <ClassBars
        columns={splitColumns(stats)}
        onSelect={(split, index) => void navigate({ to: '/data', search: { split, class: expressionAt(index).name } })}
      />
      <SourceTable sources={stats.sources} />
    </section>
  );
}

function SourceTable({ sources }: { sources: CatalogStats['sources'] }): ReactElement {
  return (
    <div className="table-scroll">
      <table className="table">
        <thead>
          <tr>
            <th>Source</th>
            <th className="number">Images</th>
            <th className="number">Labeled</th>
            <th className="number">People</th>
          </tr>
        </thead>
        <tbody>
          {sources.map(({ name, total, labeled, identities }) => (
            <tr key={name}>
              <td>
                <Link to="/data" search={sourceSearch(name)}>
                  {name}
                </Link>
              </td>
              <td className="number">{formatCount(total)}</td>
              <td className="number">{formatCount(labeled)}</td>
              <td className="number">{identities === 0 ? '–' : formatCount(identities)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function OverviewSkeleton(): ReactElement {
  return (
    <div className="overview">
      <div className="figures">
        {[0, 1, 2, 3].map((index) => (
          <Skeleton key={index} height={104} />
        ))}
      </div>
      <div className="overview-columns">
        <Skeleton height={420} />
        <Skeleton height={420} />
      </div>
    </div>
  );
}
