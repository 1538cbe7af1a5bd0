import { beforeEach, expect, test, vi } from 'vitest';
import { keyHandler } from '../../../src/renderer/frame/keys.ts';
import { placeOf } from '../../../src/renderer/frame/places.ts';

/** Stands for the page's elements: `field` says whether the closest text field or dialog is around it. */
class FakeElement {
  readonly field: boolean;
  constructor(field: boolean) {
    this.field = field;
  }
  closest(): object | null {
    return this.field ? {} : null;
  }
}

beforeEach(() => {
  vi.stubGlobal('HTMLElement', FakeElement);
});

function pressed(...presses: { key: string; at?: number; ctrlKey?: boolean; inField?: boolean }[]): string[] {
  const done: string[] = [];
  const handle = keyHandler({
    openPalette: () => done.push('palette'),
    openKeys: () => done.push('keys'),
    newRun: () => done.push('new run'),
    go: (key) => done.push(`go ${key}`),
  });
  for (const { key, at = 0, ctrlKey = false, inField = false } of presses) {
    handle({
      key,
      ctrlKey,
      metaKey: false,
      altKey: false,
      timeStamp: at,
      target: new FakeElement(inField),
      preventDefault: () => undefined,
    } as unknown as KeyboardEvent);
  }
  return done;
}

test('a chord counts when its second key comes in time', () => {
  expect(pressed({ key: 'g', at: 1_000 }, { key: 'd', at: 2_000 })).toEqual(['go d']);
  expect(pressed({ key: 'g', at: 1_000 }, { key: 'n', at: 2_300 })).toEqual(['new run']);
});

test('keys typed into a field are the field’s, but for the palette', () => {
  expect(pressed({ key: 'n', inField: true }, { key: '?', inField: true })).toEqual([]);
  expect(pressed({ key: 'k', ctrlKey: true, inField: true })).toEqual(['palette']);
});

test('the browser keeps its own commands', () => {
  expect(pressed({ key: 'n', ctrlKey: true })).toEqual([]);
});

test('an address belongs to the place it is under', () => {
  expect(placeOf('/').label).toBe('Overview');
  expect(placeOf('/runs/demo').label).toBe('Runs');
  expect(placeOf('/data').label).toBe('Data');
  expect(placeOf('/database').label).toBe('Overview');
});
