import { expect, test } from 'vitest';
import type { ImageRow } from '#shared/catalog.ts';
import { type ImageFilter, REVIEW_STATES, type ReviewState, type ShareRange } from '#shared/filter.ts';
import { SPLITS } from '#shared/images.ts';
import { SHARE_BINS, SORTS, type Sort } from '#shared/query.ts';
import { RandomStream } from '#shared/random.ts';
import { VERDICTS, type Verdict } from '#shared/review.ts';
import type { Catalog } from '#main/catalog/catalog.ts';
import { addSource, newAnalysis, newImage, setExcluded, temporaryCatalog } from './temporary-catalog.ts';

/** Filters of rounds, reviews and similar faces against a plain filter over all rows. */

const CLASSES = 7;
const STATES: Readonly<Record<Verdict, ReviewState>> = {
  accept: 'accepted',
  relabel: 'relabeled',
  reject: 'rejected',
  unsure: 'unsure',
};

interface Said {
  readonly label: number;
  readonly confidence: number;
  readonly margin: number;
}

/** An image as the test knows it, apart from the catalog. */
interface Known {
  readonly id: number;
  readonly source: string;
  readonly path: string;
  readonly identity: string | null;
  readonly size: number;
  split: (typeof SPLITS)[number];
  label: number | null;
  excluded: boolean;
  reviewed: ReviewState;
  /** By the name of the round. */
  readonly said: Map<string, Said>;
}

const note = { reviewer: 'ann', round: null, audit: null, queue: null, reason: '', seconds: 0, key: null };

class World {
  readonly catalog: Catalog;
  readonly images: Known[] = [];
  readonly stream: RandomStream;
  /** Ids, the nearest to the first first. */
  similar: readonly number[] = [];

  constructor(seed: number, count: number) {
    this.catalog = temporaryCatalog().catalog;
    this.stream = new RandomStream(seed, 'audit');
    const { catalog, stream } = this;
    for (const source of ['one', 'other']) addSource(catalog, source);
    for (let id = 1; id <= count; id++) {
      const source = stream.integer(2);
      const split = SPLITS[stream.integer(4)]!;
      const size = 20 + stream.integer(300);
      const label = split === 'unlabeled' || stream.chance(0.2) ? null : stream.integer(CLASSES);
      const identity = stream.chance(0.5) ? `Person ${stream.integer(9)}` : null;
      const path = `${'abc'[stream.integer(3)]}/${stream.integer(1_000)}_${id}.png`;
      const image = newImage({ path, split, label, identity, width: size, height: size });
      catalog.images.insertBatch(source + 1, [image]);
      const place = { source: ['one', 'other'][source]!, path, identity, size };
      this.images.push({ id, ...place, split, label, excluded: false, reviewed: 'undecided', said: new Map() });
    }
    for (const name of ['first', 'second']) this.addRound(name);
    for (let act = 0; act < count / 3; act++) this.decide(1 + stream.integer(count));
    for (let act = 0; act < count / 10; act++) this.exclude(1 + stream.integer(count));
  }

  addRound(name: string): void {
    const { catalog, stream } = this;
    const round = { source: 'one', origin: 'file', run: null, network: null, step: null, file: null } as const;
    const { id } = catalog.rounds.create({ ...round, name, classCount: CLASSES, total: this.images.length });
    this.label(
      id,
      name,
      this.images.filter(() => stream.chance(0.7)),
    );
  }

  label(round: number, name: string, chosen: readonly Known[]): void {
    const probabilities = new Float32Array(chosen.length * CLASSES);
    chosen.forEach((image, row) => {
      // Of few values, so that many confidences are the same, and some lie on the bounds of bins.
      const label = this.stream.integer(CLASSES);
      const confidence = (3 + this.stream.integer(18)) / 20;
      const values = probabilities.subarray(row * CLASSES, (row + 1) * CLASSES);
      values.fill((1 - confidence) / CLASSES);
      values[label] = confidence;
      const [first, second] = [...values].toSorted((one, other) => other - one) as [number, number];
      image.said.set(name, { label: values.indexOf(first), confidence: first, margin: first - second });
    });
    const images = chosen.map(({ id }) => id);
    this.catalog.pseudoLabels.add(round, { images, classCount: CLASSES, probabilities });
  }

  decide(id: number): void {
    const image = this.images[id - 1]!;
    const verdict = VERDICTS[this.stream.integer(4)]!;
    if (verdict === 'accept' && image.label === null) return;
    const label = verdict === 'relabel' ? this.stream.integer(CLASSES) : undefined;
    this.catalog.decisions.record([{ image: id, verdict, label }], note);
    this.learn(id);
  }

  /** What a decision makes of an image is tested elsewhere; here it is taken as it is. */
  learn(id: number): void {
    const image = this.images[id - 1]!;
    image.label = this.catalog.query.rows([id])[0]!.label;
    const [newest] = this.catalog.decisions
      .history(id)
      .filter(({ state }) => state === 'standing')
      .toReversed();
    image.reviewed = newest === undefined ? 'undecided' : STATES[newest.verdict];
  }

  exclude(id: number): void {
    const image = this.images[id - 1]!;
    image.excluded = !image.excluded;
    setExcluded(this.catalog, [id], image.excluded);
  }

  filter(): ImageFilter {
    const { stream } = this;
    const round = stream.chance(0.7) ? ['first', '2'][stream.integer(2)]! : undefined;
    const range = (): ShareRange => {
      const from = stream.integer(20);
      return { from: from / 20, to: (from + 1 + stream.integer(20 - from)) / 20 };
    };
    return {
      ...(stream.chance(0.2) && { sources: ['other'] }),
      ...(stream.chance(0.3) && { splits: [SPLITS[stream.integer(4)]!, 'unlabeled'] }),
      ...(stream.chance(0.3) && { labels: [stream.integer(CLASSES), stream.integer(CLASSES), null] }),
      ...(stream.chance(0.3) && { reviewed: [REVIEW_STATES[stream.integer(5)]!, REVIEW_STATES[stream.integer(5)]!] }),
      ...(stream.chance(0.3) && { excluded: (['only', 'any'] as const)[stream.integer(2)]! }),
      ...(stream.chance(0.2) && { text: ['a/1', 'person', '.png'][stream.integer(3)]! }),
      ...(this.similar.length > 0 && stream.chance(0.3) && { similarTo: this.similar[0]! }),
      ...(round !== undefined && {
        round,
        ...(stream.chance(0.4) && { pseudoLabels: [stream.integer(CLASSES), stream.integer(CLASSES)] }),
        ...(stream.chance(0.4) && { confidence: range() }),
        ...(stream.chance(0.4) && { margin: range() }),
      }),
    };
  }

  saidBy(image: Known, { round }: ImageFilter): Said | undefined {
    return image.said.get(round === '2' ? 'second' : (round ?? ''));
  }

  meets(image: Known, filter: ImageFilter): boolean {
    const { sources, splits, labels, reviewed, excluded = 'no', text, similarTo } = filter;
    const said = this.saidBy(image, filter);
    const isIn = (share: number, range: ShareRange | undefined): boolean =>
      range === undefined || (share >= Math.fround(range.from) && (range.to === 1 || share < Math.fround(range.to)));
    return (
      (sources?.includes(image.source) ?? true) &&
      (splits?.includes(image.split) ?? true) &&
      (labels?.includes(image.label) ?? true) &&
      (reviewed?.includes(image.reviewed) ?? true) &&
      (excluded === 'any' || image.excluded === (excluded === 'only')) &&
      (text === undefined || `${image.path}\n${image.identity ?? ''}`.toLowerCase().includes(text)) &&
      (similarTo === undefined || this.similar.includes(image.id)) &&
      (filter.round === undefined ||
        (said !== undefined &&
          (filter.pseudoLabels?.includes(said.label) ?? true) &&
          isIn(said.confidence, filter.confidence) &&
          isIn(said.margin, filter.margin)))
    );
  }

  wanted(filter: ImageFilter): Known[] {
    return this.images.filter((image) => this.meets(image, filter));
  }

  sorted(filter: ImageFilter, sort: Sort, descending: boolean): number[] {
    const keyOf = (image: Known): readonly (string | number)[] => {
      const { id } = image;
      if (sort === 'id') return [id];
      if (sort === 'label') return [image.label ?? -1, id];
      if (sort === 'path') return [image.source === 'one' ? 0 : 1, image.path];
      if (sort === 'identity') return [image.identity ?? '', id];
      if (sort === 'size') return [image.size, id];
      if (sort === 'similarity') return [this.similar.indexOf(id)];
      return [Math.round(this.saidBy(image, filter)![sort] * 1e8), id];
    };
    const ids = this.wanted(filter)
      .toSorted((one, other) => {
        const [first, second] = [keyOf(one), keyOf(other)];
        const place = first.findIndex((value, index) => value !== second[index]);
        return first[place]! < second[place]! ? -1 : 1;
      })
      .map(({ id }) => id);
    return descending ? ids.reverse() : ids;
  }

  paged(filter: ImageFilter, sort: Sort, descending: boolean): ImageRow[] {
    const rows: ImageRow[] = [];
    let cursor: string | null = null;
    do {
      const page = this.catalog.query.page({ filter, sort, descending, cursor, limit: 7 });
      rows.push(...page.rows);
      cursor = page.nextCursor;
    } while (cursor !== null);
    return rows;
  }
}

const hasSort = (sort: Sort, { round, similarTo }: ImageFilter): boolean =>
  sort === 'similarity'
    ? similarTo !== undefined
    : sort === 'confidence' || sort === 'margin'
      ? round !== undefined
      : true;

async function check(world: World, filter: ImageFilter): Promise<void> {
  const { catalog } = world;
  const told = JSON.stringify(filter);
  const wanted = world.wanted(filter);
  expect(catalog.query.ids(filter), told).toEqual(wanted.map(({ id }) => id));

  const under = (part: keyof ImageFilter): Known[] =>
    world.wanted({ ...filter, [part]: part === 'excluded' ? 'any' : undefined });
  const counts = <Value>(images: readonly Known[], values: readonly Value[], valueOf: (image: Known) => Value) =>
    values
      .map((value) => ({ value, count: images.filter((image) => valueOf(image) === value).length }))
      .filter(({ count }) => count > 0);
  const bins = (part: 'confidence' | 'margin'): number[] => {
    const shares = under(part).map((image) => world.saidBy(image, filter)![part]);
    return Array.from({ length: SHARE_BINS }, (_, bin) => {
      const [from, to] = [Math.fround(bin / SHARE_BINS), Math.fround((bin + 1) / SHARE_BINS)];
      return shares.filter((share) => share >= from && (share < to || bin === SHARE_BINS - 1)).length;
    });
  };
  const facets = catalog.query.facets(filter);
  expect(facets, told).toMatchObject({
    total: wanted.length,
    complete: true,
    labels: counts(under('labels'), [0, 1, 2, 3, 4, 5, 6, null], ({ label }) => label),
    reviewed: counts(under('reviewed'), REVIEW_STATES, ({ reviewed }) => reviewed),
    excluded: counts(under('excluded'), [false, true], ({ excluded }) => excluded),
  });
  if (filter.round === undefined) expect(facets.round).toBeNull();
  else {
    const classes = [0, 1, 2, 3, 4, 5, 6];
    expect(facets.round, told).toMatchObject({
      name: filter.round === '2' ? 'second' : 'first',
      pseudoLabels: counts(under('pseudoLabels'), classes, (image) => world.saidBy(image, filter)!.label),
      confidence: bins('confidence'),
      margin: bins('margin'),
    });
  }

  for (const sort of SORTS) {
    const request = { filter, sort, cursor: null, limit: 1 };
    if (!hasSort(sort, filter)) {
      expect(() => catalog.query.page({ ...request, descending: false })).toThrow(
        expect.objectContaining({ code: 'usage' }),
      );
      await expect(catalog.lists.make({ filter, sort, descending: false })).rejects.toThrow(/order of/);
      continue;
    }
    for (const descending of [false, true]) {
      const rows = world.paged(filter, sort, descending);
      const sorted = world.sorted(filter, sort, descending);
      expect(
        rows.map(({ id }) => id),
        `${told} by ${sort}`,
      ).toEqual(sorted);
      expect([...(await catalog.lists.make({ filter, sort, descending }))], `${told} by ${sort}`).toEqual(sorted);
      for (const { id, pseudo, distance } of rows) {
        expect(pseudo).toEqual(world.saidBy(world.images[id - 1]!, filter));
        expect(distance).toBe(filter.similarTo === undefined ? undefined : world.similar.indexOf(id) / 10);
      }
    }
  }
}

test('filters of rounds and reviews give what a plain filter over all rows gives', { timeout: 120_000 }, async () => {
  const world = new World(1, 200);
  for (let question = 0; question < 40; question++) await check(world, world.filter());
});

test('the same while images are decided, excluded, taken away and labeled', { timeout: 120_000 }, async () => {
  const world = new World(2, 200);
  const { catalog, stream } = world;
  for (let turn = 0; turn < 32; turn++) {
    await check(world, { ...world.filter(), round: 'first' });
    for (let act = 0; act < 5; act++) world.decide(1 + stream.integer(200));
    world.exclude(1 + stream.integer(200));
    if (turn % 4 === 0) {
      const ids = catalog.decisions.list({ limit: 1 })[0]!;
      catalog.decisions.undo('ann');
      world.learn(ids.first!.image);
    }
    if (turn === 20) {
      // A part of a round is labeled anew: as many labels as before, and others.
      const { id } = catalog.rounds.named('first');
      const again = world.images.filter((image) => image.id >= 100 && image.said.has('first'));
      catalog.pseudoLabels.removeFrom(id, 100);
      world.label(id, 'first', again);
    }
    if (turn === 30) {
      const { id } = catalog.rounds.named('first');
      catalog.pseudoLabels.clear(id);
      for (const image of world.images) image.said.delete('first');
      world.label(id, 'first', world.images.slice(50));
    }
  }
});

test('similar faces are a list that every other part of a filter narrows', { timeout: 120_000 }, async () => {
  const world = new World(3, 200);
  const ids = world.images.map(({ id }) => id).filter((id) => id % 4 === 1);
  world.similar = [17, ...ids.filter((id) => id !== 17).toReversed()];
  for (const round of [undefined, 'first', '2']) {
    world.catalog.similar.keep(
      { similarTo: 17, ...(round !== undefined && { round }) },
      {
        ...{ image: 17, measure: 'hash', round: null, compared: 200, ids: world.similar },
        distances: world.similar.map((_, rank) => rank / 10),
      },
    );
  }
  for (let question = 0; question < 40; question++) await check(world, { ...world.filter(), similarTo: 17 });
  expect(() => world.catalog.query.facets({ similarTo: 18 })).toThrow(
    expect.objectContaining({ code: 'unavailable', message: expect.stringContaining('18') }),
  );
});

test('the counts of what was decided are those of the log, before and after it is gone through anew', () => {
  const { catalog } = new World(4, 120);
  const before = catalog.query.facets({ excluded: 'any' }).reviewed;
  expect(before.length).toBe(5);
  expect(catalog.integrityCheck()).toEqual([]);
  catalog.rebuildCounters();
  expect(catalog.query.facets({ excluded: 'any' }).reviewed).toEqual(before);
  expect(catalog.integrityCheck()).toEqual([]);
});

test('a long round is read by slices, and a text that too many images hold is searched for within it', async () => {
  const { catalog } = temporaryCatalog();
  const source = addSource(catalog, 'long');
  const count = 50_000;
  const images = Array.from({ length: count }, (_, number) =>
    newImage({ path: `x/${number}.jpg`, split: 'unlabeled', label: null }),
  );
  catalog.images.insertBatch(source, images);
  const round = { source: 'long', origin: 'file', run: null, network: null, step: null, file: null } as const;
  const { id } = catalog.rounds.create({ ...round, name: 'long', classCount: 2, total: count });
  const probabilities = Float32Array.from({ length: count * 2 }, (_, place) => {
    const share = 0.5 + (place >> 1) / count / 2;
    return place % 2 === 0 ? share : 1 - share;
  });
  catalog.pseudoLabels.add(id, { images: images.map((_, number) => number + 1), classCount: 2, probabilities });
  const slices = [...catalog.query.prepare({ round: 'long' })].length;
  expect(slices).toBe(3);
  expect([...catalog.query.prepare({ round: 'long' })]).toEqual([]);
  const filter: ImageFilter = { round: 'long', text: '.jpg', confidence: { from: 0.99, to: 1 } };
  expect(catalog.query.ids(filter)).toHaveLength(1_000);
  const found: number[] = [];
  for (let cursor: string | null = null, pages = 0; pages === 0 || cursor !== null; pages++) {
    const page = catalog.query.page({ filter, sort: 'confidence', descending: true, cursor, limit: 100 });
    found.push(...page.rows.map((row) => row.id));
    cursor = page.nextCursor;
  }
  expect(found).toEqual(Array.from({ length: 1_000 }, (_, number) => count - number));
});

test('how measures are spread is told of the images of a round alone', async () => {
  const world = new World(5, 40);
  world.catalog.analyses.add(world.images.map(({ id }) => newAnalysis({ imageId: id, brightness: id })));
  const filter: ImageFilter = { round: 'first', excluded: 'any' };
  const [brightness] = await world.catalog.mismatch.histograms(filter);
  const ids = world.wanted(filter).map(({ id }) => id);
  expect(brightness!.counts.reduce((sum, count) => sum + count, 0)).toBe(ids.length);
  expect(brightness!.mean).toBeCloseTo(ids.reduce((sum, id) => sum + id, 0) / ids.length, 9);
});
