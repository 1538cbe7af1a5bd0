import { expect, test } from 'vitest';
import { csvRecord, csvRecords } from '#shared/csv.ts';
import { RandomStream } from '#shared/random.ts';

test('records are read with quotes, line ends inside them, either line end and a byte-order mark', () => {
  const text = '\uFEFFa,"b, ""c""",d\r\n\r\n"x\r\ny",,\n1,2,3';
  expect([...csvRecords(text)]).toEqual([
    ['a', 'b, "c"', 'd'],
    ['x\r\ny', '', ''],
    ['1', '2', '3'],
  ]);
  expect([...csvRecords('')]).toEqual([]);
  expect([...csvRecords('""\n')]).toEqual([['']]);
});

test('a quote that is never closed is told with its line', () => {
  expect(() => [...csvRecords('a,b\n"x\ny",z\n1,"open\n')]).toThrow('The quote that opens in line 4 is never closed.');
});

test('what is written is read again, whatever signs it has', () => {
  const stream = new RandomStream(4, 'audit');
  const signs = ['a', ',', '"', '\r', '\n', ' ', 'ü', '笑'];
  const records = Array.from({ length: 200 }, () =>
    Array.from({ length: 3 }, () =>
      Array.from({ length: stream.integer(5) }, () => signs[stream.integer(signs.length)]!).join(''),
    ),
  );
  expect([...csvRecords(records.map(csvRecord).join(''))]).toEqual(records);
});
