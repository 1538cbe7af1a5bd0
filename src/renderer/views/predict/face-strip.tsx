import { useQueries, useQuery } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import { SPLITS, type Split } from '#shared/images.ts';
import { api } from '../../api/client.ts';
import { ClassLetter } from '../../components/class-mark.tsx';
import { FaceImage } from '../../components/face-image.tsx';
import { CompactChoice } from '../../components/fields.tsx';
import { Loaded, Skeleton } from '../../components/states.tsx';
import { SPLIT_LABELS } from '../../text/words.ts';

const FACES = 28;
const SIDE = 56;

/** A few faces of each class of a split, or simply the first where they have none. */
function useFaces(split: Split) {
  const stats = useQuery(api.catalog.stats.queryOptions());
  const labels =
    split === 'unlabeled' ? [undefined] : (stats.data?.classes.map((_, index): number | undefined => index) ?? []);
  const limit = Math.ceil(FACES / Math.max(1, labels.length));
  return useQueries({
    queries: labels.map((label) => api.catalog.images.queryOptions({ split, label, limit })),
    combine: (pages) => {
      const isLoaded = stats.data !== undefined && pages.every(({ data }) => data !== undefined);
      return {
        data: isLoaded ? pages.flatMap(({ data }) => data?.rows ?? []) : undefined,
        error: stats.error ?? pages.find(({ error }) => error !== null)?.error ?? null,
        refetch: () => pages.forEach((page) => void page.refetch()),
      };
    },
  });
}

/** Faces of the catalog to try. */
export function FaceStrip(props: { selected: number | undefined; onSelect: (id: number) => void }): ReactElement {
  const { selected, onSelect } = props;
  const [split, setSplit] = useState<Split>('test');
  const faces = useFaces(split);
  return (
    <section className="stack-small" aria-label="Faces of the catalog">
      <div className="row">
        <h2>Faces of the catalog</h2>
        <span className="spacer" />
        <CompactChoice
          label="Faces of the catalog"
          value={split}
          options={SPLITS.map((value) => ({ value, label: SPLIT_LABELS[value] }))}
          onChange={setSplit}
        />
      </div>
      <Loaded query={faces} skeleton={<Skeleton height={SIDE} />}>
        {(rows) =>
          rows.length === 0 ? (
            <p className="muted">There are no {SPLIT_LABELS[split].toLowerCase()} images.</p>
          ) : (
            <div className="strip" role="group" aria-label="Faces of the catalog">
              {rows.map(({ id, label }) => (
                <AriaButton
                  key={id}
                  className={id === selected ? 'strip-face strip-face-selected' : 'strip-face'}
                  aria-label={`Face ${id}`}
                  aria-pressed={id === selected}
                  onPress={() => onSelect(id)}
                >
                  <FaceImage id={id} size={SIDE} alt="" />
                  {label !== null && <ClassLetter index={label} />}
                </AriaButton>
              ))}
            </div>
          )
        }
      </Loaded>
    </section>
  );
}
