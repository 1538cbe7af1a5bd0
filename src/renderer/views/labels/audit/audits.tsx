import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import type { AuditReport } from '#shared/review.ts';
import { api } from '../../../api/client.ts';
import { type Column, DataTable } from '../../../components/data-table.tsx';
import { Progress } from '../../../components/progress.tsx';
import { Empty, Loaded, Skeleton } from '../../../components/states.tsx';
import { Ago } from '../../../components/time.tsx';
import { formatCount } from '../../../text/format.ts';
import { PrecisionText } from '../rounds/round-head.tsx';

/** Every blind audit, the newest first. */
export function Audits(): ReactElement {
  const audits = useQuery({ ...api.review.audits.queryOptions(), staleTime: 0 });
  const rounds = useQuery(api.rounds.list.queryOptions({}));
  const nameOf = (id: number | null): string =>
    id === null ? 'Labels of the images' : (rounds.data?.find((round) => round.id === id)?.name ?? `Round ${id}`);
  const columns: readonly Column<AuditReport>[] = [
    {
      key: 'name',
      title: 'Audit',
      sortBy: ({ name }) => name,
      cell: ({ name }) => (
        <Link to="/labels/audits/$audit" params={{ audit: name }}>
          {name}
        </Link>
      ),
    },
    { key: 'round', title: 'Of', sortBy: ({ round }) => nameOf(round), cell: ({ round }) => nameOf(round) },
    {
      key: 'answered',
      title: 'Judged',
      sortBy: ({ answered, sampled }) => answered / Math.max(1, sampled),
      cell: ({ name, answered, sampled }) => (
        <span className="audit-judged">
          <span>
            {formatCount(answered)} <span className="muted">of {formatCount(sampled)}</span>
          </span>
          {answered < sampled && <Progress label={`Judged of ${name}`} done={answered} total={sampled} />}
        </span>
      ),
    },
    {
      key: 'precision',
      title: 'Precision [95 %]',
      isNumber: true,
      sortBy: ({ precision }) => precision ?? -1,
      cell: (audit) => <PrecisionText audit={audit} />,
    },
    {
      key: 'enough',
      title: 'Enough',
      sortBy: ({ isEnough }) => Number(isEnough),
      cell: ({ isEnough, sentence }) => <span title={sentence}>{isEnough ? 'yes' : 'not yet'}</span>,
    },
    {
      key: 'made',
      title: 'Drawn',
      isNumber: true,
      sortBy: ({ createdAt }) => createdAt,
      cell: ({ createdAt }) => (
        <span className="muted">
          <Ago at={createdAt} />
        </span>
      ),
    },
  ];
  return (
    <>
      <h2 className="page-title">Blind audits</h2>
      <section className="panel">
        <Loaded query={audits} skeleton={<Skeleton height={160} />}>
          {(list) =>
            list.length === 0 ? (
              <Empty icon="labels" title="No audits yet" action={<Link to="/labels">Choose a round</Link>}>
                An audit draws faces at random and asks what you see, without telling the label. It is the only way to
                know how many pseudo labels are right. Start one from the page of a round.
              </Empty>
            ) : (
              <DataTable label="Audits" columns={columns} rows={list} keyOf={({ name }) => name} />
            )
          }
        </Loaded>
      </section>
    </>
  );
}
