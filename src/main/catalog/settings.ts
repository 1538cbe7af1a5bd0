import type { Connection } from './database.ts';

/** What the workspace remembers for the person: a text by a key. */
export class SettingTable {
  readonly #get;
  readonly #set;

  constructor(connection: Connection) {
    this.#get = connection.prepare<[string], string>('SELECT value FROM setting WHERE key = ?').pluck();
    this.#set = connection.prepare<[string, string]>('INSERT OR REPLACE INTO setting (key, value) VALUES (?, ?)');
  }

  /** Null when it was never set. */
  get(key: string): string | null {
    return this.#get.get(key) ?? null;
  }

  set(key: string, value: string): void {
    this.#set.run(key, value);
  }
}
