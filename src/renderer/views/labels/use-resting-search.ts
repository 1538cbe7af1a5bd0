import { getRouteApi } from '@tanstack/react-router';
import { useEffect } from 'react';
import type { RoundSearch } from './search.ts';

const route = getRouteApi('/labels/$round');

/** Puts one part of what is seen of a round into its address, once it has not changed for a while. */
export function useRestingSearch<Part extends 'at' | 'accept'>(
  part: Part,
  value: RoundSearch[Part],
  milliseconds: number,
): void {
  const { round } = route.useParams();
  const navigate = route.useNavigate();
  useEffect(() => {
    const timer = setTimeout(() => {
      // The person may be on the way to another place, whose page is still being fetched.
      if (window.location.pathname !== `/labels/${round}`) return;
      void navigate({
        search: (before) => (before[part] === value ? before : { ...before, [part]: value }),
        replace: true,
        resetScroll: false,
      });
    }, milliseconds);
    return () => clearTimeout(timer);
  }, [round, navigate, part, value, milliseconds]);
}
