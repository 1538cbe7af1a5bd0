import { type ReactElement, useEffect, useState } from 'react';
import { formatAgo, formatExactTime } from '../text/format.ts';

/** A time as it is said, with the exact one on hover. @param at ISO 8601. */
export function Ago({ at }: { at: string }): ReactElement {
  const now = useNow(30_000);
  return (
    <time dateTime={at} title={formatExactTime(at)}>
      {formatAgo(Date.parse(at), now)}
    </time>
  );
}

/** The time, milliseconds since 1970, told anew every so many milliseconds. */
export function useNow(interval: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), interval);
    return () => clearInterval(timer);
  }, [interval]);
  return now;
}
