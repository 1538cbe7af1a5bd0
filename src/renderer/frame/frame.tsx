import { useQuery } from '@tanstack/react-query';
import { Outlet, useRouter } from '@tanstack/react-router';
import { type ReactElement, useEffect, useState } from 'react';
import { api } from '../api/client.ts';
import { connection } from '../api/events.ts';
import { keepsDecisions } from '../views/labels/review/kept.ts';
import { CommandPalette } from './command-palette.tsx';
import { ConnectionBar } from './connection-bar.tsx';
import { Header } from './header.tsx';
import { keyHandler } from './keys.ts';
import { KeysDialog } from './keys-dialog.tsx';
import { Notices } from './notices.tsx';
import { PLACES } from './places.ts';
import { Rail } from './rail.tsx';
import { useShellWork } from './shell-work.ts';
import { StatusLine } from './status-line.tsx';
import './frame.css';

/** What surrounds every place. Mounted while the window is signed in, and with it the event stream. */
export function Frame(): ReactElement {
  const router = useRouter();
  const [floating, setFloating] = useState<'palette' | 'keys' | null>(null);
  const close = (): void => setFloating(null);

  useEffect(() => {
    connection.start();
    return () => connection.stop();
  }, []);

  useEffect(() => {
    const handler = keyHandler({
      openPalette: () => setFloating('palette'),
      openKeys: () => setFloating('keys'),
      newRun: () => void router.navigate({ to: '/runs/new' }),
      go: (key) => {
        const place = PLACES.find((candidate) => candidate.key === key);
        if (place !== undefined) void router.navigate({ to: place.to });
      },
    });
    window.addEventListener('keydown', handler);
    return () => window.removeEventListener('keydown', handler);
  }, [router]);

  useShellWork();
  const workspace = useQuery(api.system.workspace.queryOptions()).data?.directory;
  useEffect(() => {
    if (workspace !== undefined && keepsDecisions(window.localStorage)) void sendKept(workspace);
  }, [workspace]);

  return (
    <div className="frame">
      <a className="skip-link" href="#place">
        Skip to the place
      </a>
      <Rail />
      <Header onSearch={() => setFloating('palette')} />
      <div className="frame-body">
        <ConnectionBar />
        <main id="place" className="frame-place" tabIndex={-1}>
          <Outlet />
        </main>
      </div>
      <StatusLine onShowKeys={() => setFloating('keys')} />
      <Notices />
      <CommandPalette isOpen={floating === 'palette'} onClose={close} />
      <KeysDialog isOpen={floating === 'keys'} onClose={close} />
    </div>
  );
}

/** Decisions that an earlier window could not send go out now, whatever place is open. */
async function sendKept(workspace: string): Promise<void> {
  const { outboxOf } = await import('../views/labels/review/host.ts');
  outboxOf(workspace);
}
