import { type UseQueryResult, useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactElement, useEffect, useEffectEvent } from 'react';
import type { ImagePrediction, Neighbor } from '#shared/prediction.ts';
import type { ModelRequest } from '#shared/requests.ts';
import type { NetworkName } from '#shared/training.ts';
import { api } from '../../api/client.ts';
import { Button } from '../../components/button.tsx';
import { FaceImage } from '../../components/face-image.tsx';
import { JobProgress } from '../../components/job-progress.tsx';
import { ErrorNote, Loaded, Problem, Skeleton } from '../../components/states.tsx';
import { isActiveJob } from '../../text/job.ts';
import { NETWORK_LABELS } from '../../text/words.ts';
import { ClassNameLetter } from './class-name.tsx';
import { labelOfClass } from './classes.ts';

interface NeighborsProps {
  readonly query: UseQueryResult<ImagePrediction>;
  readonly selected: number;
  readonly model: ModelRequest;
  readonly networks: readonly NetworkName[] | undefined;
  readonly split: 'train' | 'validation' | 'test';
}

const SIDE = 64;
const SHOWN = 6;

/** The labeled faces that each network finds most alike; they must have been compared once. */
export function Neighbors({ query, selected, model, networks, split }: NeighborsProps): ReactElement {
  return (
    <section className="stack" aria-labelledby="neighbors">
      <h2 id="neighbors">Nearest labeled faces</h2>
      <Loaded query={query} skeleton={<Skeleton height={SIDE + 24} />}>
        {({ faces }) => {
          const face = faces[selected] ?? faces[0];
          const known = face?.networks.filter(({ neighbors }) => neighbors !== null) ?? [];
          if (known.length === 0) {
            return <Compare model={model} networks={networks} split={split} onDone={() => void query.refetch()} />;
          }
          return known.map(({ network, neighbors }) => (
            <div key={network} className="neighbors">
              <h3>{NETWORK_LABELS[network]}</h3>
              <ul>
                {neighbors!.slice(0, SHOWN).map((neighbor) => (
                  <NeighborFace key={neighbor.image} neighbor={neighbor} />
                ))}
              </ul>
            </div>
          ));
        }}
      </Loaded>
    </section>
  );
}

function NeighborFace({ neighbor: { image, class: name, distance } }: { neighbor: Neighbor }): ReactElement {
  // A face and itself may come out a hair below nothing.
  const apart = Math.max(0, distance);
  const text = `Face ${image}, ${labelOfClass(name)}, distance ${apart.toFixed(3)}`;
  return (
    <li>
      <Link to="/data" search={{ face: image }} className="neighbor" aria-label={text} title={text}>
        <FaceImage id={image} size={SIDE} alt="" />
        <ClassNameLetter name={name} />
      </Link>
      <span className="muted small">{apart.toFixed(2)}</span>
    </li>
  );
}

interface CompareProps extends Omit<NeighborsProps, 'query' | 'selected'> {
  readonly onDone: () => void;
}

/** Comparing takes a forward pass over all labeled faces of the split, once for each network as it is now. */
function Compare({ model, networks, split, onDone }: CompareProps): ReactElement {
  const indexing = useMutation(api.prediction.indexNeighbors.mutationOptions());
  const jobs = useQuery({ ...api.jobs.list.queryOptions(), enabled: indexing.data !== undefined });
  const job = jobs.data?.find(({ id }) => id === indexing.data?.id) ?? indexing.data;
  const isDone = job?.status === 'finished';
  const done = useEffectEvent(onDone);
  useEffect(() => {
    if (isDone) done();
  }, [isDone]);
  const start = (): void => indexing.mutate({ model, networks: networks && [...networks], place: { split } });
  return (
    <div className="stack">
      <p className="muted">
        {labelsOf(split)} must be looked at once by {networks?.length === 1 ? 'this network' : 'these networks'} before
        the nearest can be told.
      </p>
      {job !== undefined && isActiveJob(job) && <JobProgress job={job} />}
      {job?.status === 'failed' && job.error !== null && <Problem problem={job.error} />}
      {indexing.error !== null && <ErrorNote error={indexing.error} onRetry={start} />}
      <div className="row">
        <Button isPending={indexing.isPending || (job !== undefined && isActiveJob(job))} onPress={start}>
          Compare with the labeled faces
        </Button>
      </div>
    </div>
  );
}

function labelsOf(split: string): string {
  return `The labeled faces of the ${split} split`;
}
