import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LONGEST_ROW, csvRows } from '#main/importers/csv-rows.ts';
import { collect, temporaryFolder } from './image-tree.ts';

async function rowsOf(content: string | Buffer, delimiter = ','): Promise<unknown[]> {
  const file = join(temporaryFolder(), 'list.csv');
  writeFileSync(file, content);
  const rows = await collect(csvRows(file, delimiter));
  return rows.map(({ line, fields, problem }) => [line, fields ?? problem]);
}

test('fields, quotes, commas and line ends in them, and the lines rows begin in', async () => {
  const content = 'a,b,c\r\n"1,5","say ""yes""",\n\n"two\r\nlines",x,"y"\nlast,,end';
  expect(await rowsOf(content)).toEqual([
    [1, ['a', 'b', 'c']],
    [2, ['1,5', 'say "yes"', '']],
    [4, ['two\r\nlines', 'x', 'y']],
    [6, ['last', '', 'end']],
  ]);
  expect(await rowsOf('a\tb, c\n', '\t')).toEqual([[1, ['a', 'b, c']]]);
  expect(await rowsOf('')).toEqual([]);
  expect(await rowsOf('only')).toEqual([[1, ['only']]]);
  expect(await rowsOf('5" of snow,x\n"a"b,c')).toEqual([
    [1, ['5" of snow', 'x']],
    [2, ['ab', 'c']],
  ]);
});

test('UTF-8 and UTF-16 with and without a mark; other encodings are told row by row', async () => {
  const text = 'naïve,笑顔🙂\nb,c\n';
  const expected = [
    [1, ['naïve', '笑顔🙂']],
    [2, ['b', 'c']],
  ];
  expect(await rowsOf(text)).toEqual(expected);
  expect(await rowsOf(`\uFEFF${text}`)).toEqual(expected);
  expect(await rowsOf(Buffer.from(`\uFEFF${text}`, 'utf16le'))).toEqual(expected);
  expect(await rowsOf(Buffer.from(text, 'utf16le'))).toEqual(expected);
  expect(await rowsOf(Buffer.from(`\uFEFF${text}`, 'utf16le').swap16())).toEqual(expected);
  expect(await rowsOf(Buffer.from('é,x\na,b\n', 'latin1'))).toEqual([
    [1, 'The row is not UTF-8 text; save the file as UTF-8.'],
    [2, ['a', 'b']],
  ]);
});

test('after a quote that is never closed reading goes on with the next line', async () => {
  expect(await rowsOf('a,b\n"open,1\nc,d\ne,f')).toEqual([
    [1, ['a', 'b']],
    [2, 'A quote that opens in this row is never closed.'],
    [3, ['c', 'd']],
    [4, ['e', 'f']],
  ]);
  const many = 'c,d\n'.repeat(LONGEST_ROW / 2);
  const rows = await rowsOf(`"open,1\n${many}`);
  expect(rows.length).toBe(LONGEST_ROW / 2 + 1);
  expect(rows.slice(0, 2)).toEqual([
    [1, 'A quote that opens in this row is never closed.'],
    [2, ['c', 'd']],
  ]);
  expect(rows.at(-1)).toEqual([LONGEST_ROW / 2 + 1, ['c', 'd']]);
});

test.each(['', '"'])('a field of ten million characters is passed over (quoted: %s)', async (quote) => {
  const long = `${quote}${'x'.repeat(10_000_000)}${quote}`;
  expect(await rowsOf(`a,b\n1,${long}\nc,d\n`)).toEqual([
    [1, ['a', 'b']],
    [2, 'The row is longer than 1,048,576 characters.'],
    [3, ['c', 'd']],
  ]);
});

test('rows across the borders of what is read at once', async () => {
  const lines = Array.from({ length: 60_000 }, (_, number) => `${number},"é, ${'x'.repeat(number % 50)}"\r`);
  const rows = await rowsOf(lines.join('\n'));
  expect(rows).toHaveLength(60_000);
  expect(rows).toEqual(lines.map((_, number) => [number + 1, [String(number), `é, ${'x'.repeat(number % 50)}`]]));
});
