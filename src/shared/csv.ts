/** Writes one record of a csv, RFC 4180: fields with commas, quotes or line ends are quoted. Null is an empty field, an empty text is `""`. */
export function csvRecord(fields: readonly (string | number | boolean | null)[]): string {
  return `${fields.map(csvField).join(',')}\r\n`;
}

function csvField(field: string | number | boolean | null): string {
  if (field === null) return '';
  if (typeof field !== 'string') return String(field);
  return field === '' || /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

/**
 * The records of a csv, RFC 4180; lines may end in LF alone, and a byte-order mark is no part of the first field. Empty lines are left out.
 * @throws RangeError for a quote that is never closed, with the number of the line where it opens.
 */
export function* csvRecords(text: string): Generator<string[]> {
  const end = text.length;
  let position = text.startsWith('\uFEFF') ? 1 : 0;
  let line = 1;
  while (position < end) {
    const record: string[] = [];
    let isEmpty = true;
    for (;;) {
      const field = text[position] === '"' ? quotedField(text, position, line) : plainField(text, position);
      if (field.end > position) isEmpty = false;
      record.push(field.value);
      line += field.lines;
      position = field.end;
      if (text[position] !== ',') break;
      position++;
      isEmpty = false;
    }
    if (text[position] === '\r') position++;
    if (text[position] === '\n') position++;
    line++;
    if (!isEmpty) yield record;
  }
}

interface CsvField {
  readonly value: string;
  /** Position behind the field. */
  readonly end: number;
  /** Line ends inside it. */
  readonly lines: number;
}

function plainField(text: string, begin: number): CsvField {
  let end = begin;
  while (end < text.length && !',\r\n'.includes(text[end]!)) end++;
  return { value: text.slice(begin, end), end, lines: 0 };
}

/** What stands between a closing quote and the next comma is taken as it is. */
function quotedField(text: string, begin: number, line: number): CsvField {
  let value = '';
  let position = begin + 1;
  for (;;) {
    const quote = text.indexOf('"', position);
    if (quote === -1) throw new RangeError(`The quote that opens in line ${line} is never closed.`);
    value += text.slice(position, quote);
    position = quote + 1;
    if (text[position] !== '"') break;
    value += '"';
    position++;
  }
  const rest = plainField(text, position);
  return { value: value + rest.value, end: rest.end, lines: value.split('\n').length - 1 };
}
