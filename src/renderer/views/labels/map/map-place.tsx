import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { type ReactElement, type ReactNode, useMemo, useState } from 'react';
import { NO_CLASS } from '#shared/map.ts';
import type { Round } from '#shared/rounds.ts';
import { api, downloadBytes } from '../../../api/client.ts';
import { CompactChoice } from '../../../components/fields.tsx';
import { Segments } from '../../../components/segments.tsx';
import { ErrorNote } from '../../../components/states.tsx';
import { roundOriginText } from '../rounds/round-text.ts';
import { Chosen } from './chosen.tsx';
import {
  COLOURINGS,
  COLOURING_LABELS,
  type Colouring,
  type LegendEntry,
  codesOf,
  countsOf,
  densestPlace,
  legendOf,
} from './colourings.ts';
import { type Columns, readLabelsFor } from './columns.ts';
import { Legend } from './legend.tsx';
import { MapCanvas, type Tool } from './map-canvas.tsx';
import type { PaletteColor } from './scatter.ts';

const route = getRouteApi('/labels/$round');

const TOOL_OPTIONS: readonly { readonly value: Tool; readonly label: string }[] = [
  { value: 'move', label: 'Move' },
  { value: 'lasso', label: 'Lasso' },
  { value: 'rectangle', label: 'Rectangle' },
];
const NOTHING = new Uint32Array();
/** Of points that recede, 0 … 255. */
const FAINT = 90;

interface MapPlaceProps {
  readonly round: Round;
  readonly columns: Columns;
  readonly about: ReactNode;
}

/** The map with what its points are coloured by, and what is done with those that are selected. */
export function MapPlace({ round, columns, about }: MapPlaceProps): ReactElement {
  const { colour = 'predicted', since } = route.useSearch();
  const change = route.useNavigate();
  const navigate = useNavigate();
  const [tool, setTool] = useState<Tool>('move');
  const [selection, setSelection] = useState<Uint32Array>(NOTHING);
  const [hidden, setHidden] = useState<ReadonlySet<number>>(new Set());
  const others = useOthers(round);
  const earlier = since ?? others[0]?.id;
  const before = useQuery({
    queryKey: ['map labels', columns.count, columns.ids[0], earlier],
    queryFn: async ({ signal }) =>
      readLabelsFor(columns, await downloadBytes(`/map/${earlier}/labels`, signal), NO_CLASS),
    enabled: colour === 'flipped' && earlier !== undefined,
    gcTime: 0,
  });
  const codes = useMemo(() => codesOf(colour, columns, before.data ?? null), [colour, columns, before.data]);
  const counts = useMemo(() => countsOf(codes), [codes]);
  const entries = useMemo(() => legendOf(colour, round.classes.length), [colour, round.classes.length]);
  const palette = useMemo(() => paletteOf(entries, hidden), [entries, hidden]);
  const letters = useMemo(
    () =>
      (colour === 'predicted' || colour === 'known' ? entries : []).flatMap(({ code, classIndex }) => {
        const place = classIndex === null || hidden.has(code) ? null : densestPlace(columns, codes, code);
        return place === null || classIndex === null ? [] : [{ classIndex, ...place }];
      }),
    [colour, entries, hidden, columns, codes],
  );
  const show = (next: Colouring): void => {
    setHidden(new Set());
    void change({ search: (old) => ({ ...old, colour: next === 'predicted' ? undefined : next }), replace: true });
  };
  const hide = (next: ReadonlySet<number>): void => {
    setHidden(next);
    setSelection(selection.filter((point) => !next.has(codes[point]!)));
  };
  return (
    <>
      <div className="map-bar">
        <Segments label="Drag to" value={tool} options={TOOL_OPTIONS} onChange={setTool} />
        <span className="row">
          <span className="muted small">Colour by</span>
          <CompactChoice
            label="Colour by"
            value={colour}
            options={COLOURINGS.filter((value) => value !== 'flipped' || others.length > 0).map((value) => ({
              value,
              label: COLOURING_LABELS[value],
            }))}
            onChange={show}
          />
          {colour === 'flipped' && earlier !== undefined && (
            <CompactChoice
              label="Flipped since the round"
              value={String(earlier)}
              options={others.map((other) => ({
                value: String(other.id),
                label: other.name,
                note: roundOriginText(other),
              }))}
              onChange={(value) => void change({ search: (old) => ({ ...old, since: Number(value) }), replace: true })}
            />
          )}
        </span>
      </div>
      {before.error !== null && <ErrorNote error={before.error} onRetry={() => void before.refetch()} />}
      <div className="map-body">
        <MapCanvas
          columns={columns}
          codes={codes}
          palette={palette}
          letters={letters}
          tool={tool}
          selection={selection}
          onSelect={setSelection}
          onOpen={(point) => void navigate({ to: '/data', search: { face: columns.ids[point]! } })}
        />
        <Legend entries={entries} counts={counts} hidden={hidden} onHide={hide} />
      </div>
      <Chosen round={round} columns={columns} selection={selection} onClear={() => setSelection(NOTHING)} />
      {about}
    </>
  );
}

/** Rounds that flips can be counted from: the earlier ones over the same source, the newest first, then the others. */
function useOthers(round: Round): readonly Round[] {
  const rounds = useQuery(api.rounds.list.queryOptions({ source: round.source }));
  const finished = (rounds.data ?? []).filter(({ id, count }) => id !== round.id && count > 0);
  return [...finished.filter(({ id }) => id < round.id), ...finished.filter(({ id }) => id > round.id)];
}

function paletteOf(entries: readonly LegendEntry[], hidden: ReadonlySet<number>): ReadonlyMap<number, PaletteColor> {
  return new Map(
    entries
      .filter(({ code }) => !hidden.has(code))
      .map(({ code, color, isFaint }) => {
        const [red, green, blue] = [1, 3, 5].map((start) => Number.parseInt(color.slice(start, start + 2), 16));
        return [code, [red!, green!, blue!, isFaint ? FAINT : 255]] as const;
      }),
  );
}
