import { useQuery } from '@tanstack/react-query';
import { Link, useLocation, useMatches } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import { api } from '../api/client.ts';
import { Icon } from '../components/icon.tsx';
import { COMMAND_KEY } from './keys.ts';
import { JobsButton } from './jobs-button.tsx';
import { placeOf } from './places.ts';

/** Where one is, and what is at hand everywhere: search, jobs, and the device that computes. */
export function Header({ onSearch }: { onSearch: () => void }): ReactElement {
  const workspace = useQuery(api.system.workspace.queryOptions());
  return (
    <header className="header">
      <Link to="/" className="workspace-name truncate" title={workspace.data?.directory}>
        {workspace.data?.name ?? ' '}
      </Link>
      <Breadcrumbs />
      <span className="spacer" />
      <AriaButton className="header-button search-button" onPress={onSearch}>
        <Icon name="search" />
        <span className="muted">Search or command</span>
        <kbd>{COMMAND_KEY} K</kbd>
      </AriaButton>
      <JobsButton />
      {workspace.data !== undefined && <DeviceChip runtime={workspace.data.runtime} />}
    </header>
  );
}

function Breadcrumbs(): ReactElement {
  const pathname = useLocation({ select: (location) => location.pathname });
  const place = placeOf(pathname);
  const matches = useMatches();
  const last = matches.at(-1);
  const title = last?.staticData.title ?? nameInAddress(last?.params ?? {});
  return (
    <nav aria-label="Breadcrumbs" className="breadcrumbs">
      <ol>
        <li>
          {title === undefined ? (
            <span aria-current="page">{place.label}</span>
          ) : (
            <Link to={place.to}>{place.label}</Link>
          )}
        </li>
        {title !== undefined && (
          <li>
            <span aria-current="page" className="truncate">
              {title}
            </span>
          </li>
        )}
      </ol>
    </nav>
  );
}

/** What an address names: a run, a blind audit, or a round by its number. */
function nameInAddress({ run, audit, round }: { run?: string; audit?: string; round?: string }): string | undefined {
  return run ?? audit ?? (round === undefined ? undefined : `Round ${round}`);
}

function DeviceChip({
  runtime,
}: {
  runtime: { version: string; device: string; deviceName: string } | null;
}): ReactElement {
  return (
    <Link
      to="/settings"
      className={runtime === null ? 'device-chip device-missing' : 'device-chip'}
      title={
        runtime === null
          ? 'The TensorFlow runtime is not set up.'
          : `${runtime.deviceName} · TensorFlow ${runtime.version}`
      }
    >
      <Icon name={runtime === null ? 'warning' : 'chip'} />
      {runtime === null
        ? 'No runtime'
        : `${runtime.device === 'gpu' ? runtime.deviceName : 'CPU'} · TF ${runtime.version}`}
    </Link>
  );
}
