import type { Picture } from '#shared/requests.ts';

/** A picture that was tried in this browser. */
export interface ShelvedPicture {
  /** `face 12`, or the name of an upload. */
  readonly key: string;
  readonly picture: Extract<Picture, { image: number } | { upload: string }>;
  readonly title: string;
  /** The person's own picture; null for a face of the catalog, which the host has. */
  readonly file: Blob | null;
  /** Milliseconds since 1970. */
  readonly at: number;
}

const DATABASE = 'face2exp.predict';
const STORE = 'pictures';
const KEPT = 24;
/** The host keeps an upload for a day; shown longer it could not be asked about. */
const KEPT_MILLISECONDS = 24 * 3_600_000;

/** Those that are still of use, the newest first, each once, and no more than are kept. */
export function stillUseful(pictures: readonly ShelvedPicture[], now: number): ShelvedPicture[] {
  const newest = pictures.toSorted((one, other) => other.at - one.at);
  return newest
    .filter(({ key, file, at }, index) => {
      const isFirst = newest.findIndex((other) => other.key === key) === index;
      return isFirst && (file === null || now - at < KEPT_MILLISECONDS);
    })
    .slice(0, KEPT);
}

/**
 * The pictures tried before, in the browser's own database, so that an address with a picture in it still shows it after a reload.
 * A browser that keeps no data, as in a private window, forgets them with the page.
 */
class PictureShelf {
  #pictures: readonly ShelvedPicture[] | null = null;
  readonly #listeners = new Set<() => void>();
  #database: Promise<IDBDatabase | null> | undefined;

  /** Null until they were read. */
  readonly list = (): readonly ShelvedPicture[] | null => this.#pictures;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#database === undefined) void this.#read();
    return () => this.#listeners.delete(listener);
  };

  /** Puts a picture in front; there already, it moves there. */
  async put(picture: ShelvedPicture): Promise<void> {
    const before = this.#pictures ?? [];
    this.#set(stillUseful([picture, ...before.filter(({ key }) => key !== picture.key)], picture.at));
    const database = await this.#open();
    const kept = new Set(this.#pictures?.map(({ key }) => key));
    const store = database?.transaction(STORE, 'readwrite').objectStore(STORE);
    store?.put(picture);
    for (const { key } of before) if (!kept.has(key)) store?.delete(key);
  }

  /** Forgets them all, here and in the browser's database. */
  async clear(): Promise<void> {
    this.#set([]);
    const database = await this.#open();
    database?.transaction(STORE, 'readwrite').objectStore(STORE).clear();
  }

  async #read(): Promise<void> {
    const database = await this.#open();
    const rows = database === null ? [] : await allRows(database);
    this.#set(stillUseful([...(this.#pictures ?? []), ...rows], Date.now()));
  }

  #open(): Promise<IDBDatabase | null> {
    this.#database ??= new Promise((resolve) => {
      const opening = window.indexedDB.open(DATABASE, 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: 'key' });
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => resolve(null); // the browser keeps nothing: the list lives as long as the page
    });
    return this.#database;
  }

  #set(pictures: readonly ShelvedPicture[]): void {
    this.#pictures = pictures;
    for (const listener of this.#listeners) listener();
  }
}

function allRows(database: IDBDatabase): Promise<ShelvedPicture[]> {
  return new Promise((resolve, reject) => {
    const request = database.transaction(STORE).objectStore(STORE).getAll() as IDBRequest<ShelvedPicture[]>;
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('The pictures tried before cannot be read.'));
  });
}

export const shelf = new PictureShelf();
