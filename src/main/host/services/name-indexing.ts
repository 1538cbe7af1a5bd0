import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Catalog } from '../../catalog/catalog.ts';

/** Lets the index of names catch up with the images, a slice at a time between other work. */
export class NameIndexing {
  readonly #catalog: Catalog;
  #running: Promise<void> | undefined;
  #closing = false;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** Goes on until nothing is left; a second call meanwhile changes nothing. */
  start(): void {
    if (this.#closing) return;
    // What goes wrong here, such as a full disk, goes wrong again in the next search, which tells it.
    this.#running ??= this.#catchUp()
      .catch(() => undefined)
      .finally(() => (this.#running = undefined));
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#running;
  }

  async #catchUp(): Promise<void> {
    do await nextTurn();
    while (!this.#closing && this.#catalog.text.indexSlice());
  }
}
