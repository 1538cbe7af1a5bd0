import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import { api } from '../../api/client.ts';
import { IconButton } from '../../components/button.tsx';
import { Segments } from '../../components/segments.tsx';
import { type ClusterDraft, NO_WORKERS } from './cluster-draft.ts';
import { useLooks, useWorkersWith } from './looks.ts';
import { WorkerPicks } from './worker-picks.tsx';
import './workers.css';

interface WhereProps {
  /** What the choice is of, such as "Where it trains". */
  readonly label: string;
  /** Null: this machine. */
  readonly cluster: ClusterDraft | null;
  readonly onChange: (cluster: ClusterDraft | null) => void;
}

/** This machine, or which of the workers. */
export function Where({ label, cluster, onChange }: WhereProps): ReactElement {
  return (
    <div className="where">
      <div className="row">
        <span className="field-label">{label}</span>
        <Segments
          label={label}
          value={cluster === null ? 'here' : 'workers'}
          options={[
            { value: 'here', label: 'This machine' },
            { value: 'workers', label: 'Workers' },
          ]}
          onChange={(value) => onChange(value === 'here' ? null : (cluster ?? NO_WORKERS))}
        />
      </div>
      {cluster !== null && <Workers cluster={cluster} onChange={onChange} />}
    </div>
  );
}

/** The same for those who have workers: nothing to anybody else. */
export function WhereIfKnown(props: WhereProps): ReactElement | null {
  const known = useQuery(api.workers.list.queryOptions());
  return (known.data ?? []).length === 0 && props.cluster === null ? null : <Where {...props} />;
}

interface WorkersProps {
  readonly cluster: ClusterDraft;
  readonly onChange: (cluster: ClusterDraft) => void;
}

function Workers({ cluster, onChange }: WorkersProps): ReactElement {
  const workers = useWorkersWith(cluster.workers);
  const { looks, lookAgain } = useLooks(workers);
  if (workers.length === 0) {
    return (
      <p className="muted">
        No workers are known yet.{' '}
        <Link to="/settings" hash="workers">
          Add some in Settings
        </Link>
      </p>
    );
  }
  return (
    <div className="where-workers">
      <WorkerPicks
        looks={looks}
        chosen={cluster.workers}
        onChange={(chosen) => onChange({ ...cluster, workers: chosen })}
      />
      <IconButton icon="refresh" label="Look again" onPress={lookAgain} />
    </div>
  );
}
