/** Begins the names under which the browser keeps decisions that the host has not confirmed. */
export const KEPT_PREFIX = 'face2exp.decision.';

/** Whether any are kept, of whatever workspace. */
export function keepsDecisions(storage: Pick<Storage, 'length' | 'key'>): boolean {
  return Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '').some((name) =>
    name.startsWith(KEPT_PREFIX),
  );
}
