import { useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { type ReactElement, useState } from 'react';
import type { Subset } from '#shared/catalog.ts';
import { api } from '../../api/client.ts';
import { Button } from '../../components/button.tsx';
import { ClassLetter } from '../../components/class-mark.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Empty, Loaded, Skeleton } from '../../components/states.tsx';
import { Ago } from '../../components/time.tsx';
import { formatCount } from '../../text/format.ts';
import { SPLIT_LABELS, expressionAt } from '../../text/words.ts';
import { ExportFaces } from './export-faces.tsx';
import { filterWords } from './filter-words.ts';
import { ReleasedCsvExport, ReleasedCsvImport } from './subset-csv.tsx';
import { SubsetForm } from './subset-form.tsx';
import { type RunUse, runsUsing } from './subset-uses.ts';
import './subsets.css';

const route = getRouteApi('/data/subsets');

/** Named, frozen sets of labeled images: those that exist, and a form for another. */
export function Subsets(): ReactElement {
  const subsets = useQuery(api.subsets.list.queryOptions());
  const uses = useQuery(api.subsets.uses.queryOptions());
  const stats = useQuery(api.catalog.stats.queryOptions());
  return (
    <div className="data-page data-page-split">
      <section className="panel">
        <div className="row panel-head">
          <h2>Subsets</h2>
          <span className="spacer" />
          <ReleasedCsvImport />
        </div>
        <Loaded query={subsets} skeleton={<Skeleton height={160} />}>
          {(list) =>
            list.length === 0 ? (
              <Empty icon="data" title="No subsets yet">
                A subset is a frozen choice of labeled images, such as 60 of each class: a balanced set for the base
                network.
              </Empty>
            ) : (
              <SubsetTable subsets={list} uses={uses.data ?? []} />
            )
          }
        </Loaded>
      </section>
      <section className="panel">
        <h2>Make a subset</h2>
        <Loaded query={stats} skeleton={<Skeleton height={320} />}>
          {(data) => (data.images === 0 ? <NoImages /> : <SubsetForm stats={data} />)}
        </Loaded>
      </section>
    </div>
  );
}

function NoImages(): ReactElement {
  return (
    <p className="muted">
      There are no images to choose from. <Link to="/data/import">Import images</Link>
    </p>
  );
}

function SubsetTable({ subsets, uses }: { subsets: readonly Subset[]; uses: readonly RunUse[] }): ReactElement {
  const { open } = route.useSearch();
  const navigate = route.useNavigate();
  const columns: readonly Column<Subset>[] = [
    {
      key: 'name',
      title: 'Name',
      cell: ({ name, version }) => (
        <>
          {name} <span className="muted">@{version}</span>
        </>
      ),
      sortBy: ({ name }) => name,
    },
    {
      key: 'images',
      title: 'Images',
      isNumber: true,
      cell: ({ total }) => formatCount(total),
      sortBy: ({ total }) => total,
    },
    { key: 'counts', title: 'Per class', cell: (subset) => <SubsetCounts subset={subset} /> },
    {
      key: 'rule',
      title: 'Rule',
      cell: ({ rule }) => <span className="subset-rule">{rule}</span>,
      sortBy: ({ rule }) => rule,
    },
    {
      key: 'runs',
      title: 'Runs',
      isNumber: true,
      cell: (subset) => formatCount(runsUsing(subset, uses).length),
      sortBy: (subset) => runsUsing(subset, uses).length,
    },
    {
      key: 'made',
      title: 'Made',
      cell: ({ createdAt }) => <Ago at={createdAt} />,
      sortBy: ({ createdAt }) => createdAt,
    },
    {
      key: 'more',
      title: 'More',
      hidesTitle: true,
      cell: ({ name }) => (
        <Button
          kind="quiet"
          aria-expanded={open === name}
          aria-label={`${open === name ? 'Less' : 'More'} about ${name}`}
          onPress={() =>
            void navigate({
              search: (before) => ({ ...before, open: open === name ? undefined : name }),
              replace: true,
              resetScroll: false,
            })
          }
        >
          {open === name ? 'Less' : 'More'}
        </Button>
      ),
    },
  ];
  return (
    <DataTable
      label="Subsets"
      columns={columns}
      rows={subsets}
      keyOf={({ name }) => name}
      detailOf={(subset) => (subset.name === open ? <SubsetDetail subset={subset} uses={uses} /> : null)}
    />
  );
}

function SubsetDetail({ subset, uses }: { subset: Subset; uses: readonly RunUse[] }): ReactElement {
  const versions = useQuery(api.subsets.versions.queryOptions({ name: subset.name }));
  return (
    <Loaded query={versions} skeleton={<Skeleton height={48} />}>
      {(list) => (
        <ul className="versions">
          {list.toReversed().map((version) => (
            <Version key={version.version} subset={version} uses={uses} isNewest={version.version === subset.version} />
          ))}
        </ul>
      )}
    </Loaded>
  );
}

function Version(props: { subset: Subset; uses: readonly RunUse[]; isNewest: boolean }): ReactElement {
  const { subset, uses, isNewest } = props;
  const [isOpen, setOpen] = useState(isNewest);
  const reference = `${subset.name}@${subset.version}`;
  const runs = runsUsing(subset, uses, isNewest);
  return (
    <li className="version">
      <div className="row">
        <strong>@{subset.version}</strong>
        <SubsetCounts subset={subset} />
        <span className="spacer" />
        <Button
          kind="quiet"
          aria-expanded={isOpen}
          aria-label={`Facts of ${reference}`}
          onPress={() => setOpen(!isOpen)}
        >
          Facts
        </Button>
        <ReleasedCsvExport reference={reference} />
        <ExportFaces isQuiet label="Export" what={reference} selection={{ subset: reference }} />
      </div>
      {isOpen && (
        <dl className="facts">
          <div>
            <dt>Rule</dt>
            <dd>{subset.rule}</dd>
          </div>
          <div>
            <dt>From</dt>
            <dd>{filterWords(subset.filter)}</dd>
          </div>
          <div>
            <dt>Seed</dt>
            <dd>{subset.seed}</dd>
          </div>
          {subset.splitOff !== null && (
            <div>
              <dt>Split off</dt>
              <dd>{SPLIT_LABELS[subset.splitOff]}</dd>
            </div>
          )}
          <div>
            <dt>Runs</dt>
            <dd>
              {runs.length === 0
                ? 'None'
                : runs.map(({ id, name }) => (
                    <Link key={id} to="/runs/$run" params={{ run: id }} className="run-link">
                      {name}
                    </Link>
                  ))}
            </dd>
          </div>
          <div>
            <dt>Made</dt>
            <dd>
              <Ago at={subset.createdAt} />
            </dd>
          </div>
        </dl>
      )}
    </li>
  );
}

function SubsetCounts({ subset }: { subset: Subset }): ReactElement {
  return (
    <span className="subset-counts">
      {subset.counts.map((count, index) => {
        const missing = subset.shortfall[index] ?? 0;
        return (
          <span
            key={expressionAt(index).name}
            className={missing > 0 ? 'shortfall' : undefined}
            title={
              missing > 0
                ? `${formatCount(missing)} fewer ${expressionAt(index).label.toLowerCase()} than asked for`
                : undefined
            }
          >
            <ClassLetter index={index} />
            {formatCount(count)}
            {missing > 0 && ` (−${formatCount(missing)})`}
          </span>
        );
      })}
    </span>
  );
}
