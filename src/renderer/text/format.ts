/** How numbers and times are written, everywhere the same: thousands separated, three significant digits for rates, two units of time. */

const COUNT = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** 28709 → "28,709". */
export function formatCount(count: number): string {
  return COUNT.format(count);
}

/** Three significant digits, without an exponent between 0.001 and a million: 1234.5 → "1,230", 0.01234 → "0.0123", 1e-5 → "1e-5". */
export function formatRate(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e6)
    return value
      .toExponential(2)
      .replace(/\.?0+e/, 'e')
      .replace('e+', 'e');
  return new Intl.NumberFormat('en', { maximumSignificantDigits: 3 }).format(value);
}

/** A share in [0, 1] as a percentage with one decimal: 0.6364 → "63.6 %". */
export function formatShare(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** Without its sign, where a heading holds the unit: 0.6364 → "63.6". */
export function formatPercent(share: number): string {
  return (share * 100).toFixed(1);
}

/** A difference of two shares, in percentage points with its sign: −0.031 → "−3.1". */
export function formatPoints(difference: number): string {
  const points = Math.abs(difference * 100).toFixed(1);
  return points === '0.0' ? '0.0' : `${difference < 0 ? '−' : '+'}${points}`;
}

/** 9.4 → "9.4 : 1". */
export function formatRatio(ratio: number): string {
  return `${ratio >= 100 ? formatCount(ratio) : ratio.toFixed(1)} : 1`;
}

const UNITS: readonly [limit: number, seconds: number, name: string][] = [
  [3600, 60, 'min'],
  [86_400, 3600, 'h'],
  [30 * 86_400, 86_400, 'd'],
];

/** How long ago: "just now", "5 min ago", "3 h ago"; a date beyond a month. @param time and @param now milliseconds since 1970. */
export function formatAgo(time: number, now: number): string {
  const seconds = (now - time) / 1000;
  if (seconds < 60) return 'just now';
  for (const [limit, size, name] of UNITS) {
    if (seconds < limit) return `${Math.floor(seconds / size)} ${name} ago`;
  }
  return new Date(time).toLocaleDateString('en', { year: 'numeric', month: 'short', day: 'numeric' });
}

/** The exact time, for the one who asks by hovering. */
export function formatExactTime(time: string): string {
  return new Date(time).toLocaleString('en', { dateStyle: 'medium', timeStyle: 'medium' });
}

/** "1 image", "2 images". */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** 1536 → "1.5 kB"; 1 kB = 1000 bytes, as disks are sold. */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  const step = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return step === 0 ? `${bytes} bytes` : `${(bytes / 1000 ** step).toFixed(1)} ${units[step]}`;
}
