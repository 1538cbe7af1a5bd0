import type { ClassCurves, EvaluationReport, Interval } from '#shared/evaluation.ts';
import { html, type Html } from './page.ts';

/**
 * Figures as inline SVG. Each has a title and a description; what it shows is also in a table beside it. Lengths are SVG units, which are
 * pixels at the usual width.
 */

/** Maps [from, to] onto [start, end]. */
function scale(
  [from, to]: readonly [number, number],
  [start, end]: readonly [number, number],
): (value: number) => number {
  return (value) => start + ((value - from) / (to - from)) * (end - start);
}

const round = (value: number): number => Math.round(value * 100) / 100;

interface FigureText {
  /** Unique in its page. */
  readonly id: string;
  readonly title: string;
  readonly description: string;
}

function figure({ id, title, description }: FigureText, width: number, height: number, content: Html): Html {
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-title ${id}-description">
    <title id="${id}-title">${title}</title>
    <desc id="${id}-description">${description}</desc>
    ${content}
  </svg>`;
}

function pathOf(points: readonly (readonly [number, number])[]): string {
  return points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${round(x)} ${round(y)}`).join('');
}

export interface IntervalRow {
  readonly label: string;
  readonly color: string;
  readonly value: number;
  readonly interval: Interval | null;
}

const ROW_HEIGHT = 26;
const LABEL_WIDTH = 92;

/** Values with their 95 % intervals, a row each, over a shared axis. @param reference a vertical line, such as no difference. */
export function intervalFigure(
  text: FigureText,
  rows: readonly IntervalRow[],
  {
    domain,
    ticks,
    format,
    reference,
  }: {
    readonly domain: readonly [number, number];
    readonly ticks: readonly number[];
    readonly format: (value: number) => string;
    readonly reference?: number;
  },
): Html {
  const width = 460;
  const bottom = 8 + rows.length * ROW_HEIGHT;
  const x = scale(domain, [LABEL_WIDTH, width - 16]);
  const grid = ticks.map(
    (tick) =>
      html`<path class="${tick === reference ? 'reference' : 'grid'}" d="M${round(x(tick))} 4V${bottom}" />
        <text class="axis" x="${round(x(tick))}" y="${bottom + 16}" text-anchor="middle">${format(tick)}</text>`,
  );
  const marks = rows.map(({ label, color, value, interval }, index) => {
    const y = 8 + (index + 0.5) * ROW_HEIGHT;
    const reach =
      interval === null
        ? html``
        : html`<path class="whisker" d="M${round(x(interval[0]))} ${y}H${round(x(interval[1]))}" />`;
    return html`<text x="0" y="${y + 4}">${label}</text>${reach}<circle
        cx="${round(x(value))}"
        cy="${y}"
        r="5"
        style="fill:${color}"
      /> `;
  });
  return figure(text, width, bottom + 24, html`${grid}${marks}`);
}

/** Accuracy over confidence in bins, with how many images each holds below. */
export function reliabilityFigure(text: FigureText, bins: EvaluationReport['reliability']): Html {
  const [width, side, left, amountHeight] = [460, 380, 44, 60];
  const x = scale([0, 1], [left, left + side]);
  const y = scale([0, 1], [side + 8, 8]);
  const largest = Math.max(1, ...bins.map(({ count }) => count));
  const base = side + 40 + amountHeight;
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  const grid = ticks.map(
    (tick) =>
      html`<path class="grid" d="M${left} ${y(tick)}H${left + side}" />
        <text class="axis" x="${left - 6}" y="${y(tick) + 4}" text-anchor="end">${100 * tick}</text>
        <text class="axis" x="${x(tick)}" y="${side + 24}" text-anchor="middle">${100 * tick}</text>`,
  );
  const bars = bins.map(({ lower, upper, count, accuracy, confidence }) => {
    if (count === 0) return html``;
    const [from, to] = [x(lower) + 1, x(upper) - 1];
    const amount = (count / largest) * amountHeight;
    return html`<rect
        class="bar"
        x="${round(from)}"
        y="${round(y(accuracy))}"
        width="${round(to - from)}"
        height="${round(y(0) - y(accuracy))}"
      />
      <path class="gap" d="M${round(from)} ${round(y(confidence))}H${round(to)}" />
      <rect
        class="amount"
        x="${round(from)}"
        y="${round(base - amount)}"
        width="${round(to - from)}"
        height="${round(amount)}"
      /> `;
  });
  const content = html`${grid}${bars}<path class="reference" d="M${x(0)} ${y(0)}L${x(1)} ${y(1)}" />
    <text class="axis" x="${left + side / 2}" y="${base + 16}" text-anchor="middle"
      >Confidence, %; below, images of each bin (most: ${largest.toLocaleString('en')})</text
    >
    <text class="axis" transform="translate(11 ${side / 2 + 8}) rotate(-90)" text-anchor="middle">Accuracy, %</text>`;
  return figure(text, width, base + 24, content);
}

const PANEL = 180;
const PANEL_LEFT = 26;

/** One small panel a class; the curves of the others stand behind it. @returns a panel for each curve, in their order. */
export function curvePanels(
  kind: 'roc' | 'precisionRecall',
  curves: readonly ClassCurves[],
  colorOf: (name: string) => string,
  labelOf: (name: string) => string,
): { readonly definitions: Html; readonly panels: readonly Html[] } {
  const x = scale([0, 1], [PANEL_LEFT, PANEL_LEFT + PANEL]);
  const y = scale([0, 1], [PANEL + 6, 6]);
  const [across, up] = kind === 'roc' ? ['False positives', 'True positives'] : ['Recall', 'Precision'];
  const paths = curves.map(
    (curve, index) =>
      html`<path id="${kind}-${index}" d="${pathOf(curve[kind].map(([first, second]) => [x(first), y(second)]))}" />`,
  );
  // Shapes that every panel uses: the page holds each curve once.
  const definitions = html`<svg width="0" height="0" style="position:absolute" aria-hidden="true">
    <defs>${paths}</defs>
  </svg>`;
  const grid = [0, 0.5, 1].map(
    (tick) =>
      html`<path class="grid" d="M${PANEL_LEFT} ${y(tick)}H${PANEL_LEFT + PANEL}" />
        <text class="axis" x="${PANEL_LEFT - 4}" y="${y(tick) + 4}" text-anchor="end">${100 * tick}</text>`,
  );
  const panels = curves.map((curve, index) => {
    const others = curves.map((_, other) =>
      other === index ? html`` : html`<use class="behind" href="#${kind}-${other}" />`,
    );
    const chance = kind === 'roc' ? html`<path class="reference" d="M${x(0)} ${y(0)}L${x(1)} ${y(1)}" />` : html``;
    const area = kind === 'roc' ? curve.rocArea : curve.averagePrecision;
    const content = html`${grid}${chance}${others}<use
        class="line"
        style="stroke:${colorOf(curve.name)}"
        href="#${kind}-${index}"
      />
      <text class="axis" x="${PANEL_LEFT + PANEL / 2}" y="${PANEL + 22}" text-anchor="middle">${across}, %</text>`;
    return figure(
      {
        id: `${kind}-panel-${index}`,
        title: `${labelOf(curve.name)}: ${up.toLowerCase()} over ${across.toLowerCase()}`,
        description: area === null ? 'No images of this class.' : `The area under the curve is ${area.toFixed(3)}.`,
      },
      PANEL_LEFT + PANEL + 8,
      PANEL + 30,
      content,
    );
  });
  return { definitions, panels };
}

export interface Line {
  readonly label: string;
  readonly color: string;
  readonly dash: string;
  readonly points: readonly (readonly [number, number])[];
}

/** Lines over steps of training; each is named at its end. Values are shares. */
export function stepsFigure(text: FigureText, lines: readonly Line[]): Html {
  const [width, height, left, right] = [1000, 340, 44, 190];
  const points = lines.flatMap((line) => line.points);
  const lastStep = Math.max(1, ...points.map(([step]) => step));
  const values = points.map(([, value]) => value);
  const [low, high] = [Math.floor(Math.min(...values) * 10) / 10, Math.ceil(Math.max(...values) * 10) / 10];
  const x = scale([0, lastStep], [left, width - right]);
  const y = scale([low, Math.max(high, low + 0.1)], [height - 32, 10]);
  const ticks = Array.from({ length: Math.round((Math.max(high, low + 0.1) - low) * 10) + 1 }, (_, n) => low + n / 10);
  const grid = [
    ...ticks.map(
      (tick) =>
        html`<path class="grid" d="M${left} ${round(y(tick))}H${width - right}" />
          <text class="axis" x="${left - 6}" y="${round(y(tick)) + 4}" text-anchor="end"
            >${Math.round(100 * tick)}</text
          >`,
    ),
    ...[0, 0.25, 0.5, 0.75, 1].map(
      (share) =>
        html`<text class="axis" x="${round(x(share * lastStep))}" y="${height - 14}" text-anchor="middle"
          >${Math.round(share * lastStep).toLocaleString('en')}</text
        >`,
    ),
  ];
  const ends = spread(
    lines.map((line) => y(line.points.at(-1)?.[1] ?? low)),
    16,
  );
  const drawn = lines.map(({ label, color, dash, points: of }, index) => {
    const [lastX, lastY] = of.at(-1) ?? [0, low];
    return html`<path
        class="line"
        style="stroke:${color};stroke-dasharray:${dash}"
        d="${pathOf(of.map(([step, value]) => [x(step), y(value)]))}"
      />
      <circle cx="${round(x(lastX))}" cy="${round(y(lastY))}" r="3.5" style="fill:${color}" />
      <path class="grid" d="M${round(x(lastX)) + 6} ${round(y(lastY))}L${width - right + 14} ${round(ends[index]!)}" />
      <text x="${width - right + 18}" y="${round(ends[index]!) + 4}"
        >${label.length > 26 ? `${label.slice(0, 25)}…` : label}</text
      > `;
  });
  const axis = html`<text class="axis" x="${(left + width - right) / 2}" y="${height - 0}" text-anchor="middle"
      >Steps of training</text
    >
    <text class="axis" transform="translate(11 ${height / 2 - 10}) rotate(-90)" text-anchor="middle"
      >Accuracy, %</text
    >`;
  return figure(text, width, height + 6, html`${grid}${drawn}${axis}`);
}

/** Places at least `distance` apart, in the order they were, as near to where they were as going down allows. */
function spread(places: readonly number[], distance: number): number[] {
  const order = places.map((_, index) => index).toSorted((one, other) => places[one]! - places[other]!);
  const spreadOut = [...places];
  for (let position = 1; position < order.length; position++) {
    const [above, below] = [order[position - 1]!, order[position]!];
    spreadOut[below] = Math.max(spreadOut[below]!, spreadOut[above]! + distance);
  }
  return spreadOut;
}
