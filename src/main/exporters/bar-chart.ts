/** A bar with its name and value. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  /** A CSS colour. */
  readonly color: string;
}

const ROW = 26;
const NAMES = 110;
const BARS = 420;
const VALUES = 90;
const TOP = 40;

/** Horizontal bars as SVG, each with its value written beside it, so that no axis is needed and colour never tells alone. */
export function barChart(title: string, bars: readonly Bar[]): string {
  const width = NAMES + BARS + VALUES;
  const height = TOP + bars.length * ROW + 10;
  const most = Math.max(1, ...bars.map(({ value }) => value));
  const rows = bars.map(({ name, value, color }, index) => {
    const top = TOP + index * ROW;
    const length = ((value / most) * BARS).toFixed(1);
    const baseline = top + ROW / 2 + 4;
    return [
      `<text x="${NAMES - 8}" y="${baseline}" text-anchor="end">${escaped(name)}</text>`,
      `<rect x="${NAMES}" y="${top + 4}" width="${length}" height="${ROW - 8}" fill="${escaped(color)}"/>`,
      `<text x="${NAMES + Number(length) + 6}" y="${baseline}">${value.toLocaleString('en')}</text>`,
    ].join('');
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="sans-serif" font-size="13">`,
    `<title>${escaped(title)}</title><rect width="100%" height="100%" fill="#ffffff"/>`,
    `<text x="8" y="22" font-size="15" font-weight="bold">${escaped(title)}</text>`,
    ...rows,
    '</svg>\n',
  ].join('\n');
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character]!);
}
