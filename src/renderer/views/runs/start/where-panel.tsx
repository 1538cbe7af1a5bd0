import type { ReactElement } from 'react';
import { NumberInput, Toggle } from '../../../components/fields.tsx';
import { Where } from '../../workers/where.tsx';
import type { RunDraft } from '../run-draft.ts';

/** Longest and shortest that a worker may be silent, seconds, as the request has them. */
const TIMEOUT = { minimum: 2, maximum: 600 } as const;

/** Which devices a run trains on: this machine's, or those of workers. */
export function WherePanel(props: { draft: RunDraft; onChange: (draft: RunDraft) => void }): ReactElement {
  const { draft, onChange } = props;
  const { cluster } = draft;
  return (
    <section className="panel stack" aria-label="Where it trains">
      <Where label="Where it trains" cluster={cluster} onChange={(chosen) => onChange({ ...draft, cluster: chosen })} />
      {cluster !== null && (
        <>
          <p className="muted small">
            The batch is one for each device: a step of all of them has as many times the images. Every worker needs the
            images; the checkpoints stay here.
          </p>
          <div className="form-grid">
            <Toggle
              label="Go on without a lost worker"
              description="From the last checkpoint, by itself. Else the run stops there and waits."
              value={cluster.elastic}
              onChange={(elastic) => onChange({ ...draft, cluster: { ...cluster, elastic } })}
            />
            <NumberInput
              label="A worker is lost when silent for"
              unit="s"
              {...TIMEOUT}
              value={cluster.timeoutSeconds}
              onChange={(timeoutSeconds) => onChange({ ...draft, cluster: { ...cluster, timeoutSeconds } })}
            />
          </div>
        </>
      )}
    </section>
  );
}
