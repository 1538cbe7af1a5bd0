import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import { formatDuration } from '#shared/duration.ts';
import type { RoundMap as MapState } from '#shared/map.ts';
import type { Round } from '#shared/rounds.ts';
import { api, downloadBytes } from '../../../api/client.ts';
import { Button } from '../../../components/button.tsx';
import { JobProgress } from '../../../components/job-progress.tsx';
import { Empty, ErrorNote, Loaded, Problem, Skeleton, WarningNote } from '../../../components/states.tsx';
import { formatCount, plural } from '../../../text/format.ts';
import { isActiveJob } from '../../../text/job.ts';
import { readColumns } from './columns.ts';
import { MapPlace } from './map-place.tsx';
import './map.css';

/** The faces of a round in the plane, those that the network finds alike beside each other. */
export function RoundMap({ round }: { round: Round }): ReactElement {
  const state = useQuery(api.map.state.queryOptions({ round: round.id }));
  return (
    <div className="map">
      <Loaded query={state} skeleton={<Skeleton height={420} />}>
        {(data) => <KnownMap round={round} state={data} />}
      </Loaded>
    </div>
  );
}

function KnownMap({ round, state }: { round: Round; state: MapState }): ReactElement {
  const jobs = useQuery(api.jobs.list.queryOptions());
  const make = useMutation(api.map.make.mutationOptions());
  const started = jobs.data?.find(({ id }) => id === (state.job ?? make.data?.id)) ?? make.data;
  const isMaking = started !== undefined && isActiveJob(started);
  const start = (): void => make.mutate({ round: round.id });
  if (state.embeddings === null) {
    return (
      <Empty icon="labels" title="No embeddings to map" action={<Link to="/labels">To the rounds</Link>}>
        A map shows which faces a network finds alike. Label {round.source} with a network and leave “Keep embeddings”
        on, or make a round from a file that holds an embedding column.
      </Empty>
    );
  }
  const failed =
    started?.status === 'failed' && started.error !== null ? (
      <Problem problem={started.error} onRetry={start} />
    ) : make.error !== null ? (
      <ErrorNote error={make.error} onRetry={start} />
    ) : null;
  const button = (
    <Button
      kind={state.map === null ? 'primary' : 'plain'}
      icon={state.map === null ? undefined : 'refresh'}
      isPending={make.isPending}
      onPress={start}
    >
      {state.map === null ? 'Make the map' : 'Make it again'}
    </Button>
  );
  return (
    <>
      {isMaking && (
        <div className="panel map-making">
          <JobProgress job={started} />
        </div>
      )}
      {failed}
      {state.map === null && isMaking && (
        <Empty icon="labels" title="The map is being made">
          It appears here once it is done; other places may be looked at meanwhile.
        </Empty>
      )}
      {state.map === null && !isMaking && (
        <Empty icon="labels" title="No map yet" action={button}>
          {plural(state.embeddings.points, 'face')} will be laid out so that those the network finds alike lie beside
          each other. It takes about {formatDuration(state.estimate ?? 0)}, and goes on if you leave this page.
        </Empty>
      )}
      {state.isStale && !isMaking && (
        <WarningNote action={button}>
          The embeddings have changed since this map was made: it shows where faces were before.
        </WarningNote>
      )}
      {state.map !== null && <ReadyMap round={round} state={state} map={state.map} />}
    </>
  );
}

interface ReadyMapProps {
  readonly round: Round;
  readonly state: MapState;
  readonly map: NonNullable<MapState['map']>;
}

function ReadyMap({ round, state, map }: ReadyMapProps): ReactElement {
  const columns = useQuery({
    queryKey: ['map', round.id, map.madeAt],
    queryFn: async ({ signal }) => readColumns(await downloadBytes(`/map/${round.id}`, signal)),
    // What was decided since is asked for each time the map is opened; nothing of it is kept behind.
    gcTime: 0,
  });
  return (
    <Loaded query={columns} skeleton={<Skeleton height={420} />}>
      {(data) =>
        data.count === 0 ? (
          <Empty icon="labels" title="None of these faces is on the map">
            The embeddings are of {state.embeddings?.name ?? 'another round'}, which has none of the faces of this one.
          </Empty>
        ) : (
          <MapPlace
            round={round}
            columns={data}
            about={<About round={round} state={state} map={map} shown={data.count} />}
          />
        )
      }
    </Loaded>
  );
}

/** How the map came to be, honestly: what was laid out, what was placed, and by whose embeddings. */
function About({ round, state, map, shown }: ReadyMapProps & { readonly shown: number }): ReactElement {
  const { landmarks, points, neighbours, seed, seconds, components } = map;
  const isOther = state.embeddings !== null && state.embeddings.round !== round.id;
  return (
    <p className="map-about muted small">
      {landmarks === points
        ? `All ${formatCount(points)} faces laid out by UMAP`
        : `${formatCount(landmarks)} faces laid out by UMAP, ${formatCount(points - landmarks)} placed between the nearest of them`}
      {`, ${neighbours} neighbours, ${components} of ${state.embeddings?.size ?? components} dimensions, seed ${seed}, in ${formatDuration(seconds)}.`}
      {isOther && ` By the embeddings of ${state.embeddings?.name}.`}
      {shown < points && ` ${formatCount(points - shown)} are not in this round, or are excluded.`}
      {' What lies close is alike; how far groups are apart says little.'}
    </p>
  );
}
