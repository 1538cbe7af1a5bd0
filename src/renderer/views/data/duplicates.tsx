import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { type ReactElement, useState } from 'react';
import {
  type AnalysisSummary,
  DUPLICATE_CHOICES,
  DUPLICATE_KINDS,
  type DuplicateChoice,
  type DuplicateKind,
  type DuplicateSummary,
} from '#shared/analysis.ts';
import { SPLITS, type Split } from '#shared/images.ts';
import { api, client } from '../../api/client.ts';
import { Button } from '../../components/button.tsx';
import { Choice } from '../../components/fields.tsx';
import { FormPopover } from '../../components/form-popover.tsx';
import { Segments } from '../../components/segments.tsx';
import { Empty, ErrorNote, Loaded, Skeleton } from '../../components/states.tsx';
import { formatCount, plural } from '../../text/format.ts';
import { SPLIT_LABELS } from '../../text/words.ts';
import { AnalysisPanel, NearSearch } from './analysis-panel.tsx';
import { DuplicateGroupCard } from './duplicate-group.tsx';
import { tellExclusion } from './undo.ts';
import './duplicates.css';

const route = getRouteApi('/data/duplicates');
const PAGE = 30;

const KIND_LABELS: Readonly<Record<DuplicateKind, string>> = { exact: 'Exact', near: 'Near' };

/** Images that are copies of each other: those that leak from one split into another, and those whose labels contradict. */
export function Duplicates(): ReactElement {
  const summary = useQuery(api.catalog.analysisSummary.queryOptions());
  return (
    <div className="data-page">
      <Loaded query={summary} skeleton={<Skeleton height={160} />}>
        {(data) => (
          <>
            <AnalysisPanel summary={data} />
            <Found summary={data} />
          </>
        )}
      </Loaded>
    </div>
  );
}

function Found({ summary }: { summary: AnalysisSummary }): ReactElement {
  const { kind = 'exact', choice = 'all' } = route.useSearch();
  const navigate = route.useNavigate();
  const change = (part: { kind?: DuplicateKind; choice?: DuplicateChoice }): void =>
    void navigate({ search: (before) => ({ ...before, ...part }), replace: true });
  const found = summary[kind];
  const counts: Readonly<Record<DuplicateChoice, number>> = {
    all: found?.groups ?? 0,
    leaks: found?.leaks ?? 0,
    contradictions: found?.contradictions ?? 0,
  };
  return (
    <section className="panel">
      <div className="duplicates-head">
        <Segments
          label="Kind"
          value={kind}
          options={DUPLICATE_KINDS.map((value) => ({
            value,
            label: `${KIND_LABELS[value]} copies ${formatCount(summary[value]?.groups ?? 0)}`,
          }))}
          onChange={(value) => change({ kind: value })}
        />
        <Segments
          label="Which groups"
          value={choice}
          options={DUPLICATE_CHOICES.map((value) => ({
            value,
            label: `${CHOICE_LABELS[value]} ${formatCount(counts[value])}`,
          }))}
          onChange={(value) => change({ choice: value })}
        />
        <span className="spacer" />
        {kind === 'near' && <NearSearch key={found?.distance ?? 0} summary={summary} />}
      </div>
      {found === null ? (
        <Empty icon="copies" title="Not searched yet">
          An analysis looks at every image once and finds those that are the same picture, and those that nearly are.
        </Empty>
      ) : (
        <>
          <Cures kind={kind} found={found} />
          <Groups kind={kind} choice={choice} />
        </>
      )}
    </section>
  );
}

const CHOICE_LABELS: Readonly<Record<DuplicateChoice, string>> = {
  all: 'All',
  leaks: 'Across splits',
  contradictions: 'Other label',
};

/** What to do about leaks and contradictions, each in one step that can be undone. */
function Cures({ kind, found }: { kind: DuplicateKind; found: DuplicateSummary }): ReactElement | null {
  const [keep, setKeep] = useState<Split>('train');
  if (found.leaks === 0 && found.contradictions === 0) return null;
  return (
    <div className="cures">
      {found.leaks > 0 && (
        <div className="note note-warning">
          <p className="note-text">
            {plural(found.leaks, 'group')} {found.leaks === 1 ? 'is' : 'are'} in several splits: what is learned in one
            is asked in another.{' '}
            <Link to="/data" search={{ duplicates: `${kind}-leak` }}>
              Show the faces
            </Link>
          </p>
          <FormPopover
            label="Exclude leaks"
            title="Exclude leaks"
            submitLabel="Exclude"
            submitKind="danger"
            onSubmit={async () =>
              tellExclusion(
                await client.catalog.exclude.mutate({
                  leaks: true,
                  kind,
                  keep,
                  reason: `${kind} copies across splits`,
                }),
              )
            }
          >
            <Choice
              label="Keep the copies of"
              description="The other copies of each group leave their splits. One step; undo brings them back."
              value={keep}
              options={SPLITS.map((split) => ({ value: split, label: SPLIT_LABELS[split] }))}
              onChange={setKeep}
            />
          </FormPopover>
        </div>
      )}
      {found.contradictions > 0 && (
        <div className="note note-warning">
          <p className="note-text">
            {plural(found.contradictions, 'group')} {found.contradictions === 1 ? 'has' : 'have'} several labels: at
            most one of them is right.{' '}
            <Link to="/data" search={{ duplicates: `${kind}-contradiction` }}>
              Show the faces
            </Link>
          </p>
          <FormPopover
            label="Exclude contradictions"
            title="Exclude contradictions"
            submitLabel="Exclude"
            submitKind="danger"
            onSubmit={async () =>
              tellExclusion(
                await client.catalog.exclude.mutate({
                  contradictions: true,
                  kind,
                  reason: `${kind} copies, other label`,
                }),
              )
            }
          >
            <p className="small">
              All labeled faces of these groups are excluded, since nobody knows which label is right. One step; undo
              brings them back.
            </p>
          </FormPopover>
        </div>
      )}
    </div>
  );
}

function Groups({ kind, choice }: { kind: DuplicateKind; choice: DuplicateChoice }): ReactElement {
  const groups = useInfiniteQuery({
    queryKey: [...api.catalog.duplicates.pathKey(), { input: { kind, choice }, type: 'infinite' }],
    queryFn: ({ pageParam, signal }) =>
      client.catalog.duplicates.query({ kind, choice, cursor: pageParam, limit: PAGE }, { signal }),
    initialPageParam: null as { size: number; id: number } | null,
    getNextPageParam: (page) => page.nextCursor,
  });
  const all = groups.data?.pages.flatMap((page) => page.groups) ?? [];
  if (groups.isPending) return <Skeleton height={240} />;
  if (groups.error !== null && all.length === 0) {
    return <ErrorNote error={groups.error} onRetry={() => void groups.refetch()} />;
  }
  if (all.length === 0) return <Empty icon="check" title="None" />;
  return (
    <>
      <ul className="groups" aria-label="Groups of copies">
        {all.map((group) => (
          <DuplicateGroupCard key={group.id} group={group} />
        ))}
      </ul>
      {groups.hasNextPage && (
        <Button isPending={groups.isFetchingNextPage} onPress={() => void groups.fetchNextPage()}>
          Show more groups
        </Button>
      )}
    </>
  );
}
