import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, getRouteApi, useRouter } from '@tanstack/react-router';
import { type ReactElement, useState } from 'react';
import { Button as AriaButton, Disclosure, DisclosurePanel, Form, Heading } from 'react-aria-components';
import type { CatalogStats, Subset } from '#shared/catalog.ts';
import { PRESETS } from '#shared/presets.ts';
import type { RunDetail } from '#shared/training.ts';
import { api } from '../../api/client.ts';
import { Button } from '../../components/button.tsx';
import { Choice, TextInput } from '../../components/fields.tsx';
import { Icon } from '../../components/icon.tsx';
import { Empty, ErrorNote, Loaded, Skeleton, WarningNote } from '../../components/states.tsx';
import { plural } from '../../text/format.ts';
import { ConfigFieldInput } from './config-field-input.tsx';
import { CONFIG_GROUPS, type ConfigGroup, METHOD_FIELD } from './config-fields.ts';
import {
  DEFAULT_CONFIG,
  OWN_PRESET,
  type RunDraft,
  dataOptions,
  draftOf,
  newDraft,
  requestOf,
  withPreset,
} from './run-draft.ts';
import './runs.css';

const route = getRouteApi('/runs/new');

/** Starts a run, anew or as a copy of another (`?from=`). */
export function NewRun(): ReactElement {
  const { from } = route.useSearch();
  const stats = useQuery(api.catalog.stats.queryOptions());
  const subsets = useQuery(api.subsets.list.queryOptions());
  const original = useQuery({ ...api.runs.get.queryOptions({ id: from ?? '' }), enabled: from !== undefined });
  const skeleton = <Skeleton height={480} />;
  return (
    <div className="place place-narrow">
      <h1>Start a run</h1>
      <Loaded query={stats} skeleton={skeleton}>
        {(data) => (
          <Loaded query={subsets} skeleton={skeleton}>
            {(list) =>
              from === undefined ? (
                <RunForm stats={data} subsets={list} original={null} />
              ) : (
                <Loaded query={original} skeleton={skeleton}>
                  {(run) => <RunForm stats={data} subsets={list} original={run} />}
                </Loaded>
              )
            }
          </Loaded>
        )}
      </Loaded>
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
  const [draft, setDraft] = useState<RunDraft>(() =>
    original === null ? newDraft(options, stats) : draftOf(original.request),
  );
  const router = useRouter();
  const starting = useMutation(
    api.runs.start.mutationOptions({
      onSuccess: ({ id }) => void router.navigate({ to: '/runs/$run', params: { run: id } }),
    }),
  );
  const request = requestOf(draft);
  const isSupervised = draft.config.method === 'supervised';

  if (options.labeled.length === 0) {
    return (
      <Empty icon="data" title="A run needs labeled images" action={<Link to="/data/import">Import images</Link>}>
        Import a labeled source, or make the demo on the overview.
      </Empty>
    );
  }
  return (
    <Form
      className="stack run-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (request !== null) starting.mutate(request);
      }}
    >
      <section className="panel form-grid">
        <TextInput
          label="Name"
          value={draft.name}
          placeholder={DEFAULT_CONFIG.name}
          onChange={(name) => setDraft({ ...draft, name })}
        />
        <Choice
          label="Preset"
          description={PRESETS.find(({ name }) => name === draft.preset)?.why ?? 'As the run it is copied from.'}
          value={draft.preset}
          options={presetOptions(draft)}
          onChange={(name) => setDraft(withPreset(draft, name))}
        />
        <ConfigFieldInput field={METHOD_FIELD} draft={draft} onChange={setDraft} />
        <Choice
          label="Labeled set"
          description={<DataLink>A balanced subset is what the method expects.</DataLink>}
          value={draft.labeled}
          options={options.labeled}
          onChange={(labeled) => setDraft({ ...draft, labeled })}
        />
        <Choice
          label="Unlabeled faces"
          description={isSupervised ? 'The baseline uses none.' : 'Faces of many people, for pseudo labels.'}
          value={isSupervised ? null : draft.unlabeled}
          options={options.unlabeled}
          placeholder={options.unlabeled.length === 0 ? 'None imported' : 'Choose'}
          onChange={(unlabeled) => setDraft({ ...draft, unlabeled })}
          isDisabled={isSupervised || options.unlabeled.length === 0}
        />
        <Choice
          label="Validation"
          description="The best checkpoint is chosen on these, never on the test images."
          value={draft.validation}
          options={options.validation}
          placeholder={options.validation.length === 0 ? 'None imported' : 'Choose'}
          onChange={(validation) => setDraft({ ...draft, validation })}
          isDisabled={options.validation.length === 0}
        />
      </section>
      {CONFIG_GROUPS.map((group) => (
        <GroupPanel key={group.title} group={group} draft={draft} onChange={setDraft} />
      ))}
      {options.validation.length === 0 && (
        <WarningNote action={<Link to="/data/import">Import images</Link>}>
          There are no validation images to choose the best checkpoint on.
        </WarningNote>
      )}
      {starting.error !== null && <ErrorNote error={starting.error} />}
      <div className="row">
        <Button
          kind="primary"
          large
          type="submit"
          icon="play"
          isDisabled={request === null}
          isPending={starting.isPending}
        >
          Start
        </Button>
        {request === null && <span className="muted">Choose the unlabeled faces, or the supervised baseline.</span>}
      </div>
    </Form>
  );
}

function presetOptions({ preset }: RunDraft): { value: string; label: string }[] {
  const presets = PRESETS.map(({ name, label }) => ({ value: name, label }));
  return preset === OWN_PRESET ? [{ value: OWN_PRESET, label: 'Copied' }, ...presets] : presets;
}

function DataLink({ children }: { children: string }): ReactElement {
  return (
    <>
      {children} <Link to="/data/subsets">Make one</Link>
    </>
  );
}

interface GroupPanelProps {
  readonly group: ConfigGroup;
  readonly draft: RunDraft;
  readonly onChange: (draft: RunDraft) => void;
}

function GroupPanel({ group, draft, onChange }: GroupPanelProps): ReactElement {
  const changed = group.fields.filter(({ key }) => draft.config[key] !== undefined).length;
  return (
    <Disclosure className="panel">
      {({ isExpanded }) => (
        <>
          <div className="row">
            <Heading level={2}>
              <AriaButton slot="trigger" className="disclosure">
                <Icon name="chevron" />
                {group.title}
              </AriaButton>
            </Heading>
            <span className="muted small">{changed === 0 ? 'all defaults' : `${plural(changed, 'setting')} set`}</span>
          </div>
          <DisclosurePanel>
            {isExpanded && (
              <div className="form-grid form-grid-folded">
                {group.fields.map((field) => (
                  <ConfigFieldInput key={field.key} field={field} draft={draft} onChange={onChange} />
                ))}
              </div>
            )}
          </DisclosurePanel>
        </>
      )}
    </Disclosure>
  );
}
