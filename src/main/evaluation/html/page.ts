import { EXPRESSIONS, expressionIndex } from '#shared/expressions.ts';
import { STYLE } from './style.ts';

/** Text that is HTML already. Made by {@link html} alone, so that everything put into a page was escaped once. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Part = Html | string | number | readonly (Html | string | number)[];

/** A piece of a page; what is put in is escaped unless it is such a piece itself. Lists are joined. */
export function html(pieces: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const text = (part: Part): string => {
    if (part instanceof Html) return part.text;
    if (typeof part === 'object') return part.map(text).join('');
    return String(part).replace(
      /[&<>"']/g,
      (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[character]!,
    );
  };
  return new Html(pieces.map((piece, index) => piece + (index < parts.length ? text(parts[index]!) : '')).join(''));
}

/** A whole page in one file: nothing is loaded and nothing runs, which its own policy says as well. */
export function page(title: string, body: Html): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"
        />
        <meta name="generator" content="Face2Exp Studio" />
        <title>${title}</title>
        <style>
          ${new Html(STYLE)}
        </style>
      </head>
      <body>
        <main>${body}</main>
      </body>
    </html> `.text;
}

export interface Column {
  readonly heading: string;
  /** Numbers stand to the right. */
  readonly isNumber?: boolean;
}

/** A table whose first column names its rows. */
export function table(caption: string, columns: readonly Column[], rows: readonly (readonly Part[])[]): Html {
  const classOf = (column: Column | undefined): Html => (column?.isNumber ? html` class="number"` : html``);
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0">
    <table>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${columns.map((column) => html`<th scope="col" ${classOf(column)}>${column.heading}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((cell, index) =>
                index === 0
                  ? html`<th scope="row" ${classOf(columns[0])}>${cell}</th>`
                  : html`<td${classOf(columns[index])}>${cell}</td>`,
              )}
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`;
}

/** The colour of a class, the same as everywhere in the studio; names that are no expression have the text's. */
export function classColor(name: string): string {
  const index = expressionIndex(name);
  return index === undefined ? 'currentColor' : EXPRESSIONS[index]!.color;
}

/** A class with its colour and letter, so that colour is never alone. */
export function classMark(name: string): Html {
  const index = expressionIndex(name);
  const letter = index === undefined ? name.slice(0, 1).toUpperCase() : EXPRESSIONS[index]!.letter;
  return html`<span class="class"
    ><span class="chip" style="background:${classColor(name)}" aria-hidden="true"></span
    ><span class="letter" aria-hidden="true">${letter}</span> ${classLabel(name)}</span
  >`;
}

export function classLabel(name: string): string {
  const index = expressionIndex(name);
  return index === undefined ? name : EXPRESSIONS[index]!.label;
}

export const formatCount = (value: number): string => Math.round(value).toLocaleString('en');
export const formatPercent = (value: number): string => `${(100 * value).toFixed(1)}\u00a0%`;
/** A difference of shares in percentage points. */
export function formatSigned(value: number): string {
  const text = Math.abs(100 * value).toFixed(1);
  if (text === '0.0') return text;
  return `${value < 0 ? '−' : '+'}${text}`;
}

/** A setting that is kept as JSON. */
export const formatSetting = (json: string): string => json.replace(/^"(.*)"$/, '$1');

/** An interval of shares in brackets, in percent. */
export function formatInterval([lower, upper]: readonly [number, number]): string {
  return `[${(100 * lower).toFixed(1)}–${(100 * upper).toFixed(1)}]`;
}

/** An interval of differences of shares, in percentage points. */
export function formatSignedInterval([lower, upper]: readonly [number, number]): string {
  return `[${formatSigned(lower)}, ${formatSigned(upper)}]`;
}

/** A p-value as papers print it. */
export function formatP(value: number): string {
  if (value < 0.001) return 'p < 0.001';
  return `p = ${value < 0.1 ? value.toFixed(3) : value.toFixed(2)}`;
}
