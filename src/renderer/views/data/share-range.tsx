import type { ReactElement } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import type { ShareRange } from '#shared/filter.ts';
import { SHARE_BINS } from '#shared/query.ts';
import { NumberInput } from '../../components/fields.tsx';
import { Histogram } from '../../components/histogram.tsx';
import { Icon } from '../../components/icon.tsx';
import { rangeWords } from './filter-words.ts';
import './share-range.css';

interface ShareRangeFacetProps {
  readonly title: string;
  /** Images of each bin from 0 to 1, under the other parts of the filter. */
  readonly counts: readonly number[];
  readonly range: ShareRange | undefined;
  readonly onChange: (range: ShareRange | undefined) => void;
}

/** Bounds of the bins in percent: whole numbers, so that what is brushed is what the host counted. */
const BOUNDS = Array.from({ length: SHARE_BINS + 1 }, (_, bin) => (100 * bin) / SHARE_BINS);

/** How a share of 0 to 1 is spread, with the stretch of it that is filtered by: brushed over, or typed. */
export function ShareRangeFacet({ title, counts, range, onChange }: ShareRangeFacetProps): ReactElement {
  const total = Math.max(
    1,
    counts.reduce((sum, count) => sum + count, 0),
  );
  const [from, to] = range === undefined ? [0, 100] : [percent(range.from), percent(range.to)];
  const choose = (first: number, last: number): void => {
    if (!(first < last)) return;
    onChange(first === 0 && last === 100 ? undefined : { from: first / 100, to: last / 100 });
  };
  return (
    <div role="group" aria-label={title} className="facet-group share-range">
      <h3>
        {title}
        {range !== undefined && (
          <AriaButton
            className="icon-button share-range-clear"
            aria-label={`Clear ${rangeWords(title.toLowerCase(), range)}`}
            onPress={() => onChange(undefined)}
          >
            <Icon name="close" size={12} />
          </AriaButton>
        )}
      </h3>
      <Histogram
        label={`${title}, percent`}
        bounds={BOUNDS}
        series={[{ name: 'faces', shares: counts.map((count) => count / total) }]}
        chosen={range === undefined ? undefined : [from, to]}
        onBrush={choose}
      />
      <div className="share-range-bounds">
        <NumberInput
          label="From"
          unit="%"
          value={from}
          minimum={0}
          maximum={99}
          onChange={(value) => choose(value, to)}
        />
        <NumberInput
          label="To"
          unit="%"
          value={to}
          minimum={1}
          maximum={100}
          onChange={(value) => choose(from, value)}
        />
      </div>
    </div>
  );
}

const percent = (share: number): number => Number((share * 100).toFixed(4));
