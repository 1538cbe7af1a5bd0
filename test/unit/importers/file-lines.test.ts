import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { countLines, fileLines } from '#main/importers/file-lines.ts';
import { collect, temporaryFolder } from './image-tree.ts';

function fileOf(content: string | Buffer): string {
  const file = join(temporaryFolder(), 'lines.txt');
  writeFileSync(file, content);
  return file;
}

async function linesOf(content: string | Buffer, longest = 100): Promise<unknown[]> {
  const lines = await collect(fileLines(fileOf(content), longest));
  return lines.map(({ number, offset, bytes }) => [number, offset, bytes === null ? null : bytes.toString()]);
}

test('lines with their numbers and places, whatever ends them', async () => {
  expect(await linesOf('one\ntwo\r\n\nfour')).toEqual([
    [1, 0, 'one'],
    [2, 4, 'two'],
    [3, 9, ''],
    [4, 10, 'four'],
  ]);
  expect(await linesOf('')).toEqual([]);
  expect(await linesOf('\n')).toEqual([[1, 0, '']]);
});

test('a line of exactly the length is a line, one byte more is not', async () => {
  expect(await linesOf('abc\nabcd\nabc\r\nabcd\r\nx', 3)).toEqual([
    [1, 0, 'abc'],
    [2, 4, null],
    [3, 9, 'abc'],
    [4, 14, null],
    [5, 20, 'x'],
  ]);
});

test('lines across the border of what is read at once', async () => {
  const chunk = 1 << 20;
  const first = 'a'.repeat(chunk - 2);
  const file = fileOf(`${first}\nbcdef\r\ng`);
  const lines = await collect(fileLines(file, chunk));
  expect(lines.map(({ offset, bytes }) => [offset, bytes?.length])).toEqual([
    [0, chunk - 2],
    [chunk - 1, 5],
    [chunk + 6, 1],
  ]);
  expect(lines[1]?.bytes?.toString()).toBe('bcdef');
  expect(await countLines(file)).toBe(3);
});

test('an endless line is told at once, and the rest of it is not kept', async () => {
  const file = fileOf(Buffer.alloc(50_000_000, 'x'));
  const lines = fileLines(file, 1000);
  expect((await lines.next()).value).toEqual({ number: 1, offset: 0, bytes: null });
  global.gc?.();
  const before = process.memoryUsage().arrayBuffers;
  expect((await lines.next()).done).toBe(true);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
});
