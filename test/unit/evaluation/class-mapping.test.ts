import { describe, expect, it } from 'vitest';
import { mapClasses } from '#main/evaluation/class-mapping.ts';
import { classNames } from '#shared/expressions.ts';

const seven = classNames(7);
const eight = classNames(8);

/** One image of each label, with a row of probabilities that is largest for it where the network has its class. */
function answers(networkClasses: readonly string[], labels: readonly number[]): Parameters<typeof mapClasses>[0] {
  const width = networkClasses.length;
  return {
    ids: labels.map((_, row) => 100 + row),
    labels,
    probabilities: labels.flatMap((label) =>
      networkClasses.map((_, column) => (column === label % width ? 0.5 : 0.5 / (width - 1))),
    ),
    networkClasses,
  };
}

describe('mapClasses', () => {
  it('leaves everything as it is where network and data have the same classes', () => {
    const given = answers(seven, [0, 3, 6]);
    const mapped = mapClasses(given);
    expect(mapped).toMatchObject({ classNames: seven, leftOut: {} });
    expect([...mapped.labels]).toEqual([0, 3, 6]);
    expect([...mapped.ids]).toEqual([100, 101, 102]);
    expect([...mapped.probabilities]).toEqual(Array.from(Float32Array.from(given.probabilities as number[])));
  });

  it('leaves images of a class out that the network does not tell, and counts them', () => {
    const mapped = mapClasses(answers(seven, [0, 7, 3, 7]));
    expect(mapped.leftOut).toEqual({ contempt: 2 });
    expect([...mapped.ids]).toEqual([100, 102]);
    expect([...mapped.labels]).toEqual([0, 3]);
  });

  it('keeps a class of the network that the data lack: what is taken for it is wrong', () => {
    const mapped = mapClasses(answers(eight, [0, 1]));
    expect(mapped.classNames).toEqual(eight);
    expect(mapped.leftOut).toEqual({});
  });

  it('takes a class away from the network and scales the rest up', () => {
    const mapped = mapClasses(
      { ids: [1], labels: [1], probabilities: [0.1, 0.3, 0, 0, 0, 0, 0, 0.6], networkClasses: eight },
      { contempt: null },
    );
    expect(mapped.classNames).toEqual(seven);
    expect(mapped.probabilities[0]).toBeCloseTo(0.25, 6);
    expect(mapped.probabilities[1]).toBeCloseTo(0.75, 6);
  });

  it('adds the probabilities of classes that count as one, and their images', () => {
    const mapped = mapClasses(
      {
        ids: [1, 2],
        labels: [7, 5],
        probabilities: [0, 0, 0, 0, 0, 0.4, 0.1, 0.5, 0, 0, 0, 0, 0, 1, 0, 0],
        networkClasses: eight,
      },
      { Contempt: 'disgusted' },
    );
    expect(mapped.classNames).toEqual(seven);
    expect([...mapped.labels]).toEqual([5, 5]);
    expect(mapped.probabilities[5]).toBeCloseTo(0.9, 6);
    expect(mapped.probabilities[7 + 5]).toBe(1);
  });

  it('meets by name, whatever order and spelling the network has', () => {
    const mapped = mapClasses({
      ids: [1],
      labels: [1],
      probabilities: [0.2, 0.1, 0.7],
      networkClasses: ['Anger', 'Neutral', 'Happiness'],
    });
    expect(mapped.classNames).toEqual(['neutral', 'happy', 'anger']);
    expect([...mapped.labels]).toEqual([1]);
    expect(mapped.probabilities[1]).toBeCloseTo(0.7, 6);
  });

  it('says nothing of an image all of whose probability was taken away', () => {
    const mapped = mapClasses(
      { ids: [1], labels: [0], probabilities: [0, 0, 0, 0, 0, 0, 0, 1], networkClasses: eight },
      { contempt: null },
    );
    expect([...mapped.probabilities].every((value) => Math.abs(value - 1 / 7) < 1e-6)).toBe(true);
  });

  it('says what is wrong with a map', () => {
    expect(() => mapClasses(answers(seven, [0]), { smirk: 'happy' })).toThrow(/“smirk”, which is no class/);
    expect(() => mapClasses(answers(seven, [0]), { happy: 'smirk' })).toThrow(/“smirk”, which is no class/);
    const all = Object.fromEntries(seven.map((name) => [name, 'happy']));
    expect(() => mapClasses(answers(seven, [0]), all)).toThrow(/leaves 1 classes/);
    expect(() => mapClasses(answers(['yes', 'no'], [0]))).toThrow(/tells none of the images’ classes: yes, no/);
  });
});
