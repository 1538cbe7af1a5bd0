import { useMutation } from '@tanstack/react-query';
import { Link, getRouteApi, useNavigate } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import { MOST_PICKED } from '#shared/map.ts';
import type { Round } from '#shared/rounds.ts';
import { api } from '../../../api/client.ts';
import { Button } from '../../../components/button.tsx';
import { FaceImage } from '../../../components/face-image.tsx';
import { ErrorNote } from '../../../components/states.tsx';
import { formatCount, plural } from '../../../text/format.ts';
import { sourceSearch } from '../../data/search.ts';
import { onlyFaces, pickOf } from '../../data/selection.ts';
import type { Columns } from './columns.ts';

const route = getRouteApi('/labels/$round');
const SIDE = 40;
/** Faces that stand for all that are selected. */
const SHOWN = 10;

interface ChosenProps {
  readonly round: Round;
  readonly columns: Columns;
  readonly selection: Uint32Array;
  readonly onClear: () => void;
}

/** What can be done with the faces that were selected on the map. */
export function Chosen({ round, columns, selection, onClear }: ChosenProps): ReactElement {
  const review = route.useNavigate();
  const navigate = useNavigate();
  const pick = useMutation(
    api.map.pick.mutationOptions({
      onSuccess: ({ id }) =>
        review({
          search: (before) => ({
            ...before,
            ...{ view: undefined, queue: undefined, label: undefined, at: undefined },
            picked: id,
          }),
        }),
    }),
  );
  const idsOf = (): number[] => Array.from(selection, (point) => columns.ids[point]!);
  const isTooMany = selection.length > MOST_PICKED;
  const step = Math.max(1, Math.floor(selection.length / SHOWN));
  const some = selection.filter((_, place) => place % step === 0).subarray(0, SHOWN);
  // The bar is there from the beginning: the map must not change its size under the hand that selects.
  if (selection.length === 0) {
    return (
      <section className="map-chosen" aria-label="Selected faces">
        <p className="muted small">
          Draw a lasso or a rectangle to select faces, also with Shift while you move. The wheel zooms, a click opens a
          face.
        </p>
      </section>
    );
  }
  return (
    <section className="map-chosen" aria-label="Selected faces">
      <div className="row">
        <strong role="status">{plural(selection.length, 'face')} selected</strong>
        <Button
          kind="primary"
          icon="labels"
          isDisabled={isTooMany}
          isPending={pick.isPending}
          onPress={() => pick.mutate({ round: round.id, images: idsOf() })}
        >
          Review these {formatCount(selection.length)}
        </Button>
        <Button
          icon="data"
          isDisabled={isTooMany}
          onPress={() =>
            void navigate({ to: '/data', search: { ...sourceSearch(round.source), pick: pickOf(onlyFaces(idsOf())) } })
          }
        >
          Open in Data
        </Button>
        <Button kind="quiet" onPress={onClear}>
          Clear
        </Button>
        <span className="map-some" aria-hidden="true">
          {Array.from(some, (point) => (
            <Link
              key={columns.ids[point]!}
              to="/data"
              search={{ face: columns.ids[point]! }}
              tabIndex={-1}
              style={{ width: SIDE, height: SIDE }}
            >
              <FaceImage id={columns.ids[point]!} size={SIDE} alt="" />
            </Link>
          ))}
        </span>
      </div>
      {isTooMany && (
        <p className="muted small">
          {formatCount(MOST_PICKED)} faces are the most that can be chosen one by one: draw a smaller outline, or hide
          classes first.
        </p>
      )}
      {pick.error !== null && <ErrorNote error={pick.error} />}
    </section>
  );
}
