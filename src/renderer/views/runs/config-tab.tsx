import type { ReactElement } from 'react';
import type { RunDetail } from '#shared/training.ts';
import { ClassLetter } from '../../components/class-mark.tsx';
import { formatCount } from '../../text/format.ts';
import { CONFIG_GROUPS, METHOD_LABELS, configText } from './config-fields.ts';
import { DEFAULT_CONFIG } from './run-draft.ts';

/** What the run is, completely: with these settings and this data it repeats. */
export function ConfigTab({ run }: { run: RunDetail }): ReactElement {
  return (
    <div className="config">
      <section className="panel">
        <h2>Data, as pinned at the start</h2>
        <DataFacts run={run} />
      </section>
      {CONFIG_GROUPS.map(({ title, fields }) => (
        <section key={title} className="panel">
          <h2>{title}</h2>
          <dl className="settings-list">
            {fields.map(({ key, label, unit }) => {
              const isDefault = JSON.stringify(run.config[key]) === JSON.stringify(DEFAULT_CONFIG[key]);
              return (
                <div key={key} title={isDefault ? undefined : `Default: ${configText(DEFAULT_CONFIG[key])}`}>
                  <dt>{label}</dt>
                  <dd className={isDefault ? 'muted' : undefined}>
                    {configText(run.config[key])} {unit !== undefined && <span className="field-unit">{unit}</span>}
                  </dd>
                </div>
              );
            })}
          </dl>
        </section>
      ))}
    </div>
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
    ['Runtime', runtime === null ? '–' : `TensorFlow ${runtime.version}, ${runtime.device}, ${runtime.precision}`],
  ] as const;
  return (
    <dl className="settings-list">
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
