import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { type ReactElement, useState } from 'react';
import type { CatalogStats, ImportFormat, SourceStats } from '#shared/catalog.ts';
import { SPLITS } from '#shared/images.ts';
import { api } from '../../api/client.ts';
import { notices } from '../../api/notices.ts';
import { Button } from '../../components/button.tsx';
import { ClassMark } from '../../components/class-mark.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { TextInput } from '../../components/fields.tsx';
import { FolderField } from '../../components/folder-field.tsx';
import { FormPopover } from '../../components/form-popover.tsx';
import { Empty, ErrorNote, Loaded, Skeleton } from '../../components/states.tsx';
import { formatCount, formatRatio, formatShare, plural } from '../../text/format.ts';
import { ROLE_LABELS, SPLIT_LABELS } from '../../text/words.ts';
import { sourceSearch } from './search.ts';
import './sources.css';

const route = getRouteApi('/data/sources');

/** Where the images come from, how unbalanced each source is, and the files that could not be read. */
export function Sources(): ReactElement {
  const stats = useQuery(api.catalog.stats.queryOptions());
  return (
    <div className="data-page">
      <section className="panel">
        <h2>Sources</h2>
        <Loaded query={stats} skeleton={<Skeleton height={160} />}>
          {(data) =>
            data.sources.length === 0 ? (
              <Empty
                icon="folder"
                title="No sources yet"
                action={
                  <Link to="/data/import" className="button button-primary">
                    Import images
                  </Link>
                }
              >
                Each import is a source: a folder or file that stays where it is.
              </Empty>
            ) : (
              <SourceTable stats={data} />
            )
          }
        </Loaded>
      </section>
    </div>
  );
}

function SourceTable({ stats }: { stats: CatalogStats }): ReactElement {
  const { open } = route.useSearch();
  const navigate = route.useNavigate();
  const columns: readonly Column<SourceStats>[] = [
    {
      key: 'name',
      title: 'Name',
      cell: ({ name }) => (
        <Link to="/data" search={sourceSearch(name)}>
          {name}
        </Link>
      ),
      sortBy: ({ name }) => name,
    },
    { key: 'role', title: 'Role', cell: ({ role }) => ROLE_LABELS[role], sortBy: ({ role }) => role },
    { key: 'format', title: 'Format', cell: ({ format }) => format, sortBy: ({ format }) => format },
    {
      key: 'images',
      title: 'Images',
      isNumber: true,
      cell: ({ total }) => formatCount(total),
      sortBy: ({ total }) => total,
    },
    {
      key: 'share',
      title: 'Share of all, %',
      isNumber: true,
      cell: ({ total }) => (stats.images === 0 ? '–' : ((100 * total) / stats.images).toFixed(1)),
      sortBy: ({ total }) => total,
    },
    {
      key: 'labeled',
      title: 'Labeled',
      isNumber: true,
      cell: ({ labeled }) => formatCount(labeled),
      sortBy: ({ labeled }) => labeled,
    },
    {
      key: 'people',
      title: 'People',
      isNumber: true,
      cell: ({ identities }) => (identities === 0 ? '–' : formatCount(identities)),
      sortBy: ({ identities }) => identities,
    },
    { key: 'imbalance', title: 'Imbalance', isNumber: true, cell: imbalanceText, sortBy: imbalanceOf },
    {
      key: 'failed',
      title: 'Not read',
      isNumber: true,
      cell: ({ failed }) => formatCount(failed),
      sortBy: ({ failed }) => failed,
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
            void navigate({ search: { open: open === name ? undefined : name }, replace: true, resetScroll: false })
          }
        >
          {open === name ? 'Less' : 'More'}
        </Button>
      ),
    },
  ];
  return (
    <DataTable
      label="Sources"
      columns={columns}
      rows={stats.sources}
      keyOf={({ name }) => name}
      detailOf={(source) =>
        source.name === open ? <SourceDetail source={source} classes={stats.classes.length} /> : null
      }
    />
  );
}

const imbalanceOf = ({ splits }: SourceStats): number => splits.train?.imbalanceRatio ?? 0;

function imbalanceText({ splits }: SourceStats): string {
  const ratio = splits.train?.imbalanceRatio ?? null;
  return ratio === null ? '–' : formatRatio(ratio);
}

function SourceDetail({ source, classes }: { source: SourceStats; classes: number }): ReactElement {
  return (
    <div className="source-detail">
      <div className="row source-place">
        <span className="muted">In</span>
        <code className="wrap">{source.root}</code>
        <span className="spacer" />
        <Relink source={source} />
        <Remove source={source} />
      </div>
      {source.labeled > 0 && <ClassCounts source={source} classes={classes} />}
      {source.failed > 0 && <Failures source={source} />}
    </div>
  );
}

interface CountedClass {
  readonly index: number;
}

/** Images of each class and split, and how much the training images of a class are worth. */
function ClassCounts({ source, classes }: { source: SourceStats; classes: number }): ReactElement {
  const splits = SPLITS.filter((split) => source.splits[split]?.counts.some((count) => count > 0) === true);
  const columns: readonly Column<CountedClass>[] = [
    { key: 'class', title: 'Class', cell: ({ index }) => <ClassMark index={index} />, sortBy: ({ index }) => index },
    ...splits.flatMap((split): Column<CountedClass>[] => {
      const counts = source.splits[split]!;
      return [
        {
          key: split,
          title: SPLIT_LABELS[split],
          isNumber: true,
          cell: ({ index }) => formatCount(counts.counts[index] ?? 0),
          sortBy: ({ index }) => counts.counts[index] ?? 0,
        },
        {
          key: `${split} share`,
          title: 'Share',
          isNumber: true,
          cell: ({ index }) => formatShare(counts.shares[index] ?? 0),
          sortBy: ({ index }) => counts.shares[index] ?? 0,
        },
      ];
    }),
    ...(source.splits.train === undefined
      ? []
      : [
          {
            key: 'effective',
            title: 'Effective number, train',
            isNumber: true,
            cell: ({ index }: CountedClass) => formatCount(source.splits.train?.effectiveNumber[index] ?? 0),
            sortBy: ({ index }: CountedClass) => source.splits.train?.effectiveNumber[index] ?? 0,
          },
        ]),
  ];
  return (
    <DataTable
      label={`Classes of ${source.name}`}
      columns={columns}
      rows={Array.from({ length: classes }, (_, index) => ({ index }))}
      keyOf={({ index }) => index}
    />
  );
}

function Relink({ source }: { source: SourceStats }): ReactElement {
  const [path, setPath] = useState('');
  const relinking = useMutation(api.catalog.import.mutationOptions());
  return (
    <FormPopover
      label="Relink"
      icon="folder"
      kind="quiet"
      title={`${source.name} is somewhere else now`}
      submitLabel="Relink"
      canSubmit={path.trim() !== ''}
      onSubmit={async () => {
        const format = source.format as ImportFormat;
        await relinking.mutateAsync({
          path: path.trim(),
          source: source.name,
          format,
          role: source.role,
          relink: true,
        });
        notices.add({ level: 'info', message: `${source.name} is looked for at ${path.trim()}: see Jobs.` });
      }}
    >
      <FolderField
        label="Folder or file"
        description="Some of its images are looked for there first; labels, subsets and runs stay as they are."
        value={path}
        onChange={setPath}
      />
    </FormPopover>
  );
}

function Remove({ source }: { source: SourceStats }): ReactElement {
  const [name, setName] = useState('');
  const removing = useMutation(api.catalog.removeSource.mutationOptions());
  return (
    <FormPopover
      label="Remove"
      icon="remove"
      kind="quiet"
      title={`Remove ${source.name}`}
      submitLabel="Remove"
      submitKind="danger"
      canSubmit={name === source.name}
      onSubmit={async () => {
        await removing.mutateAsync({ name: source.name });
        notices.add({ level: 'info', message: `${source.name} is being removed: see Jobs.` });
      }}
    >
      <p className="small">
        {plural(source.total, 'image')} leave the workspace, with their analysis and what was decided of them. The files
        stay where they are. This cannot be undone.
      </p>
      <TextInput label={`Type ${source.name} to go on`} value={name} onChange={setName} />
    </FormPopover>
  );
}

function Failures({ source }: { source: SourceStats }): ReactElement {
  const [after, setAfter] = useState<readonly string[]>(['']);
  return (
    <section>
      <h3>{plural(source.failed, 'file')} could not be read</h3>
      <ul className="failures">
        {after.map((path, index) => (
          <FailurePage
            key={path}
            source={source.name}
            afterPath={path}
            isLast={index === after.length - 1}
            onMore={(next) => setAfter([...after, next])}
          />
        ))}
      </ul>
    </section>
  );
}

interface FailurePageProps {
  readonly source: string;
  readonly afterPath: string;
  readonly isLast: boolean;
  readonly onMore: (afterPath: string) => void;
}

/** As many as the host gives at a time. */
const PAGE = 1_000;

function FailurePage({ source, afterPath, isLast, onMore }: FailurePageProps): ReactElement {
  const failures = useQuery(api.catalog.importErrors.queryOptions({ source, afterPath }));
  if (failures.error !== null) return <ErrorNote error={failures.error} onRetry={() => void failures.refetch()} />;
  const list = failures.data ?? [];
  return (
    <>
      {list.map(({ path, reason }) => (
        <li key={path}>
          <code className="truncate" title={path}>
            {path}
          </code>
          <span>{reason}</span>
        </li>
      ))}
      {isLast && list.length >= PAGE && (
        <li>
          <Button kind="quiet" onPress={() => onMore(list.at(-1)!.path)}>
            Show more
          </Button>
        </li>
      )}
    </>
  );
}
