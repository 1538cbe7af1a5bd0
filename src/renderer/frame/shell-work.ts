import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import type { Job } from '#shared/jobs.ts';
import { api } from '../api/client.ts';
import { isActiveJob } from '../text/job.ts';
import { workOf } from './work-of-jobs.ts';

/** In the desktop app: tells the system what runs, and what has ended since. In a browser it does nothing. */
export function useShellWork(): void {
  const shell = window.studioShell;
  const jobs = useQuery({ ...api.jobs.list.queryOptions(), enabled: shell !== undefined }).data;
  const running = useRef<ReadonlySet<Job['id']>>(new Set());
  const told = useRef('');
  useEffect(() => {
    if (shell === undefined || jobs === undefined) return;
    const work = workOf(jobs, running.current);
    running.current = new Set(jobs.filter(isActiveJob).map(({ id }) => id));
    const text = JSON.stringify(work);
    if (text === told.current) return;
    told.current = text;
    void shell.showWork(work);
  }, [shell, jobs]);
}
