import { expect, test } from 'vitest';
import { isStudioAddress, placeInArguments, placeOfLink } from '../../../src/main/shell/studio-address.ts';

test.each([
  ['studio://app/', true],
  ['studio://app', true],
  ['studio://app/runs/3?tab=log', true],
  ['studio://app.example.org/', false],
  ['studio://user@app/', false],
  ['studio://app:80/', false],
  ['https://app/', false],
  ['file:///app/', false],
  ['about:blank', false],
  ['', false],
])('%s is the window’s own: %s', (address, own) => {
  expect(isStudioAddress(address)).toBe(own);
});

test.each([
  ['studio://app/data?split=train&class=disgust', 'studio://app/data?split=train&class=disgust'],
  ['studio://app/runs/aff-s5#launch=token', 'studio://app/runs/aff-s5'],
  ['studio://app', 'studio://app/'],
  ['studio://app/data/../settings', 'studio://app/settings'],
  ['studio://app/rpc/runs.delete', null],
  ['studio://app/image/7', null],
  ['studio://app/databases', null],
  ['studio://elsewhere/data', null],
  ['https://app/data', null],
  ['--workspace', null],
])('the link %s leads to %s', (link, place) => {
  expect(placeOfLink(link)).toBe(place);
});

test('a link is found among the arguments of a process', () => {
  expect(placeInArguments(['/opt/studio', '--no-first-run', 'studio://app/predict'])).toBe('studio://app/predict');
  expect(placeInArguments(['/opt/studio', '.'])).toBeNull();
});
