import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import type { CatalogStats } from '#shared/catalog.ts';
import { api } from '../../api/client.ts';
import { Button } from '../../components/button.tsx';
import { Icon } from '../../components/icon.tsx';
import { JobProgress } from '../../components/job-progress.tsx';
import { ErrorNote, Loaded, Skeleton } from '../../components/states.tsx';
import { isActiveJob } from '../../text/job.ts';
import { type Finding, findingsOf } from './findings.ts';

/** What is wrong with the data, each with where to see it. */
export function Findings({ stats }: { stats: CatalogStats }): ReactElement {
  const analysis = useQuery(api.catalog.analysisSummary.queryOptions());
  return (
    <section className="panel">
      <h2>To look at</h2>
      <Loaded query={analysis} skeleton={<Skeleton height={96} />}>
        {(summary) => <FindingList findings={findingsOf(stats, summary)} />}
      </Loaded>
    </section>
  );
}

function FindingList({ findings }: { findings: readonly Finding[] }): ReactElement {
  if (findings.length === 0) {
    return (
      <p className="row muted">
        <Icon name="check" /> Nothing stands out in the data.
      </p>
    );
  }
  return (
    <ul className="findings">
      {findings.map((finding) => (
        <li key={finding.text}>
          <Icon name={finding.to.place === 'analysis' ? 'info' : 'warning'} />
          <span>{finding.text}</span>
          <FindingAction finding={finding} />
        </li>
      ))}
    </ul>
  );
}

function FindingAction({ finding: { to, action } }: { finding: Finding }): ReactElement {
  switch (to.place) {
    case 'faces':
      return (
        <Link to="/data" search={to.search}>
          {action}
        </Link>
      );
    case 'sources':
      return <Link to="/data/sources">{action}</Link>;
    case 'import':
      return <Link to="/data/import">{action}</Link>;
    case 'analysis':
      return <Analyze action={action} />;
  }
}

/** Starts the analysis; while it goes on it says how far it is, wherever it was started. */
function Analyze({ action }: { action: string }): ReactElement {
  const analyzing = useMutation(api.catalog.analyze.mutationOptions());
  const jobs = useQuery(api.jobs.list.queryOptions());
  const job = jobs.data?.find((one) => one.kind === 'analyze' && isActiveJob(one));
  return (
    <>
      {job === undefined && (
        <Button isPending={analyzing.isPending} onPress={() => analyzing.mutate({})}>
          {action}
        </Button>
      )}
      {job !== undefined && (
        <div className="finding-job">
          <JobProgress job={job} />
        </div>
      )}
      {analyzing.error !== null && (
        <div className="finding-job">
          <ErrorNote error={analyzing.error} />
        </div>
      )}
    </>
  );
}
