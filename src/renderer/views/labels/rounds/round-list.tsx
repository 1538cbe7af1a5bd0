import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactElement, useState } from 'react';
import type { Round } from '#shared/rounds.ts';
import { api, client } from '../../../api/client.ts';
import { notices } from '../../../api/notices.ts';
import { Button } from '../../../components/button.tsx';
import { type Column, DataTable } from '../../../components/data-table.tsx';
import { FormPopover } from '../../../components/form-popover.tsx';
import { JobProgress } from '../../../components/job-progress.tsx';
import { Progress } from '../../../components/progress.tsx';
import { Empty, ErrorNote, Loaded, Skeleton } from '../../../components/states.tsx';
import { Ago } from '../../../components/time.tsx';
import { formatCount, formatRate, plural } from '../../../text/format.ts';
import { isActiveJob } from '../../../text/job.ts';
import { expressionAt } from '../../../text/words.ts';
import { NewRound, RoundFromFile } from './new-round.tsx';
import { roundOriginText, roundStatusText } from './round-text.ts';

/** Every round of pseudo labels, the newest first, and how to make another. */
export function RoundList(): ReactElement {
  const rounds = useQuery(api.rounds.list.queryOptions({}));
  return (
    <>
      <div className="place-head">
        <h2 className="page-title">Rounds of pseudo labels</h2>
        <span className="spacer" />
        <RoundFromFile />
        <NewRound />
      </div>
      <LabelingJobs />
      <section className="panel">
        <Loaded query={rounds} skeleton={<ListSkeleton />}>
          {(list) => (list.length === 0 ? <NoRounds /> : <RoundTable rounds={list} />)}
        </Loaded>
      </section>
    </>
  );
}

function ListSkeleton(): ReactElement {
  return (
    <div className="skeletons">
      {[0, 1, 2, 3].map((index) => (
        <Skeleton key={index} height={36} />
      ))}
    </div>
  );
}

function NoRounds(): ReactElement {
  return (
    <Empty icon="labels" title="No pseudo labels yet">
      A round is what one network says of every face of a source. Make one with the network of a run, or from a file
      that any program wrote, and look here at the labels that are most likely wrong.
    </Empty>
  );
}

/** Rounds that are being made, where they were started. */
function LabelingJobs(): ReactElement | null {
  const jobs = useQuery(api.jobs.list.queryOptions());
  const active = (jobs.data ?? []).filter((job) => job.kind === 'pseudo-label' && isActiveJob(job));
  if (active.length === 0) return null;
  return (
    <section className="panel stack" aria-label="Rounds being made">
      {active.map((job) => (
        <div key={job.id} className="stack">
          <strong>{job.title}</strong>
          <JobProgress job={job} />
        </div>
      ))}
    </section>
  );
}

function RoundTable({ rounds }: { rounds: readonly Round[] }): ReactElement {
  const [opened, setOpened] = useState<number | null>(null);
  const problems: Column<Round> = {
    key: 'problems',
    title: 'Left out',
    isNumber: true,
    sortBy: ({ problems: count }) => count,
    cell: ({ id, problems: count }) =>
      count === 0 ? (
        <span className="muted">0</span>
      ) : (
        <Button kind="quiet" aria-expanded={opened === id} onPress={() => setOpened(opened === id ? null : id)}>
          {formatCount(count)}
        </Button>
      ),
  };
  return (
    <DataTable
      label="Rounds"
      columns={[...COLUMNS.slice(0, 5), problems, ...COLUMNS.slice(5)]}
      rows={rounds}
      keyOf={({ id }) => id}
      detailOf={({ id }) => (opened === id ? <Problems id={id} /> : null)}
    />
  );
}

const COLUMNS: readonly Column<Round>[] = [
  {
    key: 'name',
    title: 'Round',
    sortBy: ({ id }) => id,
    cell: (round) => (
      <span className="round-name">
        {round.count === 0 ? (
          round.name
        ) : (
          <Link to="/labels/$round" params={{ round: String(round.id) }}>
            {round.name}
          </Link>
        )}
        <span className="muted small">{roundOriginText(round)}</span>
      </span>
    ),
  },
  { key: 'source', title: 'Source', sortBy: ({ source }) => source, cell: ({ source }) => source },
  { key: 'status', title: 'Status', sortBy: ({ status }) => status, cell: (round) => <RoundStatus round={round} /> },
  {
    key: 'count',
    title: 'Faces',
    isNumber: true,
    sortBy: ({ count }) => count,
    cell: ({ count }) => formatCount(count),
  },
  { key: 'classes', title: 'Classes', cell: (round) => <ClassShares round={round} /> },
  {
    key: 'confidence',
    title: 'Confidence',
    isNumber: true,
    sortBy: ({ meanConfidence }) => meanConfidence ?? -1,
    cell: ({ meanConfidence, imagesPerSecond }) => (
      <span title={imagesPerSecond === null ? undefined : `Made at ${formatRate(imagesPerSecond)} images/s`}>
        {meanConfidence === null ? '–' : meanConfidence.toFixed(3)}
      </span>
    ),
  },
  {
    key: 'made',
    title: 'Made',
    isNumber: true,
    sortBy: ({ createdAt }) => createdAt,
    cell: ({ createdAt }) => (
      <span className="muted">
        <Ago at={createdAt} />
      </span>
    ),
  },
  { key: 'actions', title: 'Actions', hidesTitle: true, cell: (round) => <RoundActions round={round} /> },
];

function RoundStatus({ round: { status, name, count, total } }: { round: Round }): ReactElement {
  const dot = status === 'labeling' ? 'running' : status;
  return (
    <span className="round-status">
      <span className="status">
        <span className={`status-dot status-${dot}`} />
        {roundStatusText(status)}
      </span>
      {status !== 'finished' && <Progress label={`Labeled of ${name}`} done={count} total={Math.max(total, count)} />}
    </span>
  );
}

/** The share of each class as one bar; its parts are told on hover and to those who cannot see them. */
export function ClassShares({ round: { perClass } }: { round: Pick<Round, 'perClass'> }): ReactElement {
  const present = perClass.flatMap(({ count, share }, label) => (count === 0 ? [] : [{ label, share }]));
  const text = present
    .map(({ label, share }) => `${expressionAt(label).label} ${(share * 100).toFixed(1)} %`)
    .join(', ');
  return (
    <span className="class-shares" role="img" aria-label={text === '' ? 'No labels' : text} title={text}>
      {present.map(({ label, share }) => (
        <span key={label} style={{ width: `${share * 100}%`, backgroundColor: expressionAt(label).color }} />
      ))}
    </span>
  );
}

function RoundActions({ round }: { round: Round }): ReactElement {
  const resume = useMutation({ mutationFn: () => client.rounds.label.mutate(requestOf(round)) });
  return (
    <span className="row round-actions">
      {round.status === 'interrupted' && round.origin === 'network' && (
        <Button kind="quiet" icon="play" isPending={resume.isPending} onPress={() => resume.mutate()}>
          Continue
        </Button>
      )}
      {round.status !== 'labeling' && (
        <FormPopover
          label="Delete"
          icon="remove"
          kind="quiet"
          title={`Delete “${round.name}”`}
          submitLabel="Delete"
          submitKind="danger"
          onSubmit={async () => {
            await client.rounds.remove.mutate({ id: round.id });
            notices.add({ level: 'info', message: `“${round.name}” is deleted.` });
          }}
        >
          <p className="small">
            Its {plural(round.count, 'pseudo label')} and embeddings go for good. What people decided of its faces
            stays.
          </p>
        </FormPopover>
      )}
      {resume.error !== null && <ErrorNote error={resume.error} />}
    </span>
  );
}

/** The request that an interrupted round is continued with. */
function requestOf({ run, file, network, step, source, name }: Round) {
  return {
    ...(run === null ? { checkpoint: file ?? '' } : { run }),
    ...(network !== null && { network }),
    ...(run !== null && step !== null && file !== null && /step-\d+/.test(file) && { step }),
    source,
    name,
  };
}

function Problems({ id }: { id: number }): ReactElement {
  const problems = useQuery(api.rounds.problems.queryOptions({ id }));
  return (
    <Loaded query={problems} skeleton={<Skeleton height={80} />}>
      {(list) => (
        <ul className="round-problems">
          {list.slice(0, 50).map(({ line, place, reason }, index) => (
            <li key={index}>
              <span className="muted">{line === null ? '' : `line ${formatCount(line)}`}</span>
              <code className="truncate">{place}</code>
              <span>{reason}</span>
            </li>
          ))}
        </ul>
      )}
    </Loaded>
  );
}
