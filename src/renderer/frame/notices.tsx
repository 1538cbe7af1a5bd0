import { type ReactElement, useSyncExternalStore } from 'react';
import { notices } from '../api/notices.ts';
import { Button, IconButton } from '../components/button.tsx';
import { Icon } from '../components/icon.tsx';

/** Messages at the window's corner, read out as they come. */
export function Notices(): ReactElement {
  const list = useSyncExternalStore(notices.subscribe, notices.list);
  return (
    <div className="notices" role="status" aria-label="Messages">
      {list.map(({ id, level, message, action }) => (
        <div key={id} className={`notice notice-${level}`}>
          <Icon name={level === 'info' ? 'info' : 'warning'} />
          <span className="note-text">{message}</span>
          {action !== undefined && (
            <Button
              kind="quiet"
              onPress={() => {
                notices.dismiss(id);
                action.run();
              }}
            >
              {action.label}
            </Button>
          )}
          <IconButton icon="close" label="Dismiss" onPress={() => notices.dismiss(id)} />
        </div>
      ))}
    </div>
  );
}
