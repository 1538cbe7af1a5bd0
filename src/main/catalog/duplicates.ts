import {
  DUPLICATE_KINDS,
  type DuplicateChoice,
  type DuplicateGroup,
  type DuplicateKind,
  type DuplicateMembersRequest,
  type DuplicatePage,
  type DuplicatePageRequest,
  type DuplicateSummary,
} from '#shared/analysis.ts';
import type { ImagePage, ImageRow } from '#shared/catalog.ts';
import type { DuplicateFilter } from '#shared/filter.ts';
import type { Split } from '#shared/images.ts';
import type { AnalysisTable } from './analysis.ts';
import { BulkInsert } from './bulk-insert.ts';
import type { Connection } from './database.ts';
import { searchNearHashes } from './duplicate-search.ts';
import type { ListedImages } from './listed-images.ts';

/** Rows of images in the order of their ids. */
type RowsOf = (ids: readonly number[]) => ImageRow[];

interface StoredSearch {
  readonly kind: DuplicateKind;
  readonly distance: number;
  readonly isCurrent: number;
  readonly madeAt: string;
}
interface StoredGroup {
  readonly id: number;
  readonly size: number;
  readonly isCrossing: number;
  readonly isContradicting: number;
}
interface Member {
  readonly group: number;
  readonly id: number;
  readonly split: Split;
  readonly label: number | null;
}

/** Members of a group that a page shows. */
const SHOWN = 12;
/** Images of a filter are looked for up to here, as those of a text: some tens of milliseconds. */
const FOUND_AT_MOST = 20_000;
/** Of a group that leaks, the images of the first of these splits stay, the one to keep before all others. */
const KEPT_FIRST: readonly Split[] = ['train', 'validation', 'test', 'unlabeled'];

/** What an index holds; the words must be those of migration 4. */
const CONDITIONS: Readonly<Record<DuplicateChoice, string>> = {
  all: 'size > 1',
  leaks: 'size > 1 AND is_crossing = 1',
  contradictions: 'size > 1 AND is_contradicting = 1',
};
const CHOICES = Object.keys(CONDITIONS) as DuplicateChoice[];

const FILTERS: Readonly<Record<DuplicateFilter, readonly [DuplicateKind, DuplicateChoice]>> = {
  exact: ['exact', 'all'],
  near: ['near', 'all'],
  'exact-leak': ['exact', 'leaks'],
  'near-leak': ['near', 'leaks'],
  'exact-contradiction': ['exact', 'contradictions'],
  'near-contradiction': ['near', 'contradictions'],
};

// In this order: left to itself, SQLite would rather go through the members of all kinds.
const MEMBERS_OF_GROUPS = `FROM duplicate_group CROSS JOIN duplicate_member ON duplicate_member.group_id = duplicate_group.id
  CROSS JOIN image ON image.id = duplicate_member.image_id`;

/**
 * Groups of images that are copies of each other, by the last search of each kind. What a group is now, after exclusions and changes of label and
 * split, is worked out when it is asked for.
 */
export class DuplicateTable {
  readonly #connection: Connection;
  readonly #analyses: AnalysisTable;
  readonly #insertGroups;
  readonly #insertMembers;
  readonly #lastGroup;
  readonly #forget;
  readonly #remember;
  readonly #stale;
  readonly #refresh;
  readonly #fresh;
  readonly #search;
  readonly #totals;
  readonly #pages;
  readonly #members;
  readonly #groupOf;
  readonly #images;
  readonly #found;
  readonly #isFound;
  readonly #changes;
  /** What was found last: the pages and facets of one screen ask for the same. */
  #last: { readonly filter: DuplicateFilter; readonly changes: number; readonly found: ListedImages } | undefined;

  constructor(connection: Connection, analyses: AnalysisTable) {
    this.#connection = connection;
    this.#analyses = analyses;
    this.#insertGroups = new BulkInsert(connection, 'INSERT INTO duplicate_group', ['id', 'kind']);
    this.#insertMembers = new BulkInsert(connection, 'INSERT INTO duplicate_member', ['group_id', 'image_id']);
    this.#lastGroup = connection.prepare<[], number | null>('SELECT max(id) FROM duplicate_group').pluck();
    this.#forget = connection.prepare<[DuplicateKind]>('DELETE FROM duplicate_group WHERE kind = ?');
    this.#remember = connection.prepare<[DuplicateKind, number, number, string]>(
      `INSERT INTO duplicate_search (kind, distance, images, is_current, made_at) VALUES (?, ?, ?, 1, ?)
       ON CONFLICT DO UPDATE SET distance = excluded.distance, images = excluded.images, is_current = 1, made_at = excluded.made_at`,
    );
    this.#stale = connection.prepare<[], number>('SELECT 1 FROM duplicate_stale LIMIT 1').pluck();
    this.#refresh = connection.prepare(
      `UPDATE duplicate_group SET (size, is_crossing, is_contradicting) = (
         SELECT count(*), ifnull(min(image.split) <> max(image.split), 0), ifnull(min(image.label) <> max(image.label), 0)
         FROM duplicate_member JOIN image ON image.id = duplicate_member.image_id
         WHERE duplicate_member.group_id = duplicate_group.id AND image.excluded = 0
       ) WHERE id IN (SELECT group_id FROM duplicate_stale)`,
    );
    this.#fresh = connection.prepare('DELETE FROM duplicate_stale');
    this.#search = connection.prepare<[DuplicateKind], StoredSearch>(
      'SELECT kind, distance, is_current AS isCurrent, made_at AS madeAt FROM duplicate_search WHERE kind = ?',
    );
    const ofEach = <Value>(of: (condition: string) => Value): Readonly<Record<DuplicateChoice, Value>> => ({
      all: of(CONDITIONS.all),
      leaks: of(CONDITIONS.leaks),
      contradictions: of(CONDITIONS.contradictions),
    });
    this.#totals = ofEach((condition) =>
      connection.prepare<[DuplicateKind], { groups: number; images: number }>(
        `SELECT count(*) AS groups, ifnull(sum(size), 0) AS images FROM duplicate_group WHERE kind = ? AND ${condition}`,
      ),
    );
    this.#pages = ofEach((condition) =>
      connection.prepare<[DuplicateKind, number, number, number], StoredGroup>(
        `SELECT id, size, is_crossing AS isCrossing, is_contradicting AS isContradicting FROM duplicate_group
         WHERE kind = ? AND ${condition} AND (size, id) < (?, ?) ORDER BY size DESC, id DESC LIMIT ?`,
      ),
    );
    this.#members = connection
      .prepare<[number, number, number], number>(
        `SELECT image.id FROM duplicate_member JOIN image ON image.id = duplicate_member.image_id
         WHERE group_id = ? AND image_id > ? AND image.excluded = 0 ORDER BY image_id LIMIT ?`,
      )
      .pluck();
    this.#groupOf = connection.prepare<[number, DuplicateKind], { id: number; size: number }>(
      `SELECT duplicate_group.id, size FROM duplicate_member CROSS JOIN duplicate_group ON duplicate_group.id = duplicate_member.group_id
       WHERE duplicate_member.image_id = ? AND kind = ? AND size > 1`,
    );
    this.#images = ofEach((condition) =>
      connection.prepare<[DuplicateKind], Member>(
        `SELECT duplicate_group.id AS "group", image.id, image.split, image.label ${MEMBERS_OF_GROUPS}
         WHERE kind = ? AND ${condition} AND image.excluded = 0`,
      ),
    );
    this.#found = ofEach((condition) =>
      connection.prepare<[DuplicateKind, number], { id: number; cell: number }>(
        `SELECT image.id, image.cell ${MEMBERS_OF_GROUPS} WHERE kind = ? AND ${condition} LIMIT ?`,
      ),
    );
    this.#isFound = ofEach((condition) =>
      connection
        .prepare<[number, DuplicateKind], number>(
          `SELECT 1 FROM duplicate_member CROSS JOIN duplicate_group ON duplicate_group.id = duplicate_member.group_id
           WHERE duplicate_member.image_id = ? AND kind = ? AND ${condition}`,
        )
        .pluck(),
    );
    this.#changes = connection.prepare<[], number>('SELECT total_changes()').pluck();
  }

  /** Searches anew for exact duplicates. Takes the place of what was found before. @throws the signal's reason. */
  async searchExact(signal: AbortSignal): Promise<void> {
    const groups = await this.#analyses.sameDigests(signal);
    this.#replace('exact', 0, groups);
  }

  /**
   * Searches anew for near duplicates: images whose hashes a chain joins, each differing from the next in at most `distance` bits. The search
   * runs in a thread of its own. @throws StudioError 'internal' when that stopped; the signal's reason.
   */
  async searchNear(distance: number, signal: AbortSignal): Promise<void> {
    const hashes = await this.#analyses.hashes(signal);
    const roots = await searchNearHashes(hashes, distance, signal);
    const groups = new Map<number, number[]>();
    roots.forEach((root, position) => {
      if (root === position) return; // most images are alone: a list for each would be most of the memory
      const group = groups.get(root);
      if (group === undefined) groups.set(root, [hashes.ids[root]!, hashes.ids[position]!]);
      else group.push(hashes.ids[position]!);
    });
    this.#replace('near', distance, [...groups.values()]);
  }

  /** What the last search found, as it is now; null when there was none. */
  summary(kind: DuplicateKind): DuplicateSummary | null {
    const search = this.#search.get(kind);
    if (search === undefined) return null;
    this.catchUp();
    const [all, leaks, contradictions] = CHOICES.map((choice) => this.#totals[choice].get(kind)!);
    return {
      ...search,
      isCurrent: search.isCurrent === 1,
      groups: all!.groups,
      images: all!.images,
      leaks: leaks!.groups,
      contradictions: contradictions!.groups,
    };
  }

  /** The searches made so far. */
  searches(): { readonly kind: DuplicateKind; readonly isCurrent: boolean }[] {
    return DUPLICATE_KINDS.flatMap((kind) => {
      const search = this.#search.get(kind);
      return search === undefined ? [] : [{ kind, isCurrent: search.isCurrent === 1 }];
    });
  }

  /** Groups, the largest first. */
  page(request: DuplicatePageRequest, rowsOf: RowsOf): DuplicatePage {
    const { kind = 'exact', choice = 'all', limit = 50 } = request;
    const { size, id } = request.cursor ?? { size: Number.MAX_SAFE_INTEGER, id: 0 };
    this.catchUp();
    const stored = this.#pages[choice].all(kind, size, id, limit);
    const groups = stored.map((group): DuplicateGroup => ({
      ...group,
      isCrossing: group.isCrossing === 1,
      isContradicting: group.isContradicting === 1,
      members: rowsOf(this.#members.all(group.id, 0, SHOWN)),
    }));
    const last = stored.length === limit ? stored.at(-1)! : null;
    return { groups, nextCursor: last && { size: last.size, id: last.id } };
  }

  /** The group of a kind that an image is in, with how many of its images are not excluded; undefined when it has no copy. */
  groupOf(kind: DuplicateKind, id: number): { readonly id: number; readonly size: number } | undefined {
    this.catchUp();
    return this.#groupOf.get(id, kind);
  }

  /** A group's images that are not excluded, by their ids; none for a group that is gone. */
  members({ group, afterId = 0, limit = 100 }: DuplicateMembersRequest, rowsOf: RowsOf): ImagePage {
    const ids = this.#members.all(group, afterId, limit);
    return { rows: rowsOf(ids), nextCursor: ids.length === limit ? ids.at(-1)! : null };
  }

  /**
   * The images to exclude so that no group is in several splits: of each the images of one split stay. @param keep that split, where the
   * group has images in it; else the first of train, validation, test, unlabeled.
   */
  leakingImages(kind: DuplicateKind, keep: Split): number[] {
    this.catchUp();
    const rank = new Map([keep, ...KEPT_FIRST.filter((split) => split !== keep)].map((split, index) => [split, index]));
    const groups = Map.groupBy(this.#images.leaks.all(kind), ({ group }) => group);
    return [...groups.values()].flatMap((members) => {
      const kept = Math.min(...members.map(({ split }) => rank.get(split)!));
      return members.filter(({ split }) => rank.get(split) !== kept).map(({ id }) => id);
    });
  }

  /** The labeled images of groups with several labels. */
  contradictingImages(kind: DuplicateKind): number[] {
    this.catchUp();
    const members = this.#images.contradictions.all(kind);
    return members.filter(({ label }) => label !== null).map(({ id }) => id);
  }

  /** The first images a filter finds. */
  find(filter: DuplicateFilter): ListedImages {
    this.catchUp();
    const [kind, choice] = FILTERS[filter];
    const changes = this.#changes.get()!;
    if (this.#last?.filter === filter && this.#last.changes === changes) return this.#last.found;
    const images = this.#found[choice].all(kind, FOUND_AT_MOST + 1);
    const found = { images: images.slice(0, FOUND_AT_MOST), complete: images.length <= FOUND_AT_MOST };
    this.#last = { filter, changes, found };
    return found;
  }

  /** Tells whether a filter finds an image. */
  test(filter: DuplicateFilter): (id: number) => boolean {
    this.catchUp();
    const [kind, choice] = FILTERS[filter];
    return (id) => this.#isFound[choice].get(id, kind) !== undefined;
  }

  /** All images a filter finds. */
  all(filter: DuplicateFilter): ListedImages['images'] {
    this.catchUp();
    const [kind, choice] = FILTERS[filter];
    return this.#found[choice].all(kind, -1);
  }

  /** Works out anew what became of groups since. A snapshot cannot, and needs not: it was taken after. */
  catchUp(): void {
    if (this.#connection.readonly || this.#stale.get() === undefined) return;
    this.#connection.transaction(() => {
      this.#refresh.run();
      this.#fresh.run();
    })();
  }

  #replace(kind: DuplicateKind, distance: number, groups: readonly (readonly number[])[]): void {
    this.#connection.transaction(() => {
      this.#forget.run(kind);
      const first = (this.#lastGroup.get() ?? 0) + 1;
      this.#insertGroups.insert(groups.map((_, index) => [first + index, kind]));
      this.#insertMembers.insert(groups.flatMap((group, index) => group.map((id) => [first + index, id])));
      const images = groups.reduce((sum, group) => sum + group.length, 0);
      this.#remember.run(kind, distance, images, new Date().toISOString());
    })();
  }
}
