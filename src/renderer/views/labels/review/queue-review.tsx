import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import type { Round } from '#shared/rounds.ts';
import { api, client } from '../../../api/client.ts';
import { Loaded, Skeleton } from '../../../components/states.tsx';
import { outboxOf } from './host.ts';
import { QueueList } from './queue-list.tsx';
import { useReviewer } from './reviewer.ts';
import { type QueueFace, PAGE, type Said } from './session.ts';
import { Sitting } from './sitting.tsx';

const route = getRouteApi('/labels/$round');

/** The labels of a round one by one, the most suspicious first. */
export function QueueReview({ round }: { round: Round }): ReactElement {
  const { queue = 'mixed', label, picked, against, at = 0 } = route.useSearch();
  const workspace = useQuery(api.system.workspace.queryOptions());
  const queues = useQuery(api.review.queues.queryOptions({ round: round.id, against }));
  const reviewer = useReviewer();
  return (
    <div className="review">
      <aside className="review-queues" aria-label="Queues">
        <Loaded query={queues} skeleton={<Skeleton height={420} />}>
          {(list) => (
            <QueueList
              list={list}
              round={round}
              shown={picked === undefined ? queue : 'map'}
              picked={picked}
              label={label}
              against={against}
            />
          )}
        </Loaded>
      </aside>
      {queues.data === undefined || workspace.data === undefined ? (
        queues.error === null && (
          <>
            <div className="review-main">
              <Skeleton height={420} />
            </div>
            <Skeleton height={420} />
          </>
        )
      ) : (
        <Sitting
          key={`${picked ?? queue}/${label ?? ''}/${queues.data.against ?? ''}/${reviewer ?? ''}`}
          round={round}
          queue={picked === undefined ? queue : 'map'}
          against={queues.data.against}
          reviewer={reviewer}
          outbox={outboxOf(workspace.data.directory)}
          start={at}
          load={(from) =>
            loadFaces({ round: round.id, queue, label, picked, against: queues.data?.against ?? undefined, from })
          }
        />
      )}
    </div>
  );
}

interface Wanted {
  readonly round: number;
  readonly queue: Parameters<typeof client.review.queue.query>[0]['queue'];
  readonly label: number | undefined;
  readonly picked: string | undefined;
  readonly against: number | undefined;
  readonly from: number;
}

/** A page of a queue with what both networks say of its faces. */
async function loadFaces({ round, queue, label, picked, against, from }: Wanted) {
  // Whoever chose faces wants exactly these, decided or not.
  const chosen = picked === undefined ? {} : { picked, undecidedOnly: false };
  const page = await client.review.queue.query({ round, queue, label, against, from, limit: PAGE, ...chosen });
  const images = page.suspects.map(({ image }) => image.id);
  const [own, others] = await Promise.all([
    saidOf(round, images),
    against === undefined ? new Map<number, Said>() : saidOf(against, images),
  ]);
  const faces = page.suspects.map((suspect): QueueFace => {
    const id = suspect.image.id;
    return { ...suspect, said: own.get(id) ?? null, other: others.get(id) ?? null };
  });
  return { page, faces };
}

async function saidOf(id: number, images: number[]): Promise<ReadonlyMap<number, Said>> {
  if (images.length === 0) return new Map();
  const labels = await client.rounds.labels.query({ id, images });
  return new Map(labels.map((label) => [label.image, label]));
}
