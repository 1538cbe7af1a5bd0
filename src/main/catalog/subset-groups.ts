import type { Grouping } from '#shared/catalog.ts';
import type { Split } from '#shared/images.ts';
import type { Connection } from './database.ts';
import type { Candidate } from './subset-draw.ts';

/** What keeps images together: the group of an image, and the images of a group wherever they are. Excluded ones count for nothing. */
interface GroupSource {
  /** Groups of some images, given as a JSON array of ids; one that is in none is left out. */
  readonly groups: (ids: string) => { readonly id: number; readonly group: string }[];
  readonly members: (group: string) => { readonly id: number; readonly split: Split }[];
}

/** Finds which images a draw must not tear apart. */
export class SubsetGroups {
  readonly #groupings: Readonly<Record<Grouping, GroupSource>>;

  constructor(connection: Connection) {
    const identities = connection.prepare<[string], { id: number; group: string }>(
      `SELECT image.id, json_array(image.source_id, image.identity) AS "group"
       FROM json_each(?) AS wanted CROSS JOIN image ON image.id = wanted.value WHERE image.identity IS NOT NULL`,
    );
    const ofIdentity = connection.prepare<[string, string], { id: number; split: Split }>(
      `SELECT id, split FROM image
       WHERE ifnull(image.identity, '') = json_extract(?, '$[1]') AND source_id = json_extract(?, '$[0]') AND excluded = 0`,
    );
    const duplicates = connection.prepare<[string], { id: number; group: string }>(
      `SELECT image_id AS id, CAST(group_id AS TEXT) AS "group"
       FROM json_each(?) AS wanted CROSS JOIN duplicate_member ON duplicate_member.image_id = wanted.value`,
    );
    const copies = connection.prepare<[string], { id: number; split: Split }>(
      `SELECT image.id, image.split FROM duplicate_member JOIN image ON image.id = duplicate_member.image_id
       WHERE group_id = CAST(? AS INTEGER) AND excluded = 0`,
    );
    this.#groupings = {
      identity: { groups: (ids) => identities.all(ids), members: (group) => ofIdentity.all(group, group) },
      duplicates: { groups: (ids) => duplicates.all(ids), members: (group) => copies.all(group) },
    };
  }

  /**
   * Candidates in groups: those that some grouping joins, directly or through others. Images that nothing binds are groups of one.
   *
   * @param target the split the draw is moved to. A group that has images in other splits beside its candidates is then left out: moving a
   *   part of it would put the rest on the other side.
   */
  group(candidates: readonly Candidate[], together: readonly Grouping[], target: Split | undefined): Candidate[][] {
    const ids = candidates.map(({ id }) => id);
    const isCandidate = new Set(ids);
    const joined = new DisjointSets();
    const torn = new Set<number>();
    for (const grouping of together) {
      const { groups, members } = this.#groupings[grouping];
      const byGroup = Map.groupBy(groups(JSON.stringify(ids)), ({ group }) => group);
      for (const [group, [first, ...others]] of byGroup) {
        for (const { id } of others) joined.join(first!.id, id);
        const isTorn =
          target !== undefined && members(group).some(({ id, split }) => !isCandidate.has(id) && split !== target);
        if (isTorn) torn.add(first!.id);
      }
    }
    const tornSets = new Set([...torn].map((id) => joined.find(id)));
    const sets = Map.groupBy(candidates, ({ id }) => joined.find(id));
    return [...sets].filter(([set]) => !tornSets.has(set)).map(([, members]) => members);
  }
}

/** Union–find with path halving. */
class DisjointSets {
  readonly #parents = new Map<number, number>();

  find(id: number): number {
    let current = id;
    for (;;) {
      const parent = this.#parents.get(current);
      if (parent === undefined) return current;
      const grandparent = this.#parents.get(parent);
      if (grandparent === undefined) return parent;
      this.#parents.set(current, grandparent);
      current = grandparent;
    }
  }

  join(one: number, other: number): void {
    const [first, second] = [this.find(one), this.find(other)];
    if (first !== second) this.#parents.set(second, first);
  }
}
