import { type ReactElement, useSyncExternalStore } from 'react';
import { connection } from '../api/events.ts';
import { Button } from '../components/button.tsx';
import { useNow } from '../components/time.tsx';

/** A thin bar while the host is out of reach: what the person typed stays, and the window tries again by itself. */
export function ConnectionBar(): ReactElement | null {
  const state = useSyncExternalStore(connection.subscribe, connection.state);
  return state.status === 'lost' ? <LostBar retryAt={state.retryAt} /> : null;
}

function LostBar({ retryAt }: { retryAt: number }): ReactElement {
  const seconds = Math.max(0, Math.ceil((retryAt - useNow(250)) / 1000));
  return (
    <div className="connection-bar" role="status">
      <span>The studio does not answer. {seconds === 0 ? 'Trying again …' : `Trying again in ${seconds} s.`}</span>
      <Button kind="quiet" onPress={() => connection.start()}>
        Try now
      </Button>
    </div>
  );
}
