import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, getRouteApi, useRouter } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import { Form } from 'react-aria-components';
import type { CatalogStats, Subset } from '#shared/catalog.ts';
import type { RunDetail } from '#shared/training.ts';
import { api } from '../../../api/client.ts';
import { Button } from '../../../components/button.tsx';
import { Choice, TextInput } from '../../../components/fields.tsx';
import { Empty, ErrorNote, Loaded, Skeleton } from '../../../components/states.tsx';
import { ConfigFieldInput } from '../config-field-input.tsx';
import { CONFIG_GROUPS, METHOD_FIELD } from '../config-fields.ts';
import {
  DEFAULT_CONFIG,
  type DataOptions,
  type RunDraft,
  configOf,
  dataOptions,
  draftOf,
  newDraft,
  requestOf,
  withPreset,
  withSettings,
} from '../run-draft.ts';
import { isSomewhere } from '../../workers/cluster-draft.ts';
import { type Contradiction, contradictionsOf } from './contradictions.ts';
import { GroupPanel } from './group-panel.tsx';
import { useKeptDraft } from './kept-draft.ts';
import { PresetCards } from './preset-cards.tsx';
import { RunOutlook } from './run-outlook.tsx';
import { WherePanel } from './where-panel.tsx';
import '../runs.css';
import './start.css';

const route = getRouteApi('/runs/new');

/** Starts a run, anew or as a copy of another (`?from=`). */
export function NewRun(): ReactElement {
  const { from } = route.useSearch();
  const stats = useQuery(api.catalog.stats.queryOptions());
  const subsets = useQuery(api.subsets.list.queryOptions());
  const original = useQuery({ ...api.runs.get.queryOptions({ id: from ?? '' }), enabled: from !== undefined });
  return (
    <div className="place">
      <h1>{from === undefined ? 'Start a run' : `Start a run as ${from}`}</h1>
      <Loaded query={stats} skeleton={<StartSkeleton />}>
        {(data) => (
          <Loaded query={subsets} skeleton={<StartSkeleton />}>
            {(list) =>
              from === undefined ? (
                <RunForm stats={data} subsets={list} original={null} />
              ) : (
                <Loaded query={original} skeleton={<StartSkeleton />}>
                  {(run) => <RunForm key={run.id} stats={data} subsets={list} original={run} />}
                </Loaded>
              )
            }
          </Loaded>
        )}
      </Loaded>
    </div>
  );
}

function StartSkeleton(): ReactElement {
  return (
    <div className="start">
      <div className="stack">
        <Skeleton height={150} />
        <Skeleton height={220} />
        <Skeleton height={56} />
        <Skeleton height={56} />
      </div>
      <Skeleton height={320} />
    </div>
  );
}

interface RunFormProps {
  readonly stats: CatalogStats;
  readonly subsets: readonly Subset[];
  readonly original: RunDetail | null;
}

function RunForm({ stats, subsets, original }: RunFormProps): ReactElement {
  const options = dataOptions(stats, subsets);
  const { draft, isChanged, setDraft, reset, forget } = useKeptDraft(original?.id, () =>
    original === null ? newDraft(options, stats) : draftOf(original.request),
  );
  const router = useRouter();
  const starting = useMutation(
    api.runs.start.mutationOptions({
      onSuccess: ({ id }) => {
        forget();
        void router.navigate({ to: '/runs/$run', params: { run: id } });
      },
    }),
  );
  const request = requestOf(draft);
  const contradictions = contradictionsOf(configOf(draft));
  const isRefused = contradictions.some(({ level }) => level === 'error');
  const missing = missingPart(draft, options);

  if (options.labeled.length === 0) {
    return (
      <Empty icon="data" title="A run needs labeled images" action={<Link to="/data/import">Import images</Link>}>
        Import a labeled source, or make the demo on the overview.
      </Empty>
    );
  }
  return (
    <Form
      className="start"
      onSubmit={(event) => {
        event.preventDefault();
        if (request !== null && !isRefused) starting.mutate(request);
      }}
    >
      <div className="stack">
        <PresetCards draft={draft} onChoose={(name) => setDraft(withPreset(draft, name))} />
        <DataPanel draft={draft} options={options} onChange={setDraft} />
        <WherePanel draft={draft} onChange={setDraft} />
        {CONFIG_GROUPS.map((group) => (
          <GroupPanel
            key={group.title}
            group={group}
            draft={draft}
            contradictions={contradictionsIn(group.fields, contradictions)}
            onChange={setDraft}
          />
        ))}
      </div>
      <aside className="panel stack start-outlook" aria-label="What this run will do">
        <RunOutlook
          draft={draft}
          stats={stats}
          subsets={subsets}
          contradictions={contradictions}
          onFix={(change) => setDraft(withSettings(draft, change))}
        />
        {missing !== null && <p className="muted">{missing}</p>}
        {starting.error !== null && <ErrorNote error={starting.error} />}
        <div className="row">
          <Button
            kind="primary"
            large
            type="submit"
            icon="play"
            isDisabled={request === null || missing !== null || isRefused}
            isPending={starting.isPending}
          >
            Start
          </Button>
          {isChanged && (
            <Button kind="quiet" onPress={reset}>
              Start over
            </Button>
          )}
        </div>
      </aside>
    </Form>
  );
}

/** What is still to be chosen before a run can start, as a sentence. */
function missingPart(draft: RunDraft, options: DataOptions): string | null {
  if (!isSomewhere(draft.cluster)) return 'Choose workers, or train on this machine.';
  if (requestOf(draft) === null) return 'Choose the unlabeled faces, or the supervised baseline.';
  if (options.validation.length === 0) return 'Import validation images first: the best checkpoint is chosen on them.';
  return null;
}

function contradictionsIn(
  fields: readonly { readonly key: string }[],
  contradictions: readonly Contradiction[],
): readonly Contradiction[] {
  return contradictions.filter(({ keys }) => keys.some((key) => fields.some((field) => field.key === key)));
}

/** A copied run names the version of its subset, which the newest need not be. */
function withPinned(options: DataOptions['labeled'], chosen: string | null): DataOptions['labeled'] {
  if (chosen === null || options.some(({ value }) => value === chosen)) return options;
  return [{ value: chosen, label: chosen, note: 'as pinned' }, ...options];
}

interface DataPanelProps {
  readonly draft: RunDraft;
  readonly options: DataOptions;
  readonly onChange: (draft: RunDraft) => void;
}

function DataPanel({ draft, options, onChange }: DataPanelProps): ReactElement {
  const isSupervised = draft.config.method === 'supervised';
  return (
    <section className="panel form-grid">
      <TextInput
        label="Name"
        description="Runs of one name get numbers."
        value={draft.name}
        placeholder={DEFAULT_CONFIG.name}
        onChange={(name) => onChange({ ...draft, name })}
      />
      <ConfigFieldInput field={METHOD_FIELD} draft={draft} onChange={onChange} />
      <Choice
        label="Labeled set"
        description={
          <>
            A balanced subset is what the method expects. <Link to="/data/subsets">Make one</Link>
          </>
        }
        value={draft.labeled}
        options={withPinned(options.labeled, draft.labeled)}
        onChange={(labeled) => onChange({ ...draft, labeled })}
      />
      <Choice
        label="Unlabeled faces"
        description={isSupervised ? 'The baseline uses none.' : 'Faces of many people, for pseudo labels.'}
        value={isSupervised ? null : draft.unlabeled}
        options={options.unlabeled}
        placeholder={options.unlabeled.length === 0 ? 'None imported' : 'Choose'}
        onChange={(unlabeled) => onChange({ ...draft, unlabeled })}
        isDisabled={isSupervised || options.unlabeled.length === 0}
      />
      <Choice
        label="Validation"
        description="The best checkpoint is chosen on these, never on the test images."
        value={draft.validation}
        options={options.validation}
        placeholder={options.validation.length === 0 ? 'None imported' : 'Choose'}
        onChange={(validation) => onChange({ ...draft, validation })}
        isDisabled={options.validation.length === 0}
      />
    </section>
  );
}
