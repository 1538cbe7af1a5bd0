import { expect, test } from 'vitest';
import { RandomStream } from '#shared/random.ts';
import { type Hashes, groupNearHashes, searchNearHashes } from '#main/catalog/duplicate-search.ts';

function bitsOf(word: number): number {
  return word.toString(2).replaceAll('0', '').length;
}

/** Every pair is compared; groups are spread from each position to its neighbours. */
function groupsByAllPairs({ high, low }: Hashes, distance: number): number[] {
  const roots = Array.from({ length: high.length }, (_, position) => position);
  const isNear = (one: number, other: number): boolean =>
    bitsOf((high[one]! ^ high[other]!) >>> 0) + bitsOf((low[one]! ^ low[other]!) >>> 0) <= distance;
  const seen = new Set<number>();
  for (let first = 0; first < roots.length; first++) {
    if (seen.has(first)) continue;
    const reached = [first];
    seen.add(first);
    for (const position of reached) {
      roots[position] = first;
      for (let other = 0; other < roots.length; other++) {
        if (seen.has(other) || !isNear(position, other)) continue;
        seen.add(other);
        reached.push(other);
      }
    }
  }
  return roots;
}

/** Hashes by chance, and copies of earlier ones with some bits changed. */
function hashesWithCopies(count: number, seed: number): Hashes {
  const stream = new RandomStream(seed, 'audit');
  const high = new Uint32Array(count);
  const low = new Uint32Array(count);
  for (let position = 0; position < count; position++) {
    if (position === 0 || stream.chance(0.4)) {
      high[position] = stream.next();
      low[position] = stream.next();
      continue;
    }
    const original = stream.integer(position);
    high[position] = high[original]!;
    low[position] = low[original]!;
    for (let changes = stream.integer(14); changes > 0; changes--) {
      const half = stream.chance(0.5) ? high : low;
      half[position] = half[position]! ^ (1 << stream.integer(32));
    }
  }
  return { high, low };
}

test('the groups are those that comparing all pairs gives, at every distance', () => {
  for (let distance = 0; distance <= 16; distance++) {
    const hashes = hashesWithCopies(160, distance);
    const expected = groupsByAllPairs(hashes, distance);
    expect([...groupNearHashes(hashes, distance)], `distance ${distance}`).toEqual(expected);
    expect(new Set(expected).size).toBeLessThan(160);
  }
});

test('a hundred thousand images of one hash cost no more than one', () => {
  const hashes = { high: new Uint32Array(100_000).fill(7), low: new Uint32Array(100_000).fill(9) };
  hashes.low[500] = 8; // one bit off
  hashes.low[501] = 0xffffffff;
  const started = performance.now();
  const roots = groupNearHashes(hashes, 1);
  expect(performance.now() - started).toBeLessThan(2_000); // all pairs of them would take a minute
  expect(roots.findIndex((root) => root !== 0)).toBe(501);
  expect(roots.filter((root) => root !== 0)).toEqual(Uint32Array.of(501));
});

test('nothing is grouped of nothing', () => {
  expect(groupNearHashes({ high: new Uint32Array(0), low: new Uint32Array(0) }, 4)).toHaveLength(0);
});

test('in a thread of its own it finds the same, and ends when it is told to', async () => {
  const hashes = hashesWithCopies(500, 3);
  const found = await searchNearHashes(hashes, 6, new AbortController().signal);
  expect(found).toEqual(groupNearHashes(hashes, 6));
  const abort = new AbortController();
  const search = searchNearHashes(hashesWithCopies(50_000, 4), 12, abort.signal);
  abort.abort(new Error('enough'));
  await expect(search).rejects.toThrow('enough');
});
