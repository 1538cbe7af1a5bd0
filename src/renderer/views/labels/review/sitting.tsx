import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { type ReactElement, useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import type { ReviewAction } from '#shared/review.ts';
import type { Round } from '#shared/rounds.ts';
import { api, client } from '../../../api/client.ts';
import { describeError } from '../../../api/errors.ts';
import { connection } from '../../../api/events.ts';
import { notices } from '../../../api/notices.ts';
import { Button } from '../../../components/button.tsx';
import { Empty, ErrorNote, Skeleton } from '../../../components/states.tsx';
import { FaceCard } from './face-card.tsx';
import { Filmstrip } from './filmstrip.tsx';
import { loadPicture, newKey } from './host.ts';
import { classOfAction } from './keys.ts';
import type { Outbox } from './outbox.ts';
import { PaceLine } from './pace-line.tsx';
import { Pictures } from './pictures.ts';
import type { ShownQueue } from './queue-labels.ts';
import { focusFace } from './queue-list.tsx';
import { AHEAD, ReviewSession, type SessionOptions } from './session.ts';
import { useKeySettings, useReviewKeys } from './use-review-keys.ts';
import { useRestingSearch } from '../use-resting-search.ts';
import { WhyPanel } from './why-panel.tsx';

const route = getRouteApi('/labels/$round');

/** Faces behind that stay decoded, for stepping back. */
const BEHIND = 8;
/** The address follows the face, and the counts follow the decisions, once the person rests. */
const REST_MILLISECONDS = 700;
const COUNTS_MILLISECONDS = 4_000;

export interface SittingProps {
  readonly round: Round;
  readonly queue: ShownQueue;
  readonly against: number | null;
  readonly reviewer: string | null;
  readonly outbox: Outbox;
  readonly start: number;
  readonly load: SessionOptions['load'];
}

/** One queue being looked through, by keys alone. */
export function Sitting(props: SittingProps): ReactElement {
  const { round, queue, against, reviewer, outbox } = props;
  // What it began with: the address changes as one goes on, and a sitting does not begin anew for that.
  const [session] = useState(
    () =>
      new ReviewSession({
        load: props.load,
        outbox,
        round: round.id,
        queue,
        reviewer: reviewer ?? undefined,
        newKey,
        now: () => performance.now(),
        start: props.start,
      }),
  );
  const pictures = useMemo(() => new Pictures(loadPicture), []);
  const state = useSyncExternalStore(session.subscribe, session.state);
  const keys = useKeySettings();
  const [isExplaining, setExplaining] = useState(false);
  const [isZoomed, setZoomed] = useState(false);
  const undoOnHost = useHostUndo(reviewer);
  const { faces, index } = state;
  const face = faces[index];

  useEffect(() => {
    session.start();
    focusFace();
    return () => session.stop();
  }, [session]);
  useEffect(() => () => pictures.close(), [pictures]);
  useEffect(() => {
    const ahead = faces.slice(index, index + AHEAD);
    const behind = faces.slice(Math.max(0, index - BEHIND), index).toReversed();
    pictures.want([...ahead, ...behind].map(({ image }) => image.id));
  }, [pictures, faces, index]);
  useEffect(
    () =>
      connection.subscribe(() => {
        if (connection.state().status !== 'open') return;
        pictures.retry();
        if (session.state().error !== null) session.retry();
      }),
    [pictures, session],
  );
  const { at } = route.useSearch();
  useRestingSearch('at', face === undefined ? at : face.rank === 0 ? undefined : face.rank, REST_MILLISECONDS);
  useCounts(outbox);

  const act = (action: ReviewAction): boolean => {
    const label = classOfAction(action);
    if (label !== null) return label < round.classes.length ? session.decide('relabel', label) : false;
    switch (action) {
      case 'accept':
      case 'reject':
      case 'unsure':
        return session.decide(action);
      case 'back':
        session.look(index - 1);
        return true;
      case 'undo':
        if (!session.undo()) void undoOnHost('undo');
        return true;
      case 'redo':
        if (!session.redo()) void undoOnHost('redo');
        return true;
      case 'explain':
        setExplaining((before) => !before);
        return true;
      case 'zoom':
        setZoomed((before) => !before);
        return true;
      default:
        return false;
    }
  };
  useReviewKeys(keys, act, (name) => {
    if (name === 'ArrowLeft') session.look(index - 1);
    else if (name === 'ArrowRight' && index < faces.length) session.look(index + 1);
    else if (name === 'Escape' && isZoomed) setZoomed(false);
    else return false;
    return true;
  });

  return (
    <>
      <div className="review-main">
        <PaceLine state={state} outbox={outbox} queue={queue} />
        {face === undefined ? (
          <NoFace session={session} state={state} keys={keys.undo} />
        ) : (
          <FaceCard
            face={face}
            round={round}
            pictures={pictures}
            keys={keys}
            decided={state.decided.get(face.image.id) ?? null}
            isExplaining={isExplaining}
            isZoomed={isZoomed}
            onAct={(action) => {
              act(action);
              focusFace();
            }}
          />
        )}
        <Filmstrip faces={faces} index={index} decided={state.decided} onLook={(next) => session.look(next)} />
      </div>
      <WhyPanel face={face} round={round} against={against} />
    </>
  );
}

interface NoFaceProps {
  readonly session: ReviewSession;
  readonly state: ReturnType<ReviewSession['state']>;
  readonly keys: string;
}

/** In place of the card: still loading, an error, or the end of the queue. */
function NoFace({ session, state }: NoFaceProps): ReactElement {
  if (state.error !== null) {
    return (
      <div className="review-card">
        <ErrorNote error={state.error} onRetry={() => session.retry()} />
      </div>
    );
  }
  if (state.isLoading || !state.isComplete) {
    return (
      <div className="review-card" tabIndex={-1} aria-busy="true">
        <span className="visually-hidden">Loading</span>
        <Skeleton height={360} />
      </div>
    );
  }
  return (
    <div className="review-card" tabIndex={-1}>
      <Empty
        icon="check"
        title={state.faces.length === 0 ? 'Nobody waits in this queue' : 'This queue is done'}
        action={
          state.faces.length > 0 && (
            <Button onPress={() => session.look(state.faces.length - 1)}>Back to the last face</Button>
          )
        }
      >
        Choose another queue, or make a subset of what was reviewed.
      </Empty>
    </div>
  );
}

/** Counts of the queues are asked for anew some time after decisions, not after each. */
function useCounts(outbox: Outbox): void {
  const queryClient = useQueryClient();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = outbox.onOutcome(() => {
      timer ??= setTimeout(() => {
        timer = undefined;
        void queryClient.invalidateQueries(api.review.queues.queryFilter());
        void queryClient.invalidateQueries(api.review.stats.queryFilter());
      }, COUNTS_MILLISECONDS);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [outbox, queryClient]);
}

/** Undo and redo of what was decided before this sitting. */
function useHostUndo(reviewer: string | null): (turn: 'undo' | 'redo') => Promise<void> {
  const stats = useQuery(api.review.stats.queryOptions({ reviewer: reviewer ?? undefined }));
  return async (turn) => {
    const can = turn === 'undo' ? stats.data?.canUndo : stats.data?.canRedo;
    if (can === false) {
      notices.add({
        level: 'info',
        message: turn === 'undo' ? 'There is nothing to undo.' : 'There is nothing to do again.',
      });
      return;
    }
    try {
      const { images } = await client.review[turn].mutate({ reviewer: reviewer ?? undefined, key: newKey() });
      const faces = images === 1 ? 'one face' : `${images} faces`;
      notices.add({
        level: 'info',
        message: `${turn === 'undo' ? 'Undone' : 'Done again'}: an earlier decision on ${faces}.`,
      });
    } catch (error) {
      const { message, hint } = describeError(error);
      notices.add({ level: 'warning', message: hint === undefined ? message : `${message} ${hint}` });
    }
  };
}
