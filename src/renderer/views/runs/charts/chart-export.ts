import { csvRecord } from '#shared/csv.ts';
import type { ChartData } from './curves.ts';

/** The values of a chart as a table, a row a step; what was smoothed is given as it was measured. */
export function csvOfChart({ steps, curves }: ChartData): string {
  const columns = curves.flatMap(({ label, raw, values, band }) => [
    { title: label, values: raw ?? values },
    ...(band === undefined
      ? []
      : [
          { title: `${label}, low`, values: band.low },
          { title: `${label}, high`, values: band.high },
        ]),
  ]);
  const header = csvRecord(['step', ...columns.map(({ title }) => title)]);
  const rows = steps.map((step, index) => csvRecord([step, ...columns.map(({ values }) => values[index] ?? null)]));
  return header + rows.join('');
}

const PADDING = 16;
const LINE = 20;

/**
 * A chart as a picture on the surface it lies on, with its title and the names of its lines, in device pixels.
 * @param canvas what the plot is drawn on. @param style of the element around it.
 */
export function pictureOfChart(data: ChartData, canvas: HTMLCanvasElement, style: CSSStyleDeclaration): Promise<Blob> {
  const scale = window.devicePixelRatio;
  const picture = document.createElement('canvas');
  const context = picture.getContext('2d');
  if (context === null) throw new Error('The browser draws no pictures.');
  const head = PADDING + 2 * LINE;
  picture.width = canvas.width + 2 * PADDING * scale;
  picture.height = canvas.height + (head + PADDING) * scale;
  context.fillStyle = style.backgroundColor;
  context.fillRect(0, 0, picture.width, picture.height);
  context.scale(scale, scale);
  context.fillStyle = style.color;
  context.font = `600 14px ${style.fontFamily}`;
  context.fillText(data.title, PADDING, PADDING + 12);
  context.font = `12px ${style.fontFamily}`;
  let left = PADDING;
  const baseline = PADDING + LINE + 12;
  for (const { label, color, isDashed = false } of data.curves) {
    context.strokeStyle = color;
    context.lineWidth = 2;
    context.setLineDash(isDashed ? [4, 3] : []);
    context.beginPath();
    context.moveTo(left, baseline - 4);
    context.lineTo(left + 14, baseline - 4);
    context.stroke();
    context.fillText(label, left + 19, baseline);
    left += 19 + context.measureText(label).width + 12;
  }
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.drawImage(canvas, PADDING * scale, head * scale);
  return new Promise((resolve, reject) =>
    picture.toBlob((blob) => (blob === null ? reject(new Error('The picture could not be made.')) : resolve(blob))),
  );
}

/** A name for a file of a chart: "Losses" of run "plain" → "plain-losses". */
export function fileNameOf(...parts: string[]): string {
  return parts
    .join('-')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
}
