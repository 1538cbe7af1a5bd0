import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { type ReactElement, useCallback, useEffect, useMemo, useSyncExternalStore } from 'react';
import type { CatalogStats } from '#shared/catalog.ts';
import { DUPLICATE_FILTERS, type ImageFilter } from '#shared/filter.ts';
import type { Sort } from '#shared/query.ts';
import { api, client } from '../../api/client.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { CompactChoice } from '../../components/fields.tsx';
import { Icon } from '../../components/icon.tsx';
import { Empty, ErrorNote, Loaded, Skeleton } from '../../components/states.tsx';
import { setPreferences, usePreferences } from '../../preferences.ts';
import { formatCount, plural } from '../../text/format.ts';
import { Charts } from './charts.tsx';
import { ExportFaces } from './export-faces.tsx';
import { FaceDetails } from './face-details.tsx';
import { FaceGrid, type Gesture } from './face-grid.tsx';
import { FaceSizeSlider } from './face-size-slider.tsx';
import { FacetPanel } from './facet-panel.tsx';
import type { Facet } from './facets.ts';
import { SavedViews } from './saved-views.tsx';
import { type DataSearch, filterOfSearch, isFiltered, listOfSearch, searchOfFilter, sortsOf } from './search.ts';
import {
  EVERYTHING,
  type FaceSelection,
  NOTHING,
  isSelected,
  onlyFaces,
  pickOf,
  selectedCount,
  selectionOf,
  withFaces,
} from './selection.ts';
import { SelectionBar } from './selection-bar.tsx';
import { SimilarNote } from './similar-note.tsx';
import { tellError } from './undo.ts';
import { type OpenList, rememberPlace, useFaceList } from './use-face-list.ts';
import './faces.css';

const route = getRouteApi('/data/');

const SORT_LABELS: Readonly<Record<Sort, string>> = {
  id: 'As imported',
  path: 'Path',
  label: 'Class',
  identity: 'Person',
  size: 'Size',
  confidence: 'Confidence',
  margin: 'Margin',
  similarity: 'Similarity',
};

/** The grid of faces with its filters and charts; filter, order, selection and the face looked at are in the address. */
export function Faces(): ReactElement {
  const stats = useQuery(api.catalog.stats.queryOptions());
  return (
    <Loaded query={stats} skeleton={<FacesSkeleton />}>
      {(data) =>
        data.sources.every(({ total }) => total === 0) && data.images === 0 && data.sources.length === 0 ? (
          <Empty
            icon="data"
            title="No images yet"
            action={
              <Link to="/data/import" className="button button-primary">
                Import images
              </Link>
            }
          >
            Faces of all sources appear here, with how many there are of each class.
          </Empty>
        ) : (
          <FilteredFaces stats={data} />
        )
      }
    </Loaded>
  );
}

function FilteredFaces({ stats }: { stats: CatalogStats }): ReactElement {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { showCharts, showDetails, faceSize } = usePreferences();
  const list = useMemo(() => listOfSearch(search), [search]);
  const { filter } = list;
  const sorts = sortsOf(filter);
  const facets = useQuery(api.catalog.facets.queryOptions({ filter }, { placeholderData: keepPreviousData }));
  const total = facets.isPlaceholderData ? undefined : facets.data?.total;
  const open = useFaceList(list, { face: search.face, total });
  useDetailsKey();

  const setFilter = useCallback(
    (next: ImageFilter): void =>
      void navigate({ search: (before) => ({ ...before, ...searchOfFilter(next), pick: undefined }) }),
    [navigate],
  );
  const change = useCallback(
    (part: Partial<DataSearch>): void =>
      void navigate({ search: (before) => ({ ...before, ...part }), replace: true, resetScroll: false }),
    [navigate],
  );
  const select = useCallback((selection: FaceSelection): void => change({ pick: pickOf(selection) }), [change]);
  const selection = useMemo(() => selectionOf(search.pick), [search.pick]);
  const listed = useListedTotal(open);
  const shownTotal = listed ?? facets.data?.total ?? 0;
  const selected = selectedCount(selection, shownTotal);

  return (
    <div className="faces">
      {facets.data === undefined ? (
        facets.error === null ? (
          <div className="facets">
            <Skeleton height={320} />
          </div>
        ) : (
          <div className="facets">
            {isFiltered(filter) && (
              <Button kind="quiet" icon="close" onPress={() => setFilter({})}>
                Clear filters
              </Button>
            )}
            {/* What is wrong with similar faces is told where they would be. */}
            {filter.similarTo === undefined && <ErrorNote error={facets.error} onRetry={() => void facets.refetch()} />}
          </div>
        )
      ) : (
        <Facets facets={facets.data} filter={filter} onChange={setFilter} />
      )}
      <div className="faces-main">
        {showCharts && <Charts stats={stats} filter={filter} onChange={setFilter} />}
        {filter.similarTo !== undefined && (
          <SimilarNote filter={filter} onClear={() => setFilter({ ...filter, similarTo: undefined })} />
        )}
        <div className="faces-bar">
          <strong role="status">
            {facets.data === undefined ? ' ' : plural(shownTotal, 'face')}
            {facets.data?.complete === false && listed === facets.data.total && ' or more'}
          </strong>
          {isFiltered(filter) && <span className="muted">of {formatCount(stats.images)}</span>}
          <span className="spacer" />
          <CompactChoice
            label="Order"
            value={list.sort}
            options={sorts.map((value) => ({ value, label: SORT_LABELS[value] }))}
            onChange={(sort) => change({ sort: sort === sorts[0] ? undefined : sort })}
          />
          <IconButton
            icon={list.descending ? 'sortDown' : 'sortUp'}
            label={list.descending ? 'From the last on' : 'From the first on'}
            onPress={() => change({ order: list.descending ? undefined : 'descending' })}
          />
          <Link to="/data/subsets" search={searchOfFilter(filter)} className="button button-quiet">
            <Icon name="plus" />
            Subset
          </Link>
          <SavedViews search={search} onOpen={(saved) => void navigate({ search: saved })} />
          <ExportFaces isQuiet label="Export" what={plural(shownTotal, 'face')} selection={{ filter, except: [] }} />
          <IconButton
            icon="bars"
            label={showCharts ? 'Hide charts' : 'Show charts'}
            onPress={() => setPreferences({ showCharts: !showCharts })}
          />
          <FaceSizeSlider size={faceSize} onChange={(size) => setPreferences({ faceSize: size })} />
          <IconButton
            icon="details"
            label={showDetails ? 'Hide details' : 'Show details'}
            onPress={() => setPreferences({ showDetails: !showDetails })}
          />
        </div>
        <Grid
          open={open}
          search={search}
          size={faceSize}
          selection={selection}
          onSelect={select}
          onLook={(face) => change({ face })}
          onClearFilter={() => setFilter({})}
        />
        {selected > 0 && (
          <SelectionBar
            selection={selection}
            filter={filter}
            total={shownTotal}
            onSelectAll={() => select(EVERYTHING)}
            onClear={() => select(NOTHING)}
          />
        )}
      </div>
      {showDetails && (
        <FaceDetails
          id={search.face}
          onLook={(face) => change({ face })}
          onClose={() => setPreferences({ showDetails: false })}
        />
      )}
    </div>
  );
}

function Facets(props: Omit<Parameters<typeof FacetPanel>[0], 'duplicates'>): ReactElement {
  const duplicates = useDuplicateFacets(props.filter);
  return <FacetPanel {...props} duplicates={duplicates} />;
}

/** Images of each kind of duplicates under the rest of the filter; those that there are none of are left out. */
function useDuplicateFacets({ duplicates, ...rest }: ImageFilter): Facet<(typeof DUPLICATE_FILTERS)[number]>[] {
  const summary = useQuery(api.catalog.analysisSummary.queryOptions());
  const wanted = DUPLICATE_FILTERS.filter((kind) => {
    const found = kind.startsWith('exact') ? summary.data?.exact : summary.data?.near;
    if (kind === duplicates) return true;
    if (found === null || found === undefined) return false;
    if (kind.endsWith('leak')) return found.leaks > 0;
    return kind.endsWith('contradiction') ? found.contradictions > 0 : found.groups > 0;
  });
  return useQueries({
    queries: wanted.map((kind) =>
      api.catalog.facets.queryOptions({ filter: { ...rest, duplicates: kind } }, { placeholderData: keepPreviousData }),
    ),
    combine: (queries) =>
      queries.flatMap(({ data }, index) => (data === undefined ? [] : [{ value: wanted[index]!, count: data.total }])),
  });
}

interface GridProps {
  readonly open: OpenList | null;
  readonly search: DataSearch;
  readonly size: number;
  readonly selection: FaceSelection;
  readonly onSelect: (selection: FaceSelection) => void;
  readonly onLook: (face: number) => void;
  readonly onClearFilter: () => void;
}

function Grid({ open, search, size, selection, onSelect, onLook, onClearFilter }: GridProps): ReactElement {
  useListState(open);
  if (open === null) return <GridSkeleton size={size} />;
  const { windows, key, start } = open;
  if (windows.isEmpty && windows.error !== null) {
    return <ErrorNote error={windows.error} onRetry={() => windows.retry()} />;
  }
  if (windows.total === 0) {
    return isFiltered(filterOfSearch(search)) ? (
      <Empty
        icon="search"
        title="No face matches these filters"
        action={<Button onPress={onClearFilter}>Clear filters</Button>}
      />
    ) : (
      <Empty
        icon="excluded"
        title="Every face is excluded"
        action={
          <Link to="/data/exclusions" className="button button-plain">
            See the log
          </Link>
        }
      />
    );
  }
  const choose = async (position: number, gesture: Gesture, anchor: number): Promise<void> => {
    const id = windows.row(position)?.id;
    if (gesture === 'range') {
      const list = listOfSearch(search);
      try {
        const ids = await client.catalog.range.query({ ...list, from: anchor, to: position });
        onSelect(onlyFaces(ids));
      } catch (error) {
        tellError(error);
      }
    } else if (id !== undefined) {
      const next = gesture === 'only' ? onlyFaces([id]) : withFaces(selection, [id], !isSelected(selection, id));
      onSelect(next);
    }
  };
  return (
    <FaceGrid
      key={key}
      windows={windows}
      size={size}
      start={start}
      selection={selection}
      onSelect={(position, gesture, anchor) => void choose(position, gesture, anchor)}
      onSelectAll={() => onSelect(EVERYTHING)}
      onClear={() => onSelect(NOTHING)}
      onLook={(position) => {
        const id = windows.row(position)?.id;
        if (id !== undefined) onLook(id);
      }}
      onScroll={(position) => rememberPlace(key, position)}
    />
  );
}

const NEVER = (): (() => void) => () => undefined;

/** How many faces the open list has, as far as that is known. */
function useListedTotal(open: OpenList | null): number | null {
  return useSyncExternalStore(open?.windows.subscribe ?? NEVER, () => open?.windows.total ?? null);
}

/** Draws anew when the open list gets or loses its rows, or fails; the grid itself follows every row. */
function useListState(open: OpenList | null): void {
  useSyncExternalStore(open?.windows.subscribe ?? NEVER, () => {
    const windows = open?.windows;
    return `${windows?.total === 0} ${windows?.isEmpty} ${windows?.error === null}`;
  });
}

/** ⌘I or Ctrl+I shows and hides the details. */
function useDetailsKey(): void {
  const { showDetails } = usePreferences();
  useEffect(() => {
    const handle = (event: KeyboardEvent): void => {
      if (!(event.metaKey || event.ctrlKey) || event.key.toLowerCase() !== 'i') return;
      event.preventDefault();
      setPreferences({ showDetails: !showDetails });
    };
    window.addEventListener('keydown', handle);
    return () => window.removeEventListener('keydown', handle);
  }, [showDetails]);
}

function GridSkeleton({ size }: { size: number }): ReactElement {
  return (
    <div
      className="face-grid face-grid-waiting"
      aria-busy="true"
      style={{ gridTemplateColumns: `repeat(auto-fill, minmax(${size}px, 1fr))` }}
    >
      <span className="visually-hidden">Loading</span>
      {Array.from({ length: 60 }, (_, index) => (
        <div key={index} className="skeleton" style={{ aspectRatio: 1 }} />
      ))}
    </div>
  );
}

function FacesSkeleton(): ReactElement {
  return (
    <div className="faces">
      <div className="facets">
        <Skeleton height={320} />
      </div>
      <div className="faces-main">
        <Skeleton height={200} />
        <Skeleton height={320} />
      </div>
    </div>
  );
}
