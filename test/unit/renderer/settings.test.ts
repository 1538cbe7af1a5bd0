import { expect, test } from 'vitest';
import { DEFAULT_REVIEW_KEYS } from '#shared/review.ts';
import { conflictOf, matchesText, reviewActionText } from '../../../src/renderer/views/settings/key-words.ts';
import { quoted, summaryOf } from '../../../src/renderer/views/settings/words.ts';

test('a key that another act has is told, whatever its case; its own is no conflict', () => {
  expect(conflictOf(DEFAULT_REVIEW_KEYS, 'accept', 'X')).toBe('reject');
  expect(conflictOf(DEFAULT_REVIEW_KEYS, 'reject', 'x')).toBeNull();
  expect(conflictOf(DEFAULT_REVIEW_KEYS, 'undo', 'Control+z')).toBeNull();
});

test('keys are found by every word of what they do, or by the key', () => {
  expect(matchesText('label sad', reviewActionText('sad'), '3')).toBe(true);
  expect(matchesText('3', reviewActionText('sad'), '3')).toBe(true);
  expect(matchesText('label happy', reviewActionText('sad'), '3')).toBe(false);
  expect(matchesText('  ', 'anything')).toBe(true);
});

test('the doctor’s list is summed up in a sentence', () => {
  const check = (ok: boolean, optional: boolean) => ({ ok, optional });
  expect(summaryOf(true, [check(true, false)])).toBe('Everything that is needed is in order.');
  expect(summaryOf(true, [check(false, true)])).toBe(
    'Everything that is needed is in order; 1 optional part is missing.',
  );
  expect(summaryOf(false, [check(false, false), check(false, false), check(false, true)])).toBe(
    '2 parts are to be fixed; 1 optional part is missing.',
  );
});

test('a path with spaces is quoted for a shell', () => {
  expect(quoted('/w/backups/catalog-2026.sqlite')).toBe('/w/backups/catalog-2026.sqlite');
  expect(quoted('/my work/a "b"')).toBe('"/my work/a \\"b\\""');
});
