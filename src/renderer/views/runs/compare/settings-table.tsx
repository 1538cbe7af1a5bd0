import { type ReactElement, useState } from 'react';
import { Toggle } from '../../../components/fields.tsx';
import { settingRows } from '../config-diff.ts';
import type { ComparedRun } from './overlay.ts';
import { RunNumber } from './run-mark.tsx';

/** Settings name the data; their labels may be others by now. */
function sameText(runs: readonly ComparedRun[]): string {
  const isSameData = new Set(runs.map(({ run }) => run.snapshot.digest)).size === 1;
  return isSameData
    ? 'They are the same, and so are the data: only chance tells these runs apart.'
    : 'They are the same. The data are not: images or labels changed between the runs.';
}

/** In what the runs differ, a column each. */
export function SettingsTable({ runs }: { runs: readonly ComparedRun[] }): ReactElement {
  const [showsAll, setShowsAll] = useState(false);
  const rows = settingRows(runs.map(({ run }) => run));
  const differing = rows.filter(({ isSame }) => !isSame);
  const shown = showsAll ? rows : differing;
  return (
    <section className="panel stack">
      <div className="row">
        <h2>Settings</h2>
        <span className="muted small">
          {differing.length} of {rows.length} differ
        </span>
        <span className="spacer" />
        <Toggle label="Also those that are the same" value={showsAll} onChange={setShowsAll} />
      </div>
      {shown.length === 0 ? (
        <p className="muted">{sameText(runs)}</p>
      ) : (
        <div className="table-scroll" role="region" aria-label="Settings" tabIndex={0}>
          <table className="table table-plain">
            <thead>
              <tr>
                <th scope="col">Setting</th>
                {runs.map((of) => (
                  <th key={of.run.id} scope="col">
                    <RunNumber of={of} /> {of.label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.map(({ key, label, unit, values, isSame }) => (
                <tr key={key}>
                  <th scope="row">
                    {label} {unit !== undefined && <span className="field-unit">{unit}</span>}
                  </th>
                  {values.map((value, index) => (
                    <td key={runs[index]!.run.id} className={isSame ? 'muted' : undefined}>
                      {value}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
