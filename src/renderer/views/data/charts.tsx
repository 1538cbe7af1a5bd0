import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactElement, useEffect, useState } from 'react';
import type { CatalogStats } from '#shared/catalog.ts';
import { type DataMismatch, MEASURES, type Measure } from '#shared/analysis.ts';
import type { MeasureHistogram } from '#shared/faces.ts';
import type { ImageFilter } from '#shared/filter.ts';
import { SPLITS, type Split } from '#shared/images.ts';
import { api } from '../../api/client.ts';
import { ClassBars } from '../../components/class-bars.tsx';
import { Histogram, type HistogramSeries } from '../../components/histogram.tsx';
import { Segments } from '../../components/segments.tsx';
import { CHARTS, setPreferences, usePreferences } from '../../preferences.ts';
import { formatCount } from '../../text/format.ts';
import { ClassesApart } from './classes-apart.tsx';
import { columnsOfFacets, sizesBetween, splitColumns } from './facets.ts';
import { isFiltered, only, toggled } from './search.ts';
import './charts.css';

interface ChartsProps {
  readonly stats: CatalogStats;
  readonly filter: ImageFilter;
  readonly onChange: (filter: ImageFilter) => void;
}

/** What the faces of the filter are like: their classes by split, labeled beside unlabeled, and how they look. Where there is little room, one of them. */
export function Charts({ stats, filter, onChange }: ChartsProps): ReactElement {
  const { chart } = usePreferences();
  const hasUnlabeled = stats.mismatch !== null || (stats.splits.unlabeled?.total ?? 0) > 0;
  const charts = CHARTS.filter((name) => name !== 'mismatch' || hasUnlabeled);
  const shown = charts.includes(chart) ? chart : 'classes';
  return (
    <div className="faces-charts" data-shown={shown}>
      <div className="charts-choice">
        <Segments
          label="Chart"
          value={shown}
          options={charts.map((value) => ({ value, label: CHART_LABELS[value] }))}
          onChange={(value) => setPreferences({ chart: value })}
        />
      </div>
      <Classes stats={stats} filter={filter} onChange={onChange} />
      {hasUnlabeled && <ClassesApart stats={stats} filter={filter} onChange={onChange} />}
      <Looks filter={filter} onChange={onChange} />
    </div>
  );
}

const CHART_LABELS: Readonly<Record<(typeof CHARTS)[number], string>> = {
  classes: 'Classes by split',
  mismatch: 'Labeled and unlabeled',
  looks: 'Quality',
};

function Classes({ stats, filter, onChange }: ChartsProps): ReactElement {
  // Bars are counted under all of the filter but splits and classes, which they choose.
  const { splits, labels, ...rest } = filter;
  const found = useQueries({
    queries: SPLITS.filter((split) => stats.splits[split] !== undefined).map((split) =>
      api.catalog.facets.queryOptions(
        { filter: { ...rest, splits: [split] } },
        { enabled: isFiltered(rest), placeholderData: keepPreviousData, meta: { split } },
      ),
    ),
    combine: (queries) => queries.flatMap(({ data }, index) => (data === undefined ? [] : [{ data, index }])),
  });
  const present = SPLITS.filter((split) => stats.splits[split] !== undefined);
  const columns = isFiltered(rest)
    ? columnsOfFacets(
        found.map(({ data, index }) => ({ split: present[index]!, facets: data })),
        stats.classes.length,
      )
    : splitColumns(stats);
  if (columns.length === 0) {
    return (
      <section className="panel" data-chart="classes">
        <h2>{CHART_LABELS.classes}</h2>
        <p className="muted">No face of these filters has a label of its own.</p>
      </section>
    );
  }
  const isSelected = (split: Split, label: number): boolean =>
    labels?.includes(label) === true && (splits === undefined || splits.includes(split));
  return (
    <section className="panel" data-chart="classes">
      <h2>{CHART_LABELS.classes}</h2>
      <ClassBars
        columns={columns}
        isSelected={isSelected}
        onSelect={(split, label, add) => {
          if (add) {
            const nextLabels =
              labels?.includes(label) === true && isSelected(split, label)
                ? toggled(labels, label)
                : [...new Set([...(labels ?? []), label])];
            onChange({ ...rest, splits: [...new Set([...(splits ?? []), split])], labels: nextLabels });
            return;
          }
          const isAlone = splits?.length === 1 && isSelected(split, label) && labels?.length === 1;
          onChange(isAlone ? rest : { ...rest, splits: only(undefined, split), labels: only(undefined, label) });
        }}
      />
    </section>
  );
}

const MEASURE_LABELS: Readonly<Record<Measure, string>> = {
  brightness: 'Brightness',
  contrast: 'Contrast',
  sharpness: 'Sharpness',
  colourfulness: 'Colour',
  size: 'Shorter side',
};
/** All analyses are gone through for these: they wait until the filter rests. */
const REST_MILLISECONDS = 400;

function Looks({ filter, onChange }: Omit<ChartsProps, 'stats'>): ReactElement {
  const rested = useRested(filter);
  const filtered = isFiltered(rested);
  const spread = useQuery(
    api.catalog.measures.queryOptions({ filter: rested }, { placeholderData: keepPreviousData, enabled: filtered }),
  );
  const mismatch = useQuery(api.catalog.mismatch.queryOptions({}, { enabled: !filtered }));
  const all = useQuery(
    api.catalog.measures.queryOptions(
      { filter: {} },
      { enabled: !filtered && mismatch.data !== undefined && mismatch.data.measures.length === 0 },
    ),
  );
  const compares = !filtered && mismatch.data !== undefined && mismatch.data.measures.length > 0;
  const shown = compares ? comparedSeries(mismatch.data) : singleSeries((filtered ? spread : all).data ?? []);
  const isLoading = (filtered ? spread : mismatch).isPending;
  return (
    <section className="panel looks" data-chart="looks">
      <h2>
        {CHART_LABELS.looks}
        {compares && (
          <span className="looks-key">
            <span className="looks-key-bar" /> labeled <span className="looks-key-line" /> unlabeled
          </span>
        )}
      </h2>
      {shown.size === 0 ? (
        <p className="muted small">
          {isLoading ? (
            'Counting'
          ) : (
            <>
              None of these faces is analyzed yet: <Link to="/data/duplicates">analyze them</Link> to see how dark,
              sharp and large they are.
            </>
          )}
        </p>
      ) : (
        <div className="looks-measures">
          {MEASURES.map((measure) => {
            const one = shown.get(measure);
            if (one === undefined) return null;
            return (
              <figure key={measure}>
                <Histogram
                  label={MEASURE_LABELS[measure]}
                  bounds={one.bounds}
                  series={one.series}
                  {...(measure === 'size' && {
                    onBrush: (from: number, to: number) => onChange({ ...filter, sizes: sizesBetween(from, to) }),
                  })}
                />
                <figcaption title={one.words}>
                  {MEASURE_LABELS[measure]}
                  <span className="muted">
                    {formatCount(one.bounds[0]!)}–{formatCount(one.bounds.at(-1)!)}
                  </span>
                </figcaption>
              </figure>
            );
          })}
        </div>
      )}
    </section>
  );
}

interface ShownMeasure {
  readonly bounds: readonly number[];
  readonly series: readonly HistogramSeries[];
  readonly words: string;
}

function comparedSeries({ measures }: DataMismatch): Map<Measure, ShownMeasure> {
  return new Map(
    measures.map(({ measure, bounds, labeled, unlabeled, words }) => [
      measure,
      {
        bounds,
        words,
        series: [
          { name: 'labeled', shares: labeled.shares },
          { name: 'unlabeled', shares: unlabeled.shares },
        ],
      },
    ]),
  );
}

function singleSeries(histograms: readonly MeasureHistogram[]): Map<Measure, ShownMeasure> {
  return new Map(
    histograms.map(({ measure, bounds, counts, mean }) => {
      const total = counts.reduce((sum, count) => sum + count, 0);
      const shares = counts.map((count) => count / total);
      return [measure, { bounds, series: [{ name: 'faces', shares }], words: `Mean ${mean.toFixed(0)}` }];
    }),
  );
}

/** The value once it has not changed for a while. */
function useRested<Value>(value: Value): Value {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), REST_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [value]);
  return rested;
}
