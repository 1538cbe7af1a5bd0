import type { DoctorCheck } from '#shared/runtime.ts';

/** "Everything that is needed is in order; 1 optional part is missing." */
export function summaryOf(ok: boolean, checks: readonly Pick<DoctorCheck, 'ok' | 'optional'>[]): string {
  const failed = checks.filter((check) => !check.ok && !check.optional).length;
  const missing = checks.filter((check) => !check.ok && check.optional).length;
  const optional = missing === 0 ? '' : `; ${missing} optional ${missing === 1 ? 'part is' : 'parts are'} missing`;
  if (ok) return `Everything that is needed is in order${optional}.`;
  return `${failed} ${failed === 1 ? 'part is' : 'parts are'} to be fixed${optional}.`;
}

/** A path as a shell takes it whole. */
export function quoted(path: string): string {
  return /^[\w./\\:-]+$/.test(path) ? path : `"${path.replaceAll('"', '\\"')}"`;
}
