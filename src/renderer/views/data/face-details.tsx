import { useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import type { ImageRow } from '#shared/catalog.ts';
import { api } from '../../api/client.ts';
import { IconButton } from '../../components/button.tsx';
import { ClassMark } from '../../components/class-mark.tsx';
import { FaceImage } from '../../components/face-image.tsx';
import { Empty, Loaded, Skeleton } from '../../components/states.tsx';
import { SPLIT_LABELS } from '../../text/words.ts';

const route = getRouteApi('/data/');
const SIDE = 288;

/** The selected face, large, with everything the catalog knows of it. */
export function FaceDetails({ id }: { id: number }): ReactElement {
  const page = useQuery(api.catalog.images.queryOptions({ afterId: id - 1, limit: 1 }));
  const navigate = route.useNavigate();
  const close = (): void => void navigate({ search: (previous) => ({ ...previous, face: undefined }), replace: true });
  return (
    <aside className="details" aria-label="Selected face">
      <div className="row">
        <h2>Face {id}</h2>
        <span className="spacer" />
        <IconButton icon="close" label="Close details" onPress={close} />
      </div>
      <Loaded query={page} skeleton={<Skeleton height={SIDE} />}>
        {({ rows }) =>
          rows[0]?.id === id ? <Facts image={rows[0]} /> : <Empty icon="search" title="This face is no longer here" />
        }
      </Loaded>
    </aside>
  );
}

function Facts({ image }: { image: ImageRow }): ReactElement {
  const facts = [
    ['Class', image.label === null ? 'Unlabeled' : <ClassMark key="class" index={image.label} />],
    ['Split', SPLIT_LABELS[image.split]],
    ['Source', image.source],
    ['Person', image.identity ?? '–'],
    ['Pixels', image.width === null ? '–' : `${image.width} × ${image.height}`],
    ['File', <code key="file">{image.path}</code>],
  ] as const;
  return (
    <>
      <div className="details-face">
        <FaceImage key={image.id} id={image.id} size={SIDE} alt={`Face ${image.id}`} />
      </div>
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Link to="/predict" search={{ face: image.id }} className="button button-plain">
        Predict this face
      </Link>
    </>
  );
}
