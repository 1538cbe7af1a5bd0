import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { StudioError, commandLineHint, deserializeError, serializeError } from '#shared/errors.ts';

/** Folders whose errors reach the window as well as the command line. */
const FOLDERS = ['host/services', 'catalog', 'evaluation', 'audit', 'importers'];
/** Told when a workspace cannot be opened, which the window cannot be there for. */
const BEFORE_THE_WINDOW = new Set(['safekeeping.ts']);

test('hints that the window shows name no flags and no commands: those stand beside them', () => {
  const found = FOLDERS.flatMap((folder) => {
    const place = fileURLToPath(new URL(`../../../src/main/${folder}`, import.meta.url));
    return readdirSync(place)
      .filter((name) => name.endsWith('.ts') && !BEFORE_THE_WINDOW.has(name))
      .flatMap((name) =>
        [...readFileSync(`${place}/${name}`, 'utf8').matchAll(/hint:([^]*?)(?:,\n|, commandLine|\}\))/g)]
          .map(([, hint]) => hint!.trim())
          .filter((hint) => /--[a-z]|'[^']*`[a-z]+[ a-z]*`[^']*'/.test(hint))
          .map((hint) => `${folder}/${name}: ${hint}`),
      );
  });
  expect(found).toEqual([]);
});

test('the command line tells by which flags a hint is done, also of an error that came from another process', () => {
  const error = new StudioError('conflict', 'The name is taken.', {
    hint: 'Choose another name, or delete that round first.',
    commandLine: '--name, `rounds delete`',
  });
  const received = deserializeError(serializeError(error));
  expect(commandLineHint(received)).toBe('Choose another name, or delete that round first (--name, `rounds delete`).');
  expect(received.hint).toBe('Choose another name, or delete that round first.');
  expect(commandLineHint(new StudioError('internal', 'A fault.', { hint: 'Tell somebody.' }))).toBe('Tell somebody.');
  expect(commandLineHint(new StudioError('internal', 'A fault.'))).toBeUndefined();
});
