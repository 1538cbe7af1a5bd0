import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import type { FlippedPage, Flips as FlipMatrix, Round } from '#shared/rounds.ts';
import { api, client } from '../../../api/client.ts';
import { Button } from '../../../components/button.tsx';
import { ClassLetter } from '../../../components/class-mark.tsx';
import { FaceImage } from '../../../components/face-image.tsx';
import { Choice } from '../../../components/fields.tsx';
import { Empty, ErrorNote, Loaded, Skeleton } from '../../../components/states.tsx';
import { formatCount, formatShare, plural } from '../../../text/format.ts';
import { expressionAt } from '../../../text/words.ts';
import type { FlipsSearch } from '../search.ts';
import { LabelMatrix } from './label-matrix.tsx';
import { roundBefore, roundOriginText } from './round-text.ts';

const route = getRouteApi('/labels/flips');
const PAGE = 60;
const SIDE = 88;

/** How labels went from class to class between two rounds, and the faces behind each cell. */
export function Flips(): ReactElement {
  const rounds = useQuery(api.rounds.list.queryOptions({}));
  return (
    <Loaded query={rounds} skeleton={<Skeleton height={320} />}>
      {(list) => {
        const usable = list.filter(({ count }) => count > 0);
        return usable.length < 2 ? (
          <section className="panel">
            <Empty icon="labels" title="Flips need two rounds" action={<Link to="/labels">Make a round</Link>}>
              Label the same source with two networks, or with one network at two steps, and see which labels changed.
            </Empty>
          </section>
        ) : (
          <FlipsBetween rounds={usable} />
        );
      }}
    </Loaded>
  );
}

function FlipsBetween({ rounds }: { rounds: readonly Round[] }): ReactElement {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const to =
    rounds.find(({ id }) => id === search.to) ??
    rounds.find((round) => roundBefore(round, rounds) !== undefined) ??
    rounds[0]!;
  const from =
    rounds.find(({ id }) => id === search.from) ?? roundBefore(to, rounds) ?? rounds.find(({ id }) => id !== to.id)!;
  const flips = useQuery(api.rounds.flips.queryOptions({ from: from.id, to: to.id }));
  const change = (part: Partial<FlipsSearch>): void =>
    void navigate({ search: (before) => ({ ...before, ...part }), replace: true, resetScroll: false });
  const options = rounds.map((round) => ({
    value: String(round.id),
    label: round.name,
    note: `${round.source} · ${roundOriginText(round)}`,
  }));
  return (
    <>
      <div className="flips-head">
        <Choice
          label="From"
          value={String(from.id)}
          options={options}
          onChange={(id) => change({ from: Number(id), to: to.id, was: undefined, is: undefined })}
        />
        <Choice
          label="To"
          value={String(to.id)}
          options={options}
          onChange={(id) => change({ from: from.id, to: Number(id), was: undefined, is: undefined })}
        />
      </div>
      <Loaded query={flips} skeleton={<Skeleton height={320} />}>
        {(data) => (
          <div className="flips">
            <section className="panel">
              <Matrix
                flips={data}
                search={search}
                onChoose={(was, is) => change({ from: from.id, to: to.id, was, is })}
              />
            </section>
            <section className="panel flips-faces" aria-label="Faces that changed">
              <FlippedFaces flips={data} was={search.was} is={search.is} />
            </section>
          </div>
        )}
      </Loaded>
    </>
  );
}

interface MatrixProps {
  readonly flips: FlipMatrix;
  readonly search: FlipsSearch;
  readonly onChoose: (was: number | undefined, is: number | undefined) => void;
}

function Matrix({ flips, search, onChoose }: MatrixProps): ReactElement {
  const { matrix, compared, changed, onlyFrom, onlyTo } = flips;
  return (
    <>
      <p className="flips-summary">
        <strong>{formatCount(changed)}</strong> of {formatCount(compared)} labels changed (
        {formatShare(compared === 0 ? 0 : changed / compared)}).
        {onlyFrom + onlyTo > 0 && (
          <span className="muted"> {plural(onlyFrom + onlyTo, 'face')} in one of the rounds only.</span>
        )}
      </p>
      <LabelMatrix matrix={matrix} was={search.was} is={search.is} onChoose={onChoose} />
      <p className="muted small">Press a cell to see its faces; once more to see all flips.</p>
    </>
  );
}

interface FlippedFacesProps {
  readonly flips: FlipMatrix;
  readonly was: number | undefined;
  readonly is: number | undefined;
}

function FlippedFaces({ flips, was, is }: FlippedFacesProps): ReactElement {
  const input = { from: flips.from, to: flips.to, fromClass: was, toClass: is, limit: PAGE };
  const pages = useInfiniteQuery({
    queryKey: [...api.rounds.flipped.pathKey(), { input, type: 'infinite' }],
    queryFn: ({ pageParam, signal }) => client.rounds.flipped.query({ ...input, afterId: pageParam }, { signal }),
    initialPageParam: 0,
    getNextPageParam: (page) => page.nextAfterId,
  });
  const faces = pages.data?.pages.flatMap(({ images }) => images) ?? [];
  if (pages.isPending) return <Skeleton height={240} />;
  if (pages.error !== null && faces.length === 0) {
    return <ErrorNote error={pages.error} onRetry={() => void pages.refetch()} />;
  }
  if (faces.length === 0) return <Empty icon="check" title="No label changed" />;
  return (
    <>
      <h2>
        {was === undefined || is === undefined ? 'All flips' : `${expressionAt(was).label} → ${expressionAt(is).label}`}
      </h2>
      <ul className="flip-faces">
        {faces.map((face) => (
          <FlippedFace key={face.image.id} face={face} />
        ))}
      </ul>
      {pages.hasNextPage && (
        <Button isPending={pages.isFetchingNextPage} onPress={() => void pages.fetchNextPage()}>
          Show more faces
        </Button>
      )}
    </>
  );
}

function FlippedFace({ face: { image, from, to } }: { face: FlippedPage['images'][number] }): ReactElement {
  const text = `Face ${image.id}: ${expressionAt(from.label).label} ${from.confidence.toFixed(2)}, now ${expressionAt(to.label).label} ${to.confidence.toFixed(2)}`;
  return (
    <li>
      <Link to="/data" search={{ face: image.id }} className="flip-face" aria-label={text} title={text}>
        <FaceImage id={image.id} size={SIDE} alt="" />
      </Link>
      <span className="flip-labels">
        <ClassLetter index={from.label} />
        <span className="small muted">{from.confidence.toFixed(2).replace(/^0/, '')}</span>→
        <ClassLetter index={to.label} />
        <span className="small muted">{to.confidence.toFixed(2).replace(/^0/, '')}</span>
      </span>
    </li>
  );
}
