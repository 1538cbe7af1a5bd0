import { useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import type { Round } from '#shared/rounds.ts';
import { api } from '../../api/client.ts';
import { Empty, Loaded, Skeleton } from '../../components/states.tsx';
import { lazyPlace } from '../../lazy-place.tsx';
import { RoundHead } from './rounds/round-head.tsx';
import './labels.css';
import './review.css';

const route = getRouteApi('/labels/$round');

const QueueReview = lazyPlace(() => import('./review/queue-review.tsx'), 'QueueReview');
const GridReview = lazyPlace(() => import('./review/grid-review.tsx'), 'GridReview');
const RoundMap = lazyPlace(() => import('./map/round-map.tsx'), 'RoundMap');
const RoundCharts = lazyPlace(() => import('./rounds/round-charts.tsx'), 'RoundCharts');

/** One round: what thresholds would accept, and its labels in the order of suspicion, to be looked through. */
export function RoundPage(): ReactElement {
  const { round: text } = route.useParams();
  const id = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  const round = useQuery(api.rounds.get.queryOptions({ id }));
  return (
    <div className="round">
      <Loaded query={round} skeleton={<Skeleton height={128} />}>
        {(data) => (
          <>
            <RoundHead key={data.id} round={data} />
            <RoundView round={data} />
          </>
        )}
      </Loaded>
    </div>
  );
}

function RoundView({ round }: { round: Round }): ReactElement {
  const { view } = route.useSearch();
  if (round.count === 0) {
    return (
      <Empty icon="labels" title="No labels yet" action={<Link to="/labels">Back to the rounds</Link>}>
        Its faces are here once the first of them are labeled.
      </Empty>
    );
  }
  switch (view) {
    case 'grid':
      return <GridReview key={round.id} round={round} />;
    case 'map':
      return <RoundMap key={round.id} round={round} />;
    case 'charts':
      return <RoundCharts round={round} />;
    default:
      return <QueueReview key={round.id} round={round} />;
  }
}
