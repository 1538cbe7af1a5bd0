import { type ErrorComponentProps, Link, useRouter } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import { Empty, ErrorNote } from '../components/states.tsx';

export function NotFound(): ReactElement {
  return (
    <Empty icon="search" title="There is no such place" action={<Link to="/">Go to the overview</Link>}>
      The address may be of another version of the studio.
    </Empty>
  );
}

/** A fault of the window itself: said in place, and the place can be drawn anew. */
export function PlaceError({ error, reset }: ErrorComponentProps): ReactElement {
  const router = useRouter();
  return (
    <div className="place">
      <ErrorNote
        error={error}
        onRetry={() => {
          reset();
          void router.invalidate();
        }}
      />
    </div>
  );
}
