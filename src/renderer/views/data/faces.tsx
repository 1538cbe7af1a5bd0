import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { type ReactElement, useMemo } from 'react';
import type { CatalogStats } from '#shared/catalog.ts';
import { api, client } from '../../api/client.ts';
import { Button } from '../../components/button.tsx';
import { ClassBars } from '../../components/class-bars.tsx';
import { MirroredBars } from '../../components/mirrored-bars.tsx';
import { Empty, ErrorNote, Loaded, Skeleton } from '../../components/states.tsx';
import { setPreferences, usePreferences } from '../../preferences.ts';
import { plural } from '../../text/format.ts';
import { classIndexOf, expressionAt } from '../../text/words.ts';
import { FaceDetails } from './face-details.tsx';
import { FaceGrid } from './face-grid.tsx';
import { FaceSizeSlider } from './face-size-slider.tsx';
import { FacetPanel } from './facet-panel.tsx';
import { type FaceFilter, facetsOf, splitColumns } from './facets.ts';

const route = getRouteApi('/data/');
const PAGE = 500;

/** The grid of faces with its filters and charts; the filter is in the address. */
export function Faces(): ReactElement {
  const stats = useQuery(api.catalog.stats.queryOptions());
  return (
    <Loaded query={stats} skeleton={<FacesSkeleton />}>
      {(data) =>
        data.images === 0 ? (
          <Empty icon="data" title="No images yet" action={<Link to="/data/import">Import images</Link>}>
            Faces of all sources appear here, with how many there are of each class.
          </Empty>
        ) : (
          <FilteredFaces stats={data} />
        )
      }
    </Loaded>
  );
}

function useFilter(): FaceFilter {
  const { source, split, class: name } = route.useSearch();
  return useMemo(() => ({ source, split, label: classIndexOf(name) }), [source, split, name]);
}

/** Pages of images by id, each beginning after the last id of the one before. */
function useImages(filter: FaceFilter) {
  return useInfiniteQuery({
    queryKey: [...api.catalog.images.pathKey(), { input: filter, type: 'infinite' }],
    queryFn: ({ pageParam, signal }) =>
      client.catalog.images.query({ ...filter, afterId: pageParam, limit: PAGE }, { signal }),
    initialPageParam: 0,
    getNextPageParam: (page) => page.nextCursor,
    placeholderData: keepPreviousData,
  });
}

function FilteredFaces({ stats }: { stats: CatalogStats }): ReactElement {
  const filter = useFilter();
  const facets = facetsOf(stats, filter);
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { showCharts, faceSize } = usePreferences();
  const columns = splitColumns(stats);

  const setFilter = (next: FaceFilter): void =>
    void navigate({
      search: {
        source: next.source,
        split: next.split,
        class: next.label === undefined ? undefined : expressionAt(next.label).name,
      },
    });
  return (
    <div className="faces">
      <FacetPanel facets={facets} filter={filter} onChange={setFilter} />
      <div className="faces-main">
        {showCharts && columns.length > 0 && (
          <div className="faces-charts">
            <section className="panel">
              <h2>Classes by split</h2>
              <ClassBars
                columns={columns}
                selected={{ column: filter.split, class: filter.label }}
                onSelect={(split, label) => {
                  const isSelected = filter.split === split && filter.label === label;
                  setFilter(isSelected ? { source: filter.source } : { ...filter, split, label });
                }}
              />
            </section>
            {stats.mismatch !== null && (
              <section className="panel">
                <h2>Labeled and unlabeled</h2>
                <MirroredBars mismatch={stats.mismatch} />
              </section>
            )}
          </div>
        )}
        <div className="faces-bar">
          <strong>{plural(facets.matching, 'face')}</strong>
          <span className="spacer" />
          <Button kind="quiet" onPress={() => setPreferences({ showCharts: !showCharts })}>
            {showCharts ? 'Hide charts' : 'Show charts'}
          </Button>
          <FaceSizeSlider size={faceSize} onChange={(size) => setPreferences({ faceSize: size })} />
        </div>
        <ImageGrid filter={filter} total={facets.matching} size={faceSize} onClear={() => setFilter({})} />
      </div>
      {search.face !== undefined && <FaceDetails id={search.face} />}
    </div>
  );
}

interface ImageGridProps {
  readonly filter: FaceFilter;
  readonly total: number;
  readonly size: number;
  readonly onClear: () => void;
}

function ImageGrid({ filter, total, size, onClear }: ImageGridProps): ReactElement {
  const images = useImages(filter);
  const { face } = route.useSearch();
  const navigate = route.useNavigate();
  const rows = useMemo(() => images.data?.pages.flatMap((page) => page.rows) ?? [], [images.data]);
  if (images.error !== null && rows.length === 0) {
    return <ErrorNote error={images.error} onRetry={() => void images.refetch()} />;
  }
  if (images.isPending) return <Skeleton height={240} />;
  if (rows.length === 0) {
    return (
      <Empty
        icon="search"
        title="No face matches these filters"
        action={<Button onPress={onClear}>Clear filters</Button>}
      />
    );
  }
  return (
    <>
      <FaceGrid
        images={rows}
        total={total}
        size={size}
        selected={face}
        onSelect={(id) => void navigate({ search: (previous) => ({ ...previous, face: id }), replace: true })}
        onNearEnd={() => {
          if (images.hasNextPage && !images.isFetching) void images.fetchNextPage();
        }}
      />
      {images.isFetchNextPageError && <ErrorNote error={images.error} onRetry={() => void images.fetchNextPage()} />}
    </>
  );
}

function FacesSkeleton(): ReactElement {
  return (
    <div className="faces">
      <div className="facets">
        <Skeleton height={320} />
      </div>
      <div className="faces-main">
        <Skeleton height={240} />
        <Skeleton height={320} />
      </div>
    </div>
  );
}
