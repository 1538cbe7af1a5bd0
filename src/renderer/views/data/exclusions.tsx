import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import type { Exclusion } from '#shared/analysis.ts';
import { api, client } from '../../api/client.ts';
import { Button } from '../../components/button.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Empty, Loaded, Skeleton } from '../../components/states.tsx';
import { Ago } from '../../components/time.tsx';
import { formatCount } from '../../text/format.ts';
import { undoExclusion } from './undo.ts';

const PAGE = 100;

/** The log of what was taken out of the catalog and put back: what, who, why; the newest step that stands can be undone. */
export function Exclusions(): ReactElement {
  const log = useInfiniteQuery({
    queryKey: [...api.catalog.exclusions.pathKey(), { type: 'infinite' }],
    queryFn: ({ pageParam, signal }) =>
      client.catalog.exclusions.query({ limit: PAGE, ...(pageParam !== null && { beforeId: pageParam }) }, { signal }),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => (page.length === PAGE ? page.at(-1)!.id : null),
  });
  return (
    <div className="data-page">
      <section className="panel">
        <div className="row panel-head">
          <h2>Exclusions</h2>
          <span className="spacer" />
          <Link to="/data" search={{ excluded: 'only' }}>
            Show the excluded faces
          </Link>
        </div>
        <Loaded query={log} skeleton={<Skeleton height={160} />}>
          {({ pages }) => <Log rows={pages.flat()} />}
        </Loaded>
        {log.hasNextPage && (
          <Button isPending={log.isFetchingNextPage} onPress={() => void log.fetchNextPage()}>
            Show older ones
          </Button>
        )}
      </section>
    </div>
  );
}

function Log({ rows }: { rows: readonly Exclusion[] }): ReactElement {
  if (rows.length === 0) {
    return (
      <Empty icon="excluded" title="Nothing was excluded">
        Select faces and exclude them, or exclude leaks among the duplicates: every step is here, with who and why.
      </Empty>
    );
  }
  const newest = rows.find(({ undoes, isUndone }) => undoes === null && !isUndone);
  const columns: readonly Column<Exclusion>[] = [
    { key: 'when', title: 'When', cell: ({ madeAt }) => <Ago at={madeAt} />, sortBy: ({ id }) => id },
    {
      key: 'what',
      title: 'What',
      cell: ({ excluded, isUndone }) => (
        <>
          {excluded ? 'Excluded' : 'Put back'}
          {isUndone && <span className="badge">Undone</span>}
        </>
      ),
    },
    {
      key: 'images',
      title: 'Images',
      isNumber: true,
      cell: ({ images }) => formatCount(images),
      sortBy: ({ images }) => images,
    },
    {
      key: 'rule',
      title: 'Which',
      cell: ({ rule }) => <span className="wrap">{rule}</span>,
      sortBy: ({ rule }) => rule,
    },
    {
      key: 'reason',
      title: 'Why',
      cell: ({ reason }) => <span className="wrap">{reason}</span>,
      sortBy: ({ reason }) => reason,
    },
    { key: 'author', title: 'Who', cell: ({ author }) => author, sortBy: ({ author }) => author },
    {
      key: 'undo',
      title: 'Undo',
      hidesTitle: true,
      cell: ({ id }) =>
        id === newest?.id && (
          <Button kind="quiet" icon="undo" onPress={() => void undoExclusion(id)}>
            Undo
          </Button>
        ),
    },
  ];
  return <DataTable label="Exclusions" columns={columns} rows={rows} keyOf={({ id }) => id} />;
}
