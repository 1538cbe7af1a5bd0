import type { KnownWorker, WorkerLook } from '#shared/workers.ts';

/** Known workers, and after them those that are named and not known. */
export function withNamed(known: readonly KnownWorker[], named: readonly string[]): readonly KnownWorker[] {
  const others = named.filter((address) => known.every((worker) => worker.address !== address));
  return [...known, ...others.map((address) => ({ address, name: '' }))];
}

/** What a worker is called: "Attic", or its address. */
export function workerName({ name, address }: KnownWorker): string {
  return name === '' ? address : name;
}

/** "Ready" and "NVIDIA H100, TensorFlow 2.21.0", and the like. */
export function lookWords(look: WorkerLook): { readonly state: string; readonly detail: string } {
  switch (look.state) {
    case 'ready':
      return { state: 'Ready', detail: `${look.runtime.deviceName}, TensorFlow ${look.runtime.version}` };
    case 'busy':
      return { state: 'Busy', detail: look.work };
    case 'refused':
      return { state: 'Refuses', detail: reasonIn(look.problem.message) };
    case 'unreached':
      return { state: 'Not reached', detail: reasonIn(look.problem.message) };
  }
}

/** How Node says that a connection does not come about, and what that means. */
const CONNECTION_WORDS = [
  ['ECONNREFUSED', 'Nothing listens there.'],
  ['ENOTFOUND', 'No machine of that name is known.'],
  ['EHOSTUNREACH', 'No way leads to that machine.'],
] as const;

/** Why, without the worker's name, which stands beside it. */
function reasonIn(sentence: string): string {
  const known = CONNECTION_WORDS.find(([code]) => sentence.includes(code));
  if (known !== undefined) return known[1];
  const rest = /^Worker \S+ (?:refuses: |cannot be reached: |is gone\. )(.+)$/.exec(sentence)?.[1] ?? sentence;
  return rest.charAt(0).toUpperCase() + rest.slice(1);
}
