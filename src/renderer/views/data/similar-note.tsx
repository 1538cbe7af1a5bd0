import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import type { SimilarFaces } from '#shared/faces.ts';
import type { ImageFilter } from '#shared/filter.ts';
import { api } from '../../api/client.ts';
import { IconButton } from '../../components/button.tsx';
import { FaceImage } from '../../components/face-image.tsx';
import { formatCount } from '../../text/format.ts';
import './similar-note.css';

const SIDE = 32;

/** Which face the others are like, and by what that was found; what is wrong is told in the place of the faces. */
export function SimilarNote({ filter, onClear }: { filter: ImageFilter; onClear: () => void }): ReactElement {
  const similar = useQuery(api.catalog.similar.queryOptions({ filter }, { retry: false }));
  const image = filter.similarTo!;
  return (
    <div className="similar-note" role="note" aria-label="Similar faces">
      <FaceImage key={image} id={image} size={SIDE} alt={`Face ${image}`} />
      <span>
        <strong>Most like face {formatCount(image)}</strong>
        {similar.data !== undefined && <Measure {...similar.data} />}
      </span>
      <IconButton icon="close" label="Clear similar faces" onPress={onClear} />
    </div>
  );
}

function Measure({ measure, round, compared, count }: SimilarFaces): ReactElement {
  const nearest = `the nearest ${formatCount(count)} of ${formatCount(compared)} faces`;
  if (measure === 'embeddings' && round !== null) {
    return (
      <span className="muted">
        {` ${nearest}, by what the network of `}
        <Link to="/labels/$round" params={{ round: String(round.id) }}>
          {round.name}
        </Link>
        {' saw (cosine distance)'}
      </span>
    );
  }
  return (
    <span className="muted">
      {` ${nearest}, by their perceptual hashes: alike in light and shape, whoever they show. A round of pseudo labels with embeddings compares what a network saw.`}
    </span>
  );
}
