import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactElement, useState } from 'react';
import { Form } from 'react-aria-components';
import type { CatalogStats, Subset } from '#shared/catalog.ts';
import { SPLITS, type Split } from '#shared/images.ts';
import { api } from '../../api/client.ts';
import { Button } from '../../components/button.tsx';
import { ClassLetter } from '../../components/class-mark.tsx';
import { Choice, NumberInput, TextInput, Toggle } from '../../components/fields.tsx';
import { Empty, ErrorNote, Loaded, Skeleton } from '../../components/states.tsx';
import { Ago } from '../../components/time.tsx';
import { formatCount, plural } from '../../text/format.ts';
import { SPLIT_LABELS, expressionAt } from '../../text/words.ts';

/** Named, frozen sets of labeled images: those that exist, and a form for another. */
export function Subsets(): ReactElement {
  const subsets = useQuery(api.subsets.list.queryOptions());
  const stats = useQuery(api.catalog.stats.queryOptions());
  return (
    <div className="data-page data-page-split">
      <section className="panel">
        <h2>Subsets</h2>
        <Loaded query={subsets} skeleton={<Skeleton height={160} />}>
          {(list) =>
            list.length === 0 ? (
              <Empty icon="data" title="No subsets yet">
                A subset is a frozen choice of labeled images, such as 60 of each class: a balanced set for the base
                network.
              </Empty>
            ) : (
              <SubsetTable subsets={list} />
            )
          }
        </Loaded>
      </section>
      <section className="panel">
        <h2>Make a subset</h2>
        <Loaded query={stats} skeleton={<Skeleton height={320} />}>
          {(data) => (data.images === 0 ? <NoImages /> : <SubsetForm stats={data} />)}
        </Loaded>
      </section>
    </div>
  );
}

function NoImages(): ReactElement {
  return (
    <p className="muted">
      There are no images to choose from. <Link to="/data/import">Import images</Link>
    </p>
  );
}

function SubsetTable({ subsets }: { subsets: readonly Subset[] }): ReactElement {
  return (
    <div className="table-scroll">
      <table className="table">
        <thead>
          <tr>
            <th>Name</th>
            <th>Rule</th>
            <th className="number">Images</th>
            <th>Per class</th>
            <th>Made</th>
          </tr>
        </thead>
        <tbody>
          {subsets.map((subset) => (
            <tr key={subset.name}>
              <td>{subset.name}</td>
              <td className="muted">
                {subset.rule} · {subset.filter.sources?.join(', ') ?? 'all sources'} ·{' '}
                {subset.filter.splits?.map((split) => SPLIT_LABELS[split].toLowerCase()).join(', ') ?? 'all splits'} ·
                seed {subset.seed}
              </td>
              <td className="number">{formatCount(subset.total)}</td>
              <td>
                <SubsetCounts subset={subset} />
              </td>
              <td className="muted">
                <Ago at={subset.createdAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function SubsetCounts({ subset }: { subset: Subset }): ReactElement {
  return (
    <span className="subset-counts">
      {subset.counts.map((count, index) => {
        const missing = subset.shortfall[index] ?? 0;
        return (
          <span
            key={expressionAt(index).name}
            className={missing > 0 ? 'shortfall' : undefined}
            title={
              missing > 0
                ? `${formatCount(missing)} fewer ${expressionAt(index).label.toLowerCase()} than asked for`
                : undefined
            }
          >
            <ClassLetter index={index} />
            {formatCount(count)}
            {missing > 0 && ` (−${formatCount(missing)})`}
          </span>
        );
      })}
    </span>
  );
}

type Rule = 'perClass' | 'fraction';

const RULES = [
  { value: 'perClass', label: 'So many of each class' },
  { value: 'fraction', label: 'A share of all' },
] as const;

const ALL_SOURCES = '';

function SubsetForm({ stats }: { stats: CatalogStats }): ReactElement {
  const [name, setName] = useState('');
  const [source, setSource] = useState(ALL_SOURCES);
  const [split, setSplit] = useState<Split>('train');
  const [rule, setRule] = useState<Rule>('perClass');
  const [perClass, setPerClass] = useState(100);
  const [percent, setPercent] = useState(10);
  const [balanced, setBalanced] = useState(true);
  const [seed, setSeed] = useState(0);
  const creating = useMutation(api.subsets.create.mutationOptions({ onSuccess: () => setName('') }));

  const submit = (): void =>
    creating.mutate({
      name: name.trim(),
      filter: { ...(source !== ALL_SOURCES && { sources: [source] }), splits: [split] },
      seed,
      balanced,
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
      <div className="field-pair">
        <Choice label="Source" value={source} options={sourceOptions(stats)} onChange={setSource} />
        <Choice label="Split" value={split} options={labeledSplits(stats)} onChange={setSplit} />
      </div>
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
      {creating.error !== null && <ErrorNote error={creating.error} />}
      {creating.data !== undefined && <Made subset={creating.data} />}
      <Button kind="primary" type="submit" isDisabled={name.trim() === ''} isPending={creating.isPending}>
        Make the subset
      </Button>
    </Form>
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
