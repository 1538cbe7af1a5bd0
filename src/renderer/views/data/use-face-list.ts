import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { FaceListRequest } from '#shared/faces.ts';
import { api, client } from '../../api/client.ts';
import { FaceWindows, WINDOW } from './face-windows.ts';

/** A list whose first rows are there. */
export interface OpenList {
  readonly key: string;
  readonly windows: FaceWindows;
  /** Position that is in sight at first. */
  readonly start: number;
}

/** Where one was in the lists looked at last, for whoever comes back. */
const STORAGE_KEY = 'face2exp.places';
const PLACES_KEPT = 20;

function places(): Record<string, number> {
  try {
    return JSON.parse(window.sessionStorage.getItem(STORAGE_KEY) ?? '{}') as Record<string, number>;
  } catch {
    return {}; // damaged: as good as none
  }
}

/** Remembers that a position of a list is in sight. */
export function rememberPlace(key: string, position: number): void {
  const { [key]: _before, ...others } = places();
  const kept = [...Object.entries(others), [key, position] as const].slice(-PLACES_KEPT);
  window.sessionStorage.setItem(STORAGE_KEY, JSON.stringify(Object.fromEntries(kept)));
}

/**
 * Opens the list of faces that an address names. The list before stays until the first rows of the next are there, so that nothing flashes.
 * @param face is brought into sight in the first list that is opened, unless one was elsewhere in it. @param total faces of the list, once known.
 */
export function useFaceList(
  list: FaceListRequest,
  { face, total }: { face: number | undefined; total: number | undefined },
): OpenList | null {
  const key = JSON.stringify(list);
  const [open, setOpen] = useState<OpenList | null>(null);
  const opening = useRef<{ key: string; windows: FaceWindows } | null>(null);
  const soughtFace = useRef(face);

  useEffect(() => {
    const request = JSON.parse(key) as FaceListRequest;
    const windows = new FaceWindows((offset, limit) => client.catalog.window.query({ ...request, offset, limit }));
    const sought = soughtFace.current;
    soughtFace.current = undefined;
    opening.current = { key, windows };
    let start = 0;
    const show = (): void => {
      if (windows.isEmpty && windows.error === null) return;
      unsubscribe();
      setOpen({ key, windows, start });
    };
    const unsubscribe = windows.subscribe(show);
    const begin = (position: number): void => {
      start = position;
      windows.show(position, position + WINDOW / 2);
    };
    const known = places()[key];
    if (known !== undefined || sought === undefined) begin(known ?? 0);
    else {
      const asked = client.catalog.position.query({ ...request, id: sought });
      void asked.then(
        (position) => begin(position ?? 0),
        () => begin(0), // the windows themselves will tell what is wrong
      );
    }
    return unsubscribe;
  }, [key]);

  useEffect(() => {
    if (total !== undefined && opening.current?.key === key) opening.current.windows.expect(total);
  }, [key, total]);

  // Stands in for the windows among the queries: asked anew when the catalog has changed.
  const changes = useQuery({
    queryKey: [...api.catalog.window.pathKey(), { type: 'changes' }],
    queryFn: () => Date.now(),
  });
  const refreshed = useRef(changes.data);
  useEffect(() => {
    if (refreshed.current !== undefined && refreshed.current !== changes.data) opening.current?.windows.refresh();
    refreshed.current = changes.data;
  }, [changes.data]);
  return open;
}
