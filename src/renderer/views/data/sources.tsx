import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import { Disclosure, DisclosurePanel, Button as AriaButton, Heading } from 'react-aria-components';
import type { SourceStats } from '#shared/catalog.ts';
import { SPLITS } from '#shared/images.ts';
import { api } from '../../api/client.ts';
import { Icon } from '../../components/icon.tsx';
import { Empty, Loaded, Skeleton } from '../../components/states.tsx';
import { formatCount, formatRatio, plural } from '../../text/format.ts';
import { SPLIT_LABELS } from '../../text/words.ts';

/** Where the images come from, and the files that could not be read. */
export function Sources(): ReactElement {
  const stats = useQuery(api.catalog.stats.queryOptions());
  return (
    <div className="data-page">
      <section className="panel">
        <h2>Sources</h2>
        <Loaded query={stats} skeleton={<Skeleton height={160} />}>
          {({ sources }) =>
            sources.length === 0 ? (
              <Empty icon="folder" title="No sources yet" action={<Link to="/data/import">Import images</Link>}>
                Each import is a source: a folder or file that stays where it is.
              </Empty>
            ) : (
              <SourceTable sources={sources} />
            )
          }
        </Loaded>
      </section>
      {stats.data?.sources
        .filter(({ failed }) => failed > 0)
        .map((source) => (
          <Failures key={source.name} source={source} />
        ))}
    </div>
  );
}

function SourceTable({ sources }: { sources: readonly SourceStats[] }): ReactElement {
  return (
    <div className="table-scroll">
      <table className="table">
        <thead>
          <tr>
            <th>Name</th>
            <th>Role</th>
            <th>Format</th>
            <th>Splits</th>
            <th className="number">Images</th>
            <th className="number">Labeled</th>
            <th className="number">People</th>
            <th className="number">Imbalance</th>
            <th className="number">Not read</th>
          </tr>
        </thead>
        <tbody>
          {sources.map((source) => (
            <tr key={source.name}>
              <td title={source.root}>
                <Link to="/data" search={{ source: source.name }}>
                  {source.name}
                </Link>
              </td>
              <td>{source.role}</td>
              <td>{source.format}</td>
              <td className="muted">{splitsText(source)}</td>
              <td className="number">{formatCount(source.total)}</td>
              <td className="number">{formatCount(source.labeled)}</td>
              <td className="number">{source.identities === 0 ? '–' : formatCount(source.identities)}</td>
              <td className="number">{imbalanceText(source)}</td>
              <td className="number">{formatCount(source.failed)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function splitsText({ splits }: SourceStats): string {
  return SPLITS.flatMap((split) => {
    const total = splits[split]?.total ?? 0;
    return total === 0 ? [] : [`${SPLIT_LABELS[split]} ${formatCount(total)}`];
  }).join(' · ');
}

function imbalanceText({ splits }: SourceStats): string {
  const ratio = splits.train?.imbalanceRatio ?? null;
  return ratio === null ? '–' : formatRatio(ratio);
}

function Failures({ source }: { source: SourceStats }): ReactElement {
  return (
    <section className="panel">
      <Disclosure>
        {({ isExpanded }) => (
          <>
            <Heading level={2}>
              <AriaButton slot="trigger" className="disclosure">
                <Icon name="chevron" />
                {plural(source.failed, 'file')} of {source.name} could not be read
              </AriaButton>
            </Heading>
            <DisclosurePanel>{isExpanded && <FailureList source={source.name} />}</DisclosurePanel>
          </>
        )}
      </Disclosure>
    </section>
  );
}

function FailureList({ source }: { source: string }): ReactElement {
  const failures = useQuery(api.catalog.importErrors.queryOptions({ source }));
  return (
    <Loaded query={failures} skeleton={<Skeleton height={80} />}>
      {(list) => (
        <ul className="failures">
          {list.map(({ path, reason }) => (
            <li key={path}>
              <code className="truncate" title={path}>
                {path}
              </code>
              <span>{reason}</span>
            </li>
          ))}
        </ul>
      )}
    </Loaded>
  );
}
