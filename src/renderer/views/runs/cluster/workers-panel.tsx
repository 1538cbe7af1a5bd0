import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { Button as AriaButton, Menu, MenuItem, MenuTrigger, Popover } from 'react-aria-components';
import type { ClusterRequest, WorkerLoad } from '#shared/cluster.ts';
import type { RunDetail, RunSummary } from '#shared/training.ts';
import type { KnownWorker } from '#shared/workers.ts';
import { api } from '../../../api/client.ts';
import { Icon } from '../../../components/icon.tsx';
import { Loaded, Skeleton } from '../../../components/states.tsx';
import { formatCount, formatRate, plural } from '../../../text/format.ts';
import { useWorkersWith } from '../../workers/looks.ts';
import { workerName } from '../../workers/worker-words.ts';
import { perform } from '../charts/chart-actions.tsx';
import { fileNameOf } from '../charts/chart-export.ts';
import { saveFile } from '../save-file.ts';
import { STEP_PARTS, csvOfLoads, longestStep, stepMilliseconds } from './loads.ts';
import './cluster.css';

/** The workers of a run: how each fares while it trains, and which they were after that. Nothing for a run of this machine. */
export function WorkersPanel({ run, status }: { run: RunDetail; status: RunSummary['status'] }): ReactElement | null {
  const { cluster } = run.request;
  if (cluster === undefined) return null;
  return status === 'running' ? <RunningWorkers run={run} cluster={cluster} /> : <PastWorkers cluster={cluster} />;
}

function PastWorkers({ cluster }: { cluster: ClusterRequest }): ReactElement {
  const names = useNames(cluster.workers);
  return (
    <p className="muted workers-past">
      <Icon name="chip" />
      <span>
        On {plural(cluster.workers.length, 'worker')}: {cluster.workers.map((address) => names(address)).join(', ')}
      </span>
    </p>
  );
}

/** What an address is called here. */
function useNames(addresses: readonly string[]): (address: string) => string {
  const workers = useWorkersWith(addresses);
  return (address) => {
    const known: KnownWorker = workers.find((worker) => worker.address === address) ?? { address, name: '' };
    return known.name === '' ? address : `${workerName(known)} (${address})`;
  };
}

function RunningWorkers({ run, cluster }: { run: RunDetail; cluster: ClusterRequest }): ReactElement {
  const loads = useQuery(api.runs.workers.queryOptions({ id: run.id }));
  const names = useNames(cluster.workers);
  return (
    <section className="panel stack" aria-labelledby="workers-title">
      <div className="row">
        <h2 id="workers-title">Workers</h2>
        <span className="muted small">means of their last 20 steps</span>
        <span className="spacer" />
        {(loads.data ?? []).length > 0 && <LoadActions run={run.id} loads={loads.data!} />}
      </div>
      <Loaded query={loads} skeleton={<Skeleton height={96} />}>
        {(list) =>
          list.length === 0 ? (
            <p className="muted">
              {plural(cluster.workers.length, 'worker')} on {cluster.workers.length === 1 ? 'its' : 'their'} way:
              connecting, looking for the images, and the first step. {cluster.workers.map(names).join(', ')}
            </p>
          ) : (
            <LoadTable loads={list} names={names} />
          )
        }
      </Loaded>
    </section>
  );
}

interface LoadTableProps {
  readonly loads: readonly WorkerLoad[];
  readonly names: (address: string) => string;
}

function LoadTable({ loads, names }: LoadTableProps): ReactElement {
  const longest = longestStep(loads);
  return (
    <>
      <div className="legend" aria-hidden="true">
        {STEP_PARTS.map(({ key, label, color }) => (
          <span key={key} className="workers-legend">
            <span className="workers-swatch" style={{ background: color }} />
            {label}
          </span>
        ))}
      </div>
      <div className="table-scroll" role="region" aria-label="Loads of the workers" tabIndex={0}>
        <table className="table workers-table" aria-label="Workers">
          <thead>
            <tr>
              <th scope="col">Worker</th>
              <th scope="col" className="number">
                Images/s
              </th>
              <th scope="col">A step</th>
              {STEP_PARTS.map(({ key, heading }) => (
                <th key={key} scope="col" className="number">
                  {heading}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {loads.map((load) => (
              <tr key={load.rank}>
                <td>
                  <span className="workers-name">
                    {names(load.address)}
                    {load.rank === 0 && <span className="muted small">writes the checkpoints</span>}
                    {load.isStraggling && (
                      <span className="workers-straggler small">
                        <Icon name="warning" size={14} /> the others wait for it
                      </span>
                    )}
                  </span>
                </td>
                <td className="number">{formatRate(load.imagesPerSecond)}</td>
                <td className="workers-step">
                  <StepBar load={load} longest={longest} />
                </td>
                {STEP_PARTS.map(({ key }) => (
                  <td key={key} className="number">
                    {millisecondsText(load[key])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

/** Of all workers to one scale; the numbers stand beside it. */
function StepBar({ load, longest }: { load: WorkerLoad; longest: number }): ReactElement {
  return (
    <span className="workers-bar" role="img" aria-label={`${millisecondsText(stepMilliseconds(load))} ms in all`}>
      {STEP_PARTS.map(({ key, color }) => (
        <span key={key} style={{ width: `${(load[key] / Math.max(1e-9, longest)) * 100}%`, background: color }} />
      ))}
    </span>
  );
}

/** Whole milliseconds, and tenths where they matter. */
function millisecondsText(milliseconds: number): string {
  return milliseconds < 10 ? milliseconds.toFixed(1) : formatCount(milliseconds);
}

function LoadActions({ run, loads }: { run: string; loads: readonly WorkerLoad[] }): ReactElement {
  const actions: Readonly<Record<string, () => Promise<string | undefined>>> = {
    copy: async () => {
      await navigator.clipboard.writeText(csvOfLoads(loads));
      return 'The values of “Workers” are copied.';
    },
    save: () => {
      saveFile(new Blob([csvOfLoads(loads)], { type: 'text/csv' }), `${fileNameOf(run, 'workers')}.csv`);
      return Promise.resolve(undefined);
    },
  };
  return (
    <MenuTrigger>
      <AriaButton className="icon-button" aria-label="Copy or save Workers">
        <Icon name="export" />
      </AriaButton>
      <Popover className="popover" placement="bottom end">
        <Menu className="menu" onAction={(key) => void perform(actions[String(key)]!)}>
          <MenuItem id="copy" className="menu-item">
            Copy values as CSV
          </MenuItem>
          <MenuItem id="save" className="menu-item">
            Save values as CSV
          </MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
