import { Link, useSearch } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import { Icon } from '../../components/icon.tsx';

/** Leads to the faces that are most like one; a round that is looked at stays, and gives its own measure where it has one. */
export function FindSimilar({ id }: { id: number }): ReactElement {
  const { round } = useSearch({ from: '/data/' });
  return (
    <Link to="/data" search={{ similar: id, face: id, round }} className="button button-plain">
      <Icon name="search" />
      Find similar
    </Link>
  );
}
