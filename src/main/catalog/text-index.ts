import { SHORTEST_TEXT } from '#shared/filter.ts';
import type { Connection } from './database.ts';
import type { ListedImages } from './listed-images.ts';

/** Images indexed in one transaction: about a tenth of a second, for which nothing else is done. */
const SLICE = 10_000;

/** What is searched of an image, in SQL; migration 2 indexes the same. */
const TEXT = "image.path || char(10) || ifnull(image.identity, '')";

/** Images that hold a text are looked for up to here: some tens of milliseconds, whatever the text. */
const FOUND_AT_MOST = 20_000;

/**
 * Finds images by a part of their path or identity. The index follows behind the images (see migration 2), and catches up when it is asked:
 * between searches by {@link indexSlice}, at the latest in the next search.
 */
export class TextIndex {
  readonly #connection: Connection;
  readonly #progress;
  readonly #newest;
  readonly #fill;
  readonly #advance;
  readonly #find;
  readonly #changes;
  /** What was found last: the pages and facets of one screen ask for the same text. */
  #last: { readonly text: string; readonly changes: number; readonly matches: ListedImages } | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#progress = connection.prepare<[], number>('SELECT indexed_to FROM image_text_progress').pluck();
    this.#newest = connection.prepare<[], number | null>('SELECT max(id) FROM image').pluck();
    this.#fill = connection.prepare<[number, number]>(
      `INSERT INTO image_text (rowid, text) SELECT id, ${TEXT} FROM image WHERE id > ? AND id <= ?`,
    );
    this.#advance = connection.prepare<[number]>('UPDATE image_text_progress SET indexed_to = ?');
    this.#find = connection.prepare<[string, string, number], { id: number; cell: number }>(
      `SELECT image.id, image.cell FROM image_text JOIN image ON image.id = image_text.rowid
       WHERE image_text MATCH ? AND instr(lower(${TEXT}), ?) > 0 ORDER BY image_text.rowid LIMIT ?`,
    );
    this.#changes = connection.prepare<[], number>('SELECT total_changes()').pluck();
  }

  /** The first images that hold a text, in the order of ids. */
  find(text: string): ListedImages {
    this.catchUp();
    const changes = this.#changes.get()!;
    if (this.#last?.text === text && this.#last.changes === changes) return this.#last.matches;
    const images = this.#find.all(trigramsOf(text), folded(text), FOUND_AT_MOST + 1);
    const matches = { images: images.slice(0, FOUND_AT_MOST), complete: images.length <= FOUND_AT_MOST };
    this.#last = { text, changes, matches };
    return matches;
  }

  /** All images that hold a text, in the order of ids: seconds for a text that many hold. */
  all(text: string): ListedImages['images'] {
    this.catchUp();
    return this.#find.all(trigramsOf(text), folded(text), -1);
  }

  /** Indexes some images that were added since. @returns whether there may be more. */
  indexSlice(): boolean {
    const from = this.#progress.get()!;
    const newest = this.#newest.get() ?? 0;
    if (from >= newest) return false;
    const to = Math.min(from + SLICE, newest);
    this.#connection.transaction(() => {
      this.#fill.run(from, to);
      this.#advance.run(to);
    })();
    return to < newest;
  }

  /** Indexes all that is not yet. A snapshot cannot, and needs not: it was taken after. */
  catchUp(): void {
    if (this.#connection.readonly) return;
    while (this.indexSlice());
  }
}

/** Tells whether a path and identity hold a text, as the index does. */
export function textTest(text: string): (path: string, identity: string) => boolean {
  const wanted = folded(text);
  return (path, identity) => folded(`${path}\n${identity}`).includes(wanted);
}

/** SQLite's lower(): the letters A to Z alone. */
function folded(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/**
 * Runs of three characters that all must be there: one behind the other, and the last. Those between would make the search no better, since
 * what the index finds is compared with the text itself.
 */
function trigramsOf(text: string): string {
  const characters = [...text];
  const runAt = (begin: number): string => characters.slice(begin, begin + SHORTEST_TEXT).join('');
  const runs = new Set([runAt(characters.length - SHORTEST_TEXT)]);
  for (let begin = 0; begin + SHORTEST_TEXT <= characters.length; begin += SHORTEST_TEXT) runs.add(runAt(begin));
  return [...runs].map((run) => `"${run.replaceAll('"', '""')}"`).join(' AND ');
}
