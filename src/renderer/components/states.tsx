import type { ReactElement, ReactNode } from 'react';
import { describeError } from '../api/errors.ts';
import { Button } from './button.tsx';
import { Icon, type IconName } from './icon.tsx';
import { Prose } from './prose.tsx';

/** What went wrong, why, and what to do, where it went wrong. */
export function ErrorNote({ error, onRetry }: { error: unknown; onRetry?: () => void }): ReactElement {
  return <Problem problem={describeError(error)} onRetry={onRetry} />;
}

interface ProblemProps {
  readonly problem: { readonly message: string; readonly hint?: string };
  readonly onRetry?: () => void;
}

/** An error as the host keeps it in a job's or run's row. */
export function Problem({ problem: { message, hint }, onRetry }: ProblemProps): ReactElement {
  return (
    <div className="note note-danger" role="alert">
      <Icon name="warning" />
      <div className="note-text">
        <p>
          <Prose text={message} />
        </p>
        {hint !== undefined && (
          <p className="note-hint">
            <Prose text={hint} />
          </p>
        )}
      </div>
      {onRetry !== undefined && (
        <Button icon="refresh" onPress={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}

export function WarningNote({ children, action }: { children: ReactNode; action?: ReactNode }): ReactElement {
  return (
    <div className="note note-warning">
      <Icon name="warning" />
      <div className="note-text">{children}</div>
      {action}
    </div>
  );
}

/** An empty place: what belongs here, and the one thing to do about it. */
export function Empty(props: {
  icon: IconName;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}): ReactElement {
  return (
    <div className="empty">
      <Icon name={props.icon} size={28} />
      <p className="empty-title">{props.title}</p>
      {props.children !== undefined && <p className="muted">{props.children}</p>}
      {props.action}
    </div>
  );
}

/** A grey block in the place of what is still to come; style sheets let it appear after 150 ms only. */
export function Skeleton({ height, width }: { height: number; width?: number | string }): ReactElement {
  return <div className="skeleton" aria-busy="true" style={{ height, width }} />;
}

interface LoadedProps<Data> {
  /** What useQuery answers. */
  readonly query: { readonly data: Data | undefined; readonly error: unknown; readonly refetch: () => unknown };
  readonly skeleton: ReactNode;
  readonly children: (data: Data) => ReactNode;
}

/** The answer of a query once it is there: until then its skeleton, on failure the error with a way to try again. */
export function Loaded<Data>({ query, skeleton, children }: LoadedProps<Data>): ReactElement {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error !== null) return <ErrorNote error={query.error} onRetry={() => query.refetch()} />;
  return (
    <div aria-busy="true">
      <span className="visually-hidden">Loading</span>
      {skeleton}
    </div>
  );
}
