import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactElement, useState } from 'react';
import type { BadImage, RunDetail } from '#shared/training.ts';
import { api } from '../../api/client.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Icon } from '../../components/icon.tsx';
import { Empty, Loaded, Skeleton } from '../../components/states.tsx';
import { formatCount, formatExactTime } from '../../text/format.ts';
import { Segments } from './segments.tsx';

type Level = RunDetail['log'][number]['level'];
const LEVELS = [
  { value: 'all', label: 'Everything' },
  { value: 'warning', label: 'Warnings' },
  { value: 'error', label: 'Errors' },
] as const;
type Shown = (typeof LEVELS)[number]['value'];

/** What the run had to say, newest first, and the images it could not read. */
export function LogTab({ run }: { run: RunDetail }): ReactElement {
  const [shown, setShown] = useState<Shown>('all');
  const count = (level: Level): number => run.log.filter((line) => line.level === level).length;
  const counts = { all: run.log.length, warning: count('warning'), error: count('error') };
  const lines = run.log.toReversed().filter(({ level }) => shown === 'all' || level === shown);
  return (
    <div className="stack log-tab">
      {run.badImages > 0 && <BadImages run={run} />}
      <section className="panel stack">
        <div className="row">
          <h2>Log</h2>
          <span className="spacer" />
          {counts.warning + counts.error > 0 && (
            <Segments
              label="Show"
              shown={shown}
              options={LEVELS.map(({ value, label }) => ({ value, label: `${label} ${formatCount(counts[value])}` }))}
              onShow={setShown}
            />
          )}
        </div>
        {lines.length === 0 ? (
          <Empty icon="info" title={shown === 'all' ? 'Nothing was logged' : 'None of these'} />
        ) : (
          <ol className="log">
            {lines.map(({ at, level, message }, index) => (
              <li key={lines.length - index} className={`log-${level}`}>
                <time dateTime={at}>{formatExactTime(at)}</time>
                <Icon name={level === 'info' ? 'info' : 'warning'} />
                <span>
                  {level !== 'info' && <strong>{level === 'warning' ? 'Warning: ' : 'Error: '}</strong>}
                  {message}
                </span>
              </li>
            ))}
          </ol>
        )}
      </section>
    </div>
  );
}

/** More than these are a folder that is not there, not images to look at one by one. */
const MOST_BAD_IMAGES = 1_000;

function BadImages({ run }: { run: RunDetail }): ReactElement {
  const images = useQuery(api.runs.badImages.queryOptions({ id: run.id, limit: MOST_BAD_IMAGES }));
  return (
    <section className="panel stack">
      <h2>
        Images that could not be read{' '}
        <span className="chart-note">{formatCount(run.badImages)}; another of the same set took the place of each</span>
      </h2>
      <Loaded query={images} skeleton={<Skeleton height={120} />}>
        {(list) => (
          <div className="bad-images">
            <DataTable
              label="Images that could not be read"
              columns={COLUMNS}
              rows={list}
              keyOf={({ image }) => image}
            />
          </div>
        )}
      </Loaded>
    </section>
  );
}

const COLUMNS: readonly Column<BadImage>[] = [
  {
    key: 'path',
    title: 'File',
    sortBy: ({ path }) => path,
    cell: ({ image, path }) => (
      <Link to="/data" search={{ face: image }}>
        {path}
      </Link>
    ),
  },
  { key: 'reason', title: 'Reason', sortBy: ({ reason }) => reason, cell: ({ reason }) => reason },
];
