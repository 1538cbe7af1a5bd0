import { z } from 'zod';
import { StudioError, toStudioError } from '#shared/errors.ts';
import { type KnownWorker, type WorkerLook, knownWorkerSchema } from '#shared/workers.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { clusterSecret } from '../cluster/secret.ts';
import { lookAtWorker } from '../cluster/worker-client.ts';

const KEY = 'workers';
const MOST_WORKERS = 200;
/** A worker that has not answered by then is as good as none. */
const LOOK_MILLISECONDS = 5_000;

/** The workers a workspace knows, and how they are. */
export class WorkerList {
  readonly #catalog: Catalog;
  /** By address: who looks twice is answered by one. */
  readonly #looks = new Map<string, Promise<WorkerLook>>();

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** In the order they were added. */
  list(): KnownWorker[] {
    const stored = this.#catalog.settings.get(KEY);
    return stored === null ? [] : z.array(knownWorkerSchema).parse(JSON.parse(stored));
  }

  /** @throws StudioError 'conflict' for an address or a name that is known, 'usage' when there are two hundred. */
  add(worker: KnownWorker): KnownWorker[] {
    const known = this.list();
    const same = known.find(({ address }) => address === worker.address);
    if (same !== undefined) {
      throw new StudioError('conflict', `The worker ${worker.address} is known already${calledText(same)}.`);
    }
    if (worker.name !== '' && known.some(({ name }) => name === worker.name)) {
      throw new StudioError('conflict', `Another worker is called “${worker.name}”.`, { hint: 'Choose another name.' });
    }
    if (known.length >= MOST_WORKERS) {
      throw new StudioError('usage', `There are ${MOST_WORKERS} workers already.`, { hint: 'Remove one first.' });
    }
    return this.#keep([...known, worker]);
  }

  /** @param worker its address or its name. @throws StudioError 'not-found'. */
  remove(worker: string): KnownWorker[] {
    const { address } = this.find(worker);
    return this.#keep(this.list().filter((other) => other.address !== address));
  }

  /** By its address or its name. @throws StudioError 'not-found'. */
  find(worker: string): KnownWorker {
    const found = this.list().find(({ address, name }) => address === worker || (name !== '' && name === worker));
    if (found !== undefined) return found;
    throw new StudioError('not-found', `No worker is called “${worker}”.`, {
      hint: 'Name it by its address or its name.',
      commandLine: '`workers list` lists them',
    });
  }

  /**
   * Whether a worker is there, and what it computes with. One that works is left alone. Answers within seconds.
   * @throws StudioError 'usage' for a secret here that is none.
   */
  look(address: string): Promise<WorkerLook> {
    const pending = this.#looks.get(address);
    if (pending !== undefined) return pending;
    const look = this.#look(address, clusterSecret()).finally(() => this.#looks.delete(address));
    this.#looks.set(address, look);
    return look;
  }

  async #look(address: string, secret: string): Promise<WorkerLook> {
    try {
      const { worker, work } = await lookAtWorker(address, secret, LOOK_MILLISECONDS);
      if (work !== null)
        return { state: 'busy', work: `${work.purpose}, for ${work.host.replace(/, process \d+$/, '')}` };
      const { version, device, deviceName } = worker.runtime;
      return { state: 'ready', hostName: worker.hostName, runtime: { version, device, deviceName } };
    } catch (thrown) {
      const error = toStudioError(thrown);
      return { state: error.code === 'unavailable' ? 'unreached' : 'refused', problem: error.toJSON() };
    }
  }

  #keep(workers: readonly KnownWorker[]): KnownWorker[] {
    this.#catalog.settings.set(KEY, JSON.stringify(workers));
    return [...workers];
  }
}

function calledText({ name }: KnownWorker): string {
  return name === '' ? '' : ` as “${name}”`;
}
