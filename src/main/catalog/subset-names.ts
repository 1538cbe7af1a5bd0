import { StudioError } from '#shared/errors.ts';
import type { Connection } from './database.ts';

/** Finds subsets by what people call them: `NAME` is the newest version of that name, `NAME@2` the second. */
export class SubsetNames {
  readonly #newest;
  readonly #version;

  constructor(connection: Connection) {
    this.#newest = connection
      .prepare<[string], number>('SELECT id FROM subset WHERE name = ? ORDER BY version DESC LIMIT 1')
      .pluck();
    this.#version = connection
      .prepare<[string, number], number>('SELECT id FROM subset WHERE name = ? AND version = ?')
      .pluck();
  }

  /** The subset's number in the catalog; undefined when there is none. */
  find(reference: string): number | undefined {
    const [, name, version] = /^(.+)@([1-9]\d{0,8})$/.exec(reference) ?? [];
    return name === undefined ? this.#newest.get(reference) : this.#version.get(name, Number(version));
  }

  /** @throws StudioError 'not-found'. */
  get(reference: string): number {
    const id = this.find(reference);
    if (id !== undefined) return id;
    throw new StudioError('not-found', `There is no subset named “${reference}”.`, {
      hint: 'It may have been deleted: make one, or choose another.',
      commandLine: '`subset`, `subsets`',
    });
  }
}
