import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { type ReactElement, useState } from 'react';
import { Form } from 'react-aria-components';
import { type CatalogStats, GROUPINGS, type Grouping, type Subset } from '#shared/catalog.ts';
import type { ImageFilter } from '#shared/filter.ts';
import { SPLITS, type Split } from '#shared/images.ts';
import { api } from '../../api/client.ts';
import { Button } from '../../components/button.tsx';
import { Choice, NumberInput, TextInput, Toggle } from '../../components/fields.tsx';
import { ErrorNote } from '../../components/states.tsx';
import { formatCount, plural } from '../../text/format.ts';
import { SPLIT_LABELS } from '../../text/words.ts';
import { filterWords } from './filter-words.ts';
import { filterOfSearch, isFiltered } from './search.ts';

const route = getRouteApi('/data/subsets');

type Rule = 'perClass' | 'fraction';

const RULES = [
  { value: 'perClass', label: 'So many of each class' },
  { value: 'fraction', label: 'A share of all' },
] as const;

const GROUPING_LABELS: Readonly<Record<Grouping, { readonly label: string; readonly description: string }>> = {
  identity: { label: 'Keep people together', description: 'All images of a person, or none.' },
  duplicates: { label: 'Keep copies together', description: 'All copies of a face, or none.' },
};

const ALL_SOURCES = '';

/** Draws a subset from the filter that one came with, or else from a source and a split. */
export function SubsetForm({ stats }: { stats: CatalogStats }): ReactElement {
  const { open: _open, ...search } = route.useSearch();
  const given = filterOfSearch(search);
  const isGiven = isFiltered(given);
  const [name, setName] = useState('');
  const [source, setSource] = useState(ALL_SOURCES);
  const [split, setSplit] = useState<Split>('train');
  const [rule, setRule] = useState<Rule>('perClass');
  const [perClass, setPerClass] = useState(100);
  const [percent, setPercent] = useState(10);
  const [balanced, setBalanced] = useState(true);
  const [seed, setSeed] = useState(0);
  const [together, setTogether] = useState<readonly Grouping[]>([]);
  const creating = useMutation(api.subsets.create.mutationOptions({ onSuccess: () => setName('') }));

  const submit = (): void =>
    creating.mutate({
      name: name.trim(),
      filter: isGiven ? given : { ...(source !== ALL_SOURCES && { sources: [source] }), splits: [split] },
      seed,
      balanced,
      together: [...together],
      ...(rule === 'perClass' ? { perClass } : { fraction: percent / 100 }),
    });
  return (
    <Form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <TextInput label="Name" value={name} onChange={setName} placeholder="balanced-100" />
      {isGiven ? (
        <GivenFilter filter={given} />
      ) : (
        <div className="field-pair">
          <Choice label="Source" value={source} options={sourceOptions(stats)} onChange={setSource} />
          <Choice label="Split" value={split} options={labeledSplits(stats)} onChange={setSplit} />
        </div>
      )}
      <Choice label="Rule" value={rule} options={RULES} onChange={setRule} />
      <div className="field-pair">
        {rule === 'perClass' ? (
          <NumberInput label="Per class" unit="images" value={perClass} onChange={setPerClass} minimum={1} step={1} />
        ) : (
          <NumberInput label="Share" unit="%" value={percent} onChange={setPercent} minimum={0.1} maximum={100} />
        )}
        <NumberInput label="Seed" value={seed} onChange={setSeed} minimum={0} step={1} />
      </div>
      {rule === 'fraction' && (
        <Toggle
          label="As many of each class"
          description="Otherwise the classes keep their shares."
          value={balanced}
          onChange={setBalanced}
        />
      )}
      {GROUPINGS.map((grouping) => (
        <Toggle
          key={grouping}
          {...GROUPING_LABELS[grouping]}
          value={together.includes(grouping)}
          onChange={(on) => setTogether(on ? [...together, grouping] : together.filter((other) => other !== grouping))}
        />
      ))}
      {creating.error !== null && <ErrorNote error={creating.error} />}
      {creating.data !== undefined && <Made subset={creating.data} />}
      <Button kind="primary" type="submit" isDisabled={name.trim() === ''} isPending={creating.isPending}>
        Make the subset
      </Button>
    </Form>
  );
}

/** What the draw is from, when one came from the grid of faces. */
function GivenFilter({ filter }: { filter: ImageFilter }): ReactElement {
  const { open: _open, ...search } = route.useSearch();
  const facets = useQuery(api.catalog.facets.queryOptions({ filter }));
  const labeled = facets.data?.labels.reduce((sum, { value, count }) => sum + (value === null ? 0 : count), 0);
  return (
    <div className="field">
      <span className="field-label">Drawn from</span>
      <p>{filterWords(filter)}</p>
      <p className="field-help">
        {labeled !== undefined && `${plural(labeled, 'labeled image')} · `}
        <Link to="/data" search={search}>
          Change in Faces
        </Link>{' '}
        ·{' '}
        <Link to="/data/subsets" search={{}}>
          Choose a split instead
        </Link>
      </p>
    </div>
  );
}

function Made({ subset }: { subset: Subset }): ReactElement {
  const missing = subset.shortfall.reduce((sum, count) => sum + count, 0);
  return (
    <p role="status">
      {subset.name} holds {plural(subset.total, 'image')}
      {missing > 0 && `, ${formatCount(missing)} fewer than asked for`}.
    </p>
  );
}

function sourceOptions(stats: CatalogStats): { value: string; label: string }[] {
  const sources = stats.sources.filter(({ labeled }) => labeled > 0).map(({ name }) => ({ value: name, label: name }));
  return [{ value: ALL_SOURCES, label: 'All sources' }, ...sources];
}

function labeledSplits(stats: CatalogStats): { value: Split; label: string }[] {
  return SPLITS.filter((split) => stats.splits[split]?.counts.some((count) => count > 0) === true).map((split) => ({
    value: split,
    label: SPLIT_LABELS[split],
  }));
}
