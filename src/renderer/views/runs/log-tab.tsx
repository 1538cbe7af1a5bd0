import type { ReactElement } from 'react';
import type { RunDetail } from '#shared/training.ts';
import { Icon } from '../../components/icon.tsx';
import { Empty } from '../../components/states.tsx';
import { formatExactTime } from '../../text/format.ts';

/** What the run had to say, newest first. */
export function LogTab({ run }: { run: RunDetail }): ReactElement {
  if (run.log.length === 0) return <Empty icon="info" title="Nothing was logged" />;
  return (
    <section className="panel">
      <ol className="log">
        {run.log.toReversed().map(({ at, level, message }, index) => (
          <li key={run.log.length - index} className={`log-${level}`}>
            <time dateTime={at}>{formatExactTime(at)}</time>
            <Icon name={level === 'info' ? 'info' : 'warning'} />
            <span>{message}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
