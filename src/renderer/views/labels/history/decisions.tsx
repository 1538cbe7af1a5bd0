import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactElement, useState } from 'react';
import type { DecisionBatch, Pace, ReviewStats } from '#shared/review.ts';
import { VERDICTS } from '#shared/review.ts';
import { api, client } from '../../../api/client.ts';
import { notices } from '../../../api/notices.ts';
import { Button } from '../../../components/button.tsx';
import { ClassLetter } from '../../../components/class-mark.tsx';
import { FaceImage } from '../../../components/face-image.tsx';
import { TextInput } from '../../../components/fields.tsx';
import { Empty, ErrorNote, Loaded, Skeleton } from '../../../components/states.tsx';
import { Ago } from '../../../components/time.tsx';
import { formatCount, formatShare, plural } from '../../../text/format.ts';
import { QUEUE_LABELS, VERDICT_LABELS } from '../review/queue-labels.ts';
import { setReviewer, useReviewer } from '../review/reviewer.ts';
import { DecisionFiles } from './decision-files.tsx';
import { ReviewedSubset } from './reviewed-subset.tsx';

const PAGE = 100;
const SIDE = 40;

/** What was decided, by whom, how fast; and how to take it back. */
export function Decisions(): ReactElement {
  const reviewer = useReviewer();
  const stats = useQuery({ ...api.review.stats.queryOptions({ reviewer: reviewer ?? undefined }), staleTime: 0 });
  return (
    <>
      <div className="place-head">
        <h2 className="page-title">Decisions</h2>
        <span className="spacer" />
        <ReviewerName />
        <DecisionFiles />
        <ReviewedSubset />
      </div>
      <Loaded query={stats} skeleton={<Skeleton height={120} />}>
        {(data) => <Figures stats={data} reviewer={reviewer} />}
      </Loaded>
      <section className="panel">
        <Log />
      </section>
    </>
  );
}

/** Two people at one machine decide under two names. */
function ReviewerName(): ReactElement {
  const reviewer = useReviewer();
  const [text, setText] = useState(reviewer ?? '');
  return (
    <form
      className="reviewer"
      onSubmit={(event) => {
        event.preventDefault();
        setReviewer(text);
        notices.add({
          level: 'info',
          message:
            text.trim() === '' ? 'You decide under the name of this machine’s user.' : `You decide as ${text.trim()}.`,
        });
      }}
    >
      <TextInput label="You decide as" placeholder="this machine’s user" value={text} onChange={setText} />
      <Button type="submit" isDisabled={text.trim() === (reviewer ?? '')}>
        Set
      </Button>
    </form>
  );
}

function Figures({ stats, reviewer }: { stats: ReviewStats; reviewer: string | null }): ReactElement | null {
  const queryClient = useQueryClient();
  const turn = useMutation({
    mutationFn: (kind: 'undo' | 'redo') => client.review[kind].mutate({ reviewer: reviewer ?? undefined }),
    onSuccess: ({ images }, kind) => {
      notices.add({
        level: 'info',
        message: `${kind === 'undo' ? 'Undone' : 'Done again'}: a decision on ${plural(images, 'face')}.`,
        action: { label: kind === 'undo' ? 'Redo' : 'Undo', run: () => turn.mutate(kind === 'undo' ? 'redo' : 'undo') },
      });
      void queryClient.invalidateQueries(api.review.pathFilter());
    },
  });
  const { counts, queues, reviewers, total, canUndo, canRedo } = stats;
  if (total.decided === 0 && !canRedo) return null;
  return (
    <div className="decision-figures">
      <section className="panel">
        <h2>Faces as decided</h2>
        <dl className="head-figures">
          {VERDICTS.map((verdict) => (
            <div key={verdict} className="head-figure">
              <dt>{VERDICT_LABELS[verdict]}</dt>
              <dd>{formatCount(counts[verdict])}</dd>
            </div>
          ))}
        </dl>
        <div className="row">
          <Button icon="undo" isDisabled={!canUndo} isPending={turn.isPending} onPress={() => turn.mutate('undo')}>
            Undo my last
          </Button>
          <Button kind="quiet" isDisabled={!canRedo} isPending={turn.isPending} onPress={() => turn.mutate('redo')}>
            Redo
          </Button>
        </div>
        {turn.error !== null && <ErrorNote error={turn.error} />}
      </section>
      <PaceTable
        title="By queue"
        paces={queues}
        nameOf={(name) => (QUEUE_LABELS as Readonly<Record<string, string>>)[name] ?? name}
      />
      <PaceTable title="By reviewer" paces={reviewers} nameOf={(name) => name} />
    </div>
  );
}

interface PaceTableProps {
  readonly title: string;
  readonly paces: readonly Pace[];
  readonly nameOf: (name: string) => string;
}

function PaceTable({ title, paces, nameOf }: PaceTableProps): ReactElement {
  return (
    <section className="panel">
      <h2>{title}</h2>
      <div className="table-scroll" role="region" aria-label={title} tabIndex={0}>
        <table className="table pace-table">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col" className="number">
                Decided
              </th>
              <th scope="col" className="number">
                Wrong
              </th>
              <th scope="col" className="number">
                Corrections/min
              </th>
            </tr>
          </thead>
          <tbody>
            {paces.map(({ name, decided, corrections, correctionsPerMinute }) => (
              <tr key={name}>
                <td>{nameOf(name)}</td>
                <td className="number">{formatCount(decided)}</td>
                <td className="number">{decided === 0 ? '–' : formatShare(corrections / decided)}</td>
                <td className="number">{correctionsPerMinute === null ? '–' : correctionsPerMinute.toFixed(1)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Log(): ReactElement {
  const pages = useInfiniteQuery({
    queryKey: [...api.review.log.pathKey(), { type: 'infinite' }],
    queryFn: ({ pageParam, signal }) => client.review.log.query({ limit: PAGE, beforeId: pageParam }, { signal }),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => (page.length < PAGE ? undefined : page.at(-1)?.id),
    staleTime: 0,
  });
  const acts = pages.data?.pages.flat() ?? [];
  if (pages.isPending) return <Skeleton height={240} />;
  if (pages.error !== null && acts.length === 0) {
    return <ErrorNote error={pages.error} onRetry={() => void pages.refetch()} />;
  }
  if (acts.length === 0) {
    return (
      <Empty icon="labels" title="Nothing decided yet" action={<Link to="/labels">Choose a round</Link>}>
        Every decision is kept here for good, with who made it, when, and what it changed.
      </Empty>
    );
  }
  return (
    <>
      <ol className="decision-log" aria-label="Acts, the newest first">
        {acts.map((act) => (
          <ActRow key={act.id} act={act} />
        ))}
      </ol>
      {pages.hasNextPage && (
        <Button isPending={pages.isFetchingNextPage} onPress={() => void pages.fetchNextPage()}>
          Show earlier ones
        </Button>
      )}
    </>
  );
}

function ActRow({ act }: { act: DecisionBatch }): ReactElement {
  const { id, kind, reviewer, madeAt, images, first, state, target, queue, audit, reason } = act;
  const where = audit !== null ? `audit ${audit}` : queue;
  return (
    <li className={state === 'undone' || state === 'abandoned' ? 'undone' : undefined}>
      <span className="muted number">{formatCount(id)}</span>
      {first === null ? (
        <span className="log-face" />
      ) : (
        <Link to="/data" search={{ face: first.image }} className="log-face" title={`${first.source}: ${first.path}`}>
          <FaceImage id={first.image} size={SIDE} alt={`Face ${first.image}`} />
        </Link>
      )}
      <span className="log-what">
        {kind !== 'decision' ? (
          `${kind === 'undo' ? 'Took back' : 'Did again'} act ${target ?? ''}`
        ) : (
          <What act={act} />
        )}
        {images > 1 && <span className="muted"> on {plural(images, 'face')}</span>}
        {state !== null && state !== 'standing' && <span className="muted">, undone</span>}
      </span>
      <span className="muted small truncate">
        {[where, reason].filter((part) => part !== null && part !== '').join(' · ')}
      </span>
      <span className="muted small">{reviewer}</span>
      <span className="muted small number">
        <Ago at={madeAt} />
      </span>
    </li>
  );
}

function What({ act: { first } }: { act: DecisionBatch }): ReactElement {
  if (first === null) return <>Decided</>;
  const { verdict, from, to } = first;
  return (
    <>
      {VERDICT_LABELS[verdict]} {from !== null && <ClassLetter index={from} />}
      {to !== null && to !== from && (
        <>
          {' '}
          → <ClassLetter index={to} />
        </>
      )}
    </>
  );
}
