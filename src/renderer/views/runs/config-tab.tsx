import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { type ReactElement, useState } from 'react';
import type { RunDetail } from '#shared/training.ts';
import { api } from '../../api/client.ts';
import { ClassLetter } from '../../components/class-mark.tsx';
import { Choice, Toggle } from '../../components/fields.tsx';
import { Loaded, Skeleton } from '../../components/states.tsx';
import { formatCount } from '../../text/format.ts';
import { type SettingRow, type SettingsSide, settingRows } from './config-diff.ts';
import { CONFIG_GROUPS, METHOD_LABELS } from './config-fields.ts';
import { ReviewedLabels } from './reviewed-labels.tsx';
import { DEFAULT_CONFIG } from './run-draft.ts';

const route = getRouteApi('/runs/$run');

const DEFAULTS: SettingsSide = { config: DEFAULT_CONFIG, request: null };

/** What the run is, completely, beside the defaults or another run: with these settings and this data it repeats. */
export function ConfigTab({ run }: { run: RunDetail }): ReactElement {
  const { against } = route.useSearch();
  const other = useQuery({ ...api.runs.get.queryOptions({ id: against ?? '' }), enabled: against !== undefined });
  return (
    <div className="stack">
      <section className="panel">
        <h2>Data, as pinned at the start</h2>
        <DataFacts run={run} />
      </section>
      <ReviewedLabels run={run} />
      {against === undefined ? (
        <Settings run={run} other={DEFAULTS} />
      ) : (
        <Loaded query={other} skeleton={<Skeleton height={320} />}>
          {(detail) => <Settings run={run} other={detail} />}
        </Loaded>
      )}
    </div>
  );
}

function Settings({ run, other }: { run: RunDetail; other: SettingsSide }): ReactElement {
  const [onlyDiffering, setOnlyDiffering] = useState(false);
  const rows = settingRows([run, other]);
  const rest = rows.filter(({ key }) => !GROUPED.has(key));
  const groups = [
    { title: 'Data and method', rows: rest },
    ...CONFIG_GROUPS.map(({ title, fields }) => ({
      title,
      rows: rows.filter((row) => fields.some(({ key }) => key === row.key)),
    })),
  ];
  const differing = rows.filter(({ isSame }) => !isSame).length;
  return (
    <>
      <div className="config-bar">
        <AgainstChoice run={run} />
        <span className="muted" role="status">
          {formatCount(differing)} of {rows.length} differ
        </span>
        <span className="spacer" />
        <Toggle label="Only what differs" value={onlyDiffering} onChange={setOnlyDiffering} />
      </div>
      <div className="config">
        {groups.map(({ title, rows: all }) => (
          <Group key={title} title={title} rows={onlyDiffering ? all.filter(({ isSame }) => !isSame) : all} />
        ))}
      </div>
    </>
  );
}

const GROUPED: ReadonlySet<string> = new Set(CONFIG_GROUPS.flatMap(({ fields }) => fields.map(({ key }) => key)));

const AGAINST_DEFAULTS = 'the defaults';

function AgainstChoice({ run }: { run: RunDetail }): ReactElement {
  const { against } = route.useSearch();
  const navigate = route.useNavigate();
  const runs = useQuery(api.runs.list.queryOptions());
  const others = (runs.data ?? []).filter(({ id }) => id !== run.id);
  return (
    <Choice
      label="Compared with"
      // No run's id holds a space.
      value={against ?? AGAINST_DEFAULTS}
      options={[
        { value: AGAINST_DEFAULTS, label: 'The defaults' },
        ...others.map(({ id, name }) => ({ value: id, label: id, ...(name !== id && { note: name }) })),
      ]}
      onChange={(value) =>
        void navigate({
          search: (before) => ({ ...before, against: value === AGAINST_DEFAULTS ? undefined : value }),
          replace: true,
        })
      }
    />
  );
}

function Group({ title, rows }: { title: string; rows: readonly SettingRow[] }): ReactElement | null {
  if (rows.length === 0) return null;
  return (
    <section className="panel">
      <h2>{title}</h2>
      <dl className="settings-list">
        {rows.map(({ key, label, unit, values: [own, other], isSame }) => (
          <div key={key}>
            <dt>{label}</dt>
            <dd className={isSame ? 'muted' : undefined}>
              {own} {unit !== undefined && <span className="muted small">{unit}</span>}{' '}
              {!isSame && other !== undefined && (
                <>
                  <span className="visually-hidden">instead of</span> <s className="muted">{other}</s>
                </>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function DataFacts({ run: { request, snapshot, config, runtime, directory } }: { run: RunDetail }): ReactElement {
  const facts = [
    ['Method', METHOD_LABELS[config.method]],
    ['Labeled set', request.labeled],
    [
      'Unlabeled faces',
      request.unlabeled === undefined ? 'none' : `${request.unlabeled}, ${formatCount(snapshot.unlabeled)}`,
    ],
    ['Validation', `${request.validation}, ${formatCount(snapshot.validation)}`],
    ['Trained on', request.cluster === undefined ? 'this machine' : request.cluster.workers.join(', ')],
    ['Runtime', runtime === null ? '–' : `TensorFlow ${runtime.version}, ${runtime.device}, ${runtime.precision}`],
  ] as const;
  return (
    <dl className="settings-list settings-wide">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
      <div>
        <dt>Labeled per class</dt>
        <dd className="snapshot-counts">
          {snapshot.labeledCounts.map((count, index) => (
            <span key={snapshot.classes[index]}>
              <ClassLetter index={index} /> {formatCount(count)}
            </span>
          ))}
        </dd>
      </div>
      <div>
        <dt>Folder</dt>
        <dd>
          <code>{directory}</code>
        </dd>
      </div>
      <div>
        <dt>Digest</dt>
        <dd title={snapshot.digest}>
          <code>{snapshot.digest.slice(0, 16)}</code>
        </dd>
      </div>
    </dl>
  );
}
