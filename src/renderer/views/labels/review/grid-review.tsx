import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { type ReactElement, useEffect, useState } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import type { Queue, ReviewAction, Verdict } from '#shared/review.ts';
import type { Round } from '#shared/rounds.ts';
import { api, client } from '../../../api/client.ts';
import { notices } from '../../../api/notices.ts';
import { Button } from '../../../components/button.tsx';
import { ClassLetter } from '../../../components/class-mark.tsx';
import { Empty, Loaded, Skeleton } from '../../../components/states.tsx';
import { formatCount, plural } from '../../../text/format.ts';
import { expressionAt } from '../../../text/words.ts';
import { BulkActs } from './bulk-acts.ts';
import { type GridState, decide, emptyGrid, markRange, takeBack, toggleMark, unmarked } from './grid-marks.ts';
import { GridTile } from './grid-tile.tsx';
import { newKey, outboxOf } from './host.ts';
import { classOfAction, shownKey } from './keys.ts';
import type { Outbox } from './outbox.ts';
import { Waiting } from './pace-line.tsx';
import { useReviewer } from './reviewer.ts';
import { useKeySettings, useReviewKeys } from './use-review-keys.ts';

const route = getRouteApi('/labels/$round');

const PAGE = 60;

/** Sixty faces of one class at a glance: the wrong ones are marked, the rest accepted in one step. */
export function GridReview({ round }: { round: Round }): ReactElement {
  const { queue = 'mixed', label = mostCommon(round) } = route.useSearch();
  const [from, setFrom] = useState(0);
  const workspace = useQuery(api.system.workspace.queryOptions());
  // Asked for anew each time the grid is opened, and not while it is worked on.
  const page = useQuery({
    queryKey: [...api.review.queue.pathKey(), 'grid', { round: round.id, queue, label, from }],
    queryFn: () => client.review.queue.query({ round: round.id, queue, label, from, limit: PAGE }),
    gcTime: 0,
  });
  return (
    <div className="grid-review">
      <ClassChoice round={round} label={label} onChoose={() => setFrom(0)} />
      <Loaded query={page} skeleton={<Skeleton height={420} />}>
        {(data) =>
          workspace.data === undefined ? (
            <Skeleton height={420} />
          ) : data.suspects.length === 0 ? (
            <Empty
              icon="check"
              title={`No ${expressionAt(label).label.toLowerCase()} faces are left`}
              action={from > 0 && <Button onPress={() => setFrom(0)}>Begin again</Button>}
            >
              All faces with this label were decided, or looked at in this grid.
            </Empty>
          ) : (
            <Grid
              key={`${label}/${queue}/${from}`}
              round={round}
              queue={queue}
              label={label}
              initial={emptyGrid(data.suspects)}
              outbox={outboxOf(workspace.data.directory)}
              onNext={() => setFrom(data.next ?? data.suspects.at(-1)!.rank + 1)}
            />
          )
        }
      </Loaded>
    </div>
  );
}

function mostCommon({ perClass }: Round): number {
  const largest = Math.max(...perClass.map(({ count }) => count));
  return Math.max(
    0,
    perClass.findIndex(({ count }) => count === largest),
  );
}

function ClassChoice(props: { round: Round; label: number; onChoose: () => void }): ReactElement {
  const { round, label, onChoose } = props;
  const navigate = route.useNavigate();
  return (
    <div className="grid-classes" role="group" aria-label="Faces labeled as">
      {round.perClass.map(({ name, count }, index) => (
        <AriaButton
          key={name}
          className={index === label ? 'queue queue-shown' : 'queue'}
          aria-pressed={index === label}
          onPress={() => {
            onChoose();
            void navigate({ search: (before) => ({ ...before, label: index }), replace: true });
          }}
        >
          <ClassLetter index={index} />
          <span>{expressionAt(index).label}</span>
          <span className="queue-count">{formatCount(count)}</span>
        </AriaButton>
      ))}
    </div>
  );
}

interface GridProps {
  readonly round: Round;
  readonly queue: Queue;
  readonly label: number;
  readonly initial: GridState;
  readonly outbox: Outbox;
  readonly onNext: () => void;
}

function Grid({ round, queue, label, initial, outbox, onNext }: GridProps): ReactElement {
  const [state, setState] = useState(initial);
  const [acts] = useState(() => new BulkActs(outbox, newKey));
  const [begun, setBegun] = useState(() => performance.now());
  const reviewer = useReviewer();
  const keys = useKeySettings();
  const rest = unmarked(state);

  useEffect(() => acts.start(({ request }) => setState((before) => takeBack(before, request.images ?? []))), [acts]);

  const undo = (): void => {
    const act = acts.undo();
    if (act === undefined) notices.add({ level: 'info', message: 'There is nothing to undo in this grid.' });
    else setState((before) => takeBack(before, act.request.images ?? []));
  };
  const say = (images: readonly number[], verdict: Verdict, to: number | null = null): void => {
    if (images.length === 0) return;
    const seconds = (performance.now() - begun) / 1000;
    setBegun(performance.now());
    acts.decide({
      images: [...images],
      verdict,
      round: round.id,
      queue: `grid ${queue}`,
      seconds: Math.min(seconds, 600),
      ...(to !== null && { label: to }),
      ...(reviewer !== null && { reviewer }),
    });
    setState((before) => decide(before, images, verdict, to));
    const what = {
      accept: 'accepted',
      relabel: `are ${to === null ? '' : expressionAt(to).label}`,
      reject: 'rejected',
      unsure: 'left as unsure',
    };
    notices.add({
      level: 'info',
      message: `${plural(images.length, 'face')} ${what[verdict]}.`,
      action: { label: 'Undo', run: undo },
    });
  };
  const confirm = (): void => {
    if (rest.length === 0) {
      onNext();
      return;
    }
    say(rest, 'accept');
    if (state.marked.size === 0) onNext();
  };
  const act = (action: ReviewAction): boolean => {
    const to = classOfAction(action);
    if (to !== null) {
      if (to >= round.classes.length) return false;
      say([...state.marked], 'relabel', to);
      return true;
    }
    switch (action) {
      case 'accept':
        confirm();
        return true;
      case 'reject':
      case 'unsure':
        say([...state.marked], action);
        return true;
      case 'undo':
        undo();
        return true;
      case 'zoom':
        setState((before) => toggleMark(before, before.active));
        return true;
      default:
        return false;
    }
  };
  const move = (name: string): boolean => {
    const key = name.replace('Shift+', '');
    if (key === 'Escape') {
      setState((before) => ({ ...before, marked: new Set() }));
      return true;
    }
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columnsOf(), ArrowDown: columnsOf() }[key];
    if (step === undefined) return false;
    const next = Math.min(state.faces.length - 1, Math.max(0, state.active + step));
    setState((before) => (name === key ? { ...before, active: next, anchor: next } : markRange(before, next)));
    return true;
  };
  useReviewKeys(keys, act, move);

  return (
    <>
      <div className="grid-bar">
        <strong role="status">
          {state.marked.size === 0
            ? `${plural(rest.length, 'face')} labeled ${expressionAt(label).label}`
            : `${formatCount(state.marked.size)} marked as wrong`}
        </strong>
        <span className="muted">
          {state.marked.size === 0
            ? 'Click the wrong ones, with Shift a whole stretch.'
            : `Say what they are: 1–${round.classes.length}, ${shownKey(keys.reject)} reject, ${shownKey(keys.unsure)} unsure.`}
        </span>
        <span className="spacer" />
        <Waiting outbox={outbox} />
        {state.marked.size > 0 && (
          <RelabelButtons round={round} onRelabel={(to) => say([...state.marked], 'relabel', to)} />
        )}
        <Button kind="primary" onPress={confirm}>
          {rest.length === 0
            ? 'Next faces'
            : `Accept ${state.marked.size === 0 ? 'all' : 'the rest'} (${formatCount(rest.length)})`}
          <kbd>{shownKey(keys.accept)}</kbd>
        </Button>
      </div>
      <div
        className="grid-faces"
        role="listbox"
        aria-multiselectable="true"
        aria-label={`Faces labeled ${expressionAt(label).label}; selected ones are wrong`}
        aria-activedescendant={`grid-face-${state.faces[state.active]?.image.id ?? 0}`}
        tabIndex={0}
      >
        {state.faces.map((face, place) => (
          <GridTile
            key={face.image.id}
            face={face}
            place={place}
            isMarked={state.marked.has(face.image.id)}
            isActive={place === state.active}
            decided={state.decided.get(face.image.id) ?? null}
            onPress={(at, isRange) => setState((before) => (isRange ? markRange(before, at) : toggleMark(before, at)))}
          />
        ))}
      </div>
    </>
  );
}

/** Faces in a row, as the browser laid them out. */
function columnsOf(): number {
  const grid = document.querySelector('.grid-faces');
  return grid === null ? 1 : window.getComputedStyle(grid).gridTemplateColumns.split(' ').length;
}

function RelabelButtons({ round, onRelabel }: { round: Round; onRelabel: (label: number) => void }): ReactElement {
  return (
    <div className="class-filter" role="group" aria-label="Relabel the marked faces as">
      {round.classes.map((name, label) => (
        <AriaButton
          key={name}
          className="class-choice"
          aria-label={`Relabel as ${expressionAt(label).label}`}
          onPress={() => onRelabel(label)}
        >
          <ClassLetter index={label} />
        </AriaButton>
      ))}
    </div>
  );
}
