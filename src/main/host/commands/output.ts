import { formatDuration } from '#shared/duration.ts';

/** Without a terminal, a line of progress at most this often. */
const PLAIN_INTERVAL_MILLISECONDS = 5_000;
const BAR_WIDTH = 24;

export interface ProgressReading {
  readonly label: string;
  readonly done: number;
  readonly total: number | null;
  readonly unit: string;
  readonly rate: number | null;
  readonly secondsLeft: number | null;
  readonly detail?: string;
}

/** Progress and logs of a command, on stderr: a bar on a terminal, plain lines otherwise. */
export class ProgressPrinter {
  readonly #stream: NodeJS.WriteStream;
  #printedAt = -Infinity;
  #lineOpen = false;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
  }

  update(reading: ProgressReading): void {
    const now = performance.now();
    if (this.#stream.isTTY) {
      this.#stream.write(`\r\u001b[K${formatProgress(reading, Math.max(40, this.#stream.columns) - 1)}`);
      this.#lineOpen = true;
    } else if (now - this.#printedAt >= PLAIN_INTERVAL_MILLISECONDS) {
      this.#printedAt = now;
      this.#stream.write(`${formatProgress(reading, Infinity)}\n`);
    }
  }

  line(text: string): void {
    this.finish();
    this.#stream.write(`${text}\n`);
  }

  /** Ends an open bar, so that what follows starts on a line of its own. */
  finish(): void {
    if (this.#lineOpen) this.#stream.write('\n');
    this.#lineOpen = false;
  }
}

export function formatProgress(reading: ProgressReading, width: number): string {
  const { label, done, total, unit, rate, secondsLeft, detail } = reading;
  const share = total === null || total === 0 ? null : Math.min(1, done / total);
  const filled = Math.round((share ?? 0) * BAR_WIDTH);
  const parts = [
    label,
    share === null ? '' : `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)} ${Math.floor(share * 100)} %`,
    `${formatCount(done)}${total === null ? '' : `/${formatCount(total)}`} ${unit}`,
    rate === null ? '' : `${formatRate(rate)} ${unit}/s`,
    secondsLeft === null ? '' : `${formatDuration(secondsLeft)} left`,
    detail ?? '',
  ].filter((part) => part !== '');
  const text = parts.join(' · ');
  return text.length > width ? `${text.slice(0, width - 1)}…` : text;
}

export const formatCount = (value: number): string => Math.round(value).toLocaleString('en');

/** Three significant digits. */
export const formatRate = (value: number): string => Number(value.toPrecision(3)).toLocaleString('en');

export const formatShare = (value: number): string => `${(value * 100).toFixed(2)} %`;

/** Columns of text, numbers to the right. */
export function formatTable(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [
    header,
    ...rows.map((row) => row.map((cell) => (typeof cell === 'number' ? formatCount(cell) : cell))),
  ];
  const widths = header.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  const isNumeric = header.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'));
  return cells
    .map((row) =>
      row
        .map((cell, column) => (isNumeric[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
