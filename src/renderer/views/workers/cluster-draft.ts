import type { ClusterRequest } from '#shared/cluster.ts';

/** Workers as they are being chosen: none of them yet, perhaps. */
export type ClusterDraft = ClusterRequest;

export const NO_WORKERS: ClusterDraft = { workers: [], elastic: false, timeoutSeconds: 10 };

/** The request's part of a choice: nothing for this machine. */
export function clusterOf(cluster: ClusterDraft | null): { readonly cluster?: ClusterRequest } {
  return cluster === null ? {} : { cluster };
}

/** Whether there is something to compute on. */
export function isSomewhere(cluster: ClusterDraft | null): boolean {
  return cluster === null || cluster.workers.length > 0;
}
