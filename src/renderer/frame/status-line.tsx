import { formatDuration } from '#shared/duration.ts';
import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import { api } from '../api/client.ts';
import { formatRate, plural } from '../text/format.ts';

/** The bottom line: how much is here, what trains now, and how to find the keys. */
export function StatusLine({ onShowKeys }: { onShowKeys: () => void }): ReactElement {
  const workspace = useQuery(api.system.workspace.queryOptions());
  const runs = useQuery(api.runs.list.queryOptions());
  const running = runs.data?.find(({ status }) => status === 'running');
  return (
    <footer className="status-line">
      {workspace.data !== undefined && <span>{plural(workspace.data.images, 'image')}</span>}
      {runs.data !== undefined && <span>{plural(runs.data.length, 'run')}</span>}
      {running !== undefined && (
        <span>
          {running.name} trains
          {running.imagesPerSecond !== null && ` · ${formatRate(running.imagesPerSecond)} images/s`}
          {running.secondsLeft !== null && ` · ${formatDuration(running.secondsLeft)} left`}
        </span>
      )}
      <span className="spacer" />
      <AriaButton className="status-button" onPress={onShowKeys}>
        Keys <kbd>?</kbd>
      </AriaButton>
    </footer>
  );
}
