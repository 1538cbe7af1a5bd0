import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactElement, useId } from 'react';
import type { NearImage } from '#shared/map.ts';
import type { Round } from '#shared/rounds.ts';
import { api } from '../../../api/client.ts';
import { ClassLetter } from '../../../components/class-mark.tsx';
import { FaceImage } from '../../../components/face-image.tsx';
import { ErrorNote } from '../../../components/states.tsx';
import { formatCount } from '../../../text/format.ts';
import { expressionAt } from '../../../text/words.ts';

const SIDE = 48;

interface NearestFacesProps {
  /** The face that the person rests on. */
  readonly image: number;
  /** Whether it is the one shown; else the answer would be of another. */
  readonly isCurrent: boolean;
  readonly round: Round;
  readonly against: number | null;
}

/** The faces that the network finds most alike, with their labels; nothing where no embeddings were kept. */
export function NearestFaces({ image, isCurrent, round, against }: NearestFacesProps): ReactElement | null {
  const heading = useId();
  const nearest = useQuery({
    // The same round and rival as the queue: its ranking is at hand, and the answer takes a millisecond.
    ...api.review.nearest.queryOptions({ round: round.id, against: against ?? undefined, image }),
    enabled: isCurrent,
  });
  if (nearest.data === null) return null;
  return (
    <section aria-labelledby={heading}>
      <h3 id={heading}>Nearest faces</h3>
      {nearest.error !== null ? (
        <ErrorNote error={nearest.error} onRetry={() => void nearest.refetch()} />
      ) : (
        // As high before the answer as after it, so that nothing jumps.
        <ul className="nearest">
          {isCurrent && nearest.data?.map((face) => <NearFace key={face.image} face={face} />)}
        </ul>
      )}
    </section>
  );
}

function NearFace({ face: { image, label, isGiven, distance } }: { face: NearImage }): ReactElement {
  // A face and its copy may come out a hair below nothing.
  const apart = Math.max(0, distance);
  const text = `Face ${formatCount(image)}, ${isGiven ? 'labeled' : 'pseudo label'} ${expressionAt(label).label}, distance ${apart.toFixed(3)}`;
  return (
    <li>
      <Link to="/data" search={{ face: image }} className="near-face" aria-label={text} title={text}>
        <FaceImage id={image} size={SIDE} alt="" />
        <ClassLetter index={label} />
      </Link>
      <span className="muted">{apart.toFixed(2)}</span>
    </li>
  );
}
