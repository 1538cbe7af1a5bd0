import type { DifferingImage, Interval, PairComparison, RunComparison } from '#shared/evaluation.ts';
import { footer, picture, type Pictures } from './evaluation-page.ts';
import { intervalFigure, type Line, stepsFigure } from './figures.ts';
import {
  classColor,
  classLabel,
  classMark,
  formatCount,
  formatInterval,
  formatP,
  formatPercent,
  formatSetting,
  formatSigned,
  formatSignedInterval,
  html,
  type Html,
  page,
  table,
} from './page.ts';

/** Told apart by people of all kinds of colour vision (Tol's bright set, without those near the classes'), and by their dashes. */
export const RUN_COLORS = ['#0077BB', '#EE7733', '#009988', '#CC3311', '#AA4499', '#997700'];
/** Faces shown of those that only one of a pair gets right. */
export const DIFFERING_SHOWN = 24;
const RUN_DASHES = ['none', '7 3', '2 3', '9 3 2 3', '4 4', '12 4'];

/** Runs side by side as a page in one file: finals, curves, and for each pair the test, the classes and the images that differ. */
export function comparisonPage(comparison: RunComparison, pictures: Pictures): string {
  const names = comparison.runs.map(({ run }) => run);
  const title = `${names.join(' and ')} on ${comparison.split}`;
  return page(
    title,
    html`<header>
        <h1>${title}</h1>
        <p class="muted">Of each run the network that validation chose, on the same images.</p>
      </header>
      ${finals(comparison)}${curves(comparison)}${comparison.pairs.map((pair, index) => pairSection(comparison, pair, index, pictures))}
      ${footer()}`,
  );
}

function finals({ runs, settings, split }: RunComparison): Html {
  const best = (value: (run: RunComparison['runs'][number]) => number): number => Math.max(...runs.map(value));
  const share = (
    value: (run: RunComparison['runs'][number]) => number,
    interval: (run: RunComparison['runs'][number]) => Interval,
  ): ((run: RunComparison['runs'][number]) => Html) => {
    const highest = best(value);
    return (run) =>
      html`<span class="${value(run) === highest ? 'best' : ''}">${formatPercent(value(run))}</span>
        <small>${formatInterval(interval(run))}</small>`;
  };
  const accuracy = share(
    ({ evaluation }) => evaluation.accuracy,
    ({ evaluation }) => evaluation.intervals.accuracy,
  );
  const meanClass = share(
    ({ evaluation }) => evaluation.meanClassAccuracy,
    ({ evaluation }) => evaluation.intervals.meanClassAccuracy,
  );
  const macroF1 = share(
    ({ evaluation }) => evaluation.macroF1,
    ({ evaluation }) => evaluation.intervals.macroF1,
  );
  const rows = runs.map((run) => [
    run.run,
    `${run.evaluation.network}, step ${formatCount(run.evaluation.step)}`,
    accuracy(run),
    meanClass(run),
    macroF1(run),
    run.evaluation.ece.toFixed(3),
    run.evaluation.nll.toFixed(3),
  ]);
  const columns = ['Accuracy', 'Mean class accuracy', 'Macro F1', 'ECE', 'NLL'];
  const different =
    settings.length === 0
      ? html`<p class="muted">Their settings are the same.</p>`
      : html`<div class="wrap">
          ${table(
            'Settings in which they differ',
            [{ heading: 'Setting' }, ...runs.map(({ run }) => ({ heading: run }))],
            settings.map(({ name, values }) => [name, ...values.map(formatSetting)]),
          )}
        </div>`;
  return html`<section>
    <h2>Finals</h2>
    ${table(`Scores on ${split}; the highest of a column is bold`, [{ heading: 'Run' }, { heading: 'Network' }, ...columns.map((heading) => ({ heading, isNumber: true }))], rows)}
    ${different}
  </section>`;
}

function curves({ runs }: RunComparison): Html {
  const lines = runs.flatMap(({ run, evaluation, curves: all }, index): Line[] => {
    // The fine-tuned network has a single point: its run's curve is that of the network it came from.
    const chosen =
      all.find(({ network, points }) => network === evaluation.network && points.length > 1) ??
      all.toSorted((one, other) => other.points.length - one.points.length)[0];
    if (chosen === undefined) return [];
    return [
      {
        label: `${run}, ${chosen.network}`,
        color: RUN_COLORS[index % RUN_COLORS.length]!,
        dash: RUN_DASHES[index % RUN_DASHES.length]!,
        points: chosen.points.map(({ step, accuracy }) => [step, accuracy] as const),
      },
    ];
  });
  if (lines.length === 0) return html``;
  const ends = lines.map(({ label, points }) => `${label} ends at ${formatPercent(points.at(-1)![1])}`);
  const figure = stepsFigure(
    { id: 'curves', title: 'Validation accuracy over training', description: `${ends.join('; ')}.` },
    lines,
  );
  const rows = lines.map(({ label, points }) => {
    const top = points.reduce((best, point) => (point[1] > best[1] ? point : best));
    return [
      label,
      formatCount(points.length),
      formatPercent(top[1]),
      formatCount(top[0]),
      formatPercent(points.at(-1)![1]),
    ];
  });
  return html`<section>
    <h2>Validation accuracy</h2>
    <figure>${figure}</figure>
    ${table(
      'The curves in numbers',
      [
        { heading: 'Run and network' },
        { heading: 'Evaluations', isNumber: true },
        { heading: 'Highest', isNumber: true },
        { heading: 'At step', isNumber: true },
        { heading: 'Last', isNumber: true },
      ],
      rows,
    )}
  </section>`;
}

function pairSection(comparison: RunComparison, pair: PairComparison, index: number, pictures: Pictures): Html {
  const [first, second] = [comparison.runs[0]!.run, comparison.runs[index + 1]!.run];
  const { mcNemar, accuracyDifference, count, unpaired } = pair;
  const verdict = mcNemar.pValue < 0.05 ? 'The difference is more than chance' : 'The difference may be chance';
  const test =
    mcNemar.method === 'exact' ? 'exact binomial' : `χ² = ${mcNemar.statistic!.toFixed(2)} with continuity correction`;
  const rows = [
    [`${second} right`, formatCount(pair.bothRight), formatCount(mcNemar.onlySecond)],
    [`${second} wrong`, formatCount(mcNemar.onlyFirst), formatCount(pair.bothWrong)],
  ];
  const note = unpaired === 0 ? '' : ` ${formatCount(unpaired)} answers have no partner and are left out.`;
  return html`<section>
    <h2>${second} against ${first}</h2>
    <p>
      Accuracy differs by ${formatSigned(accuracyDifference.value)} points
      ${formatSignedInterval(accuracyDifference.interval)} on ${formatCount(count)} images. ${verdict}: McNemar’s test,
      ${test}, ${formatP(mcNemar.pValue)}.${note}
    </p>
    <div class="side">
      ${table('Images by who is right', [{ heading: 'Images' }, { heading: `${first} right`, isNumber: true }, { heading: `${first} wrong`, isNumber: true }], rows)}
      ${recallFigure(pair, index, `${second} less ${first}`)}
    </div>
    ${classTable(pair, first, second)}
    ${differing(pair, 'first', first, second, pictures)}${differing(pair, 'second', second, first, pictures)}
  </section>`;
}

function recallFigure(pair: PairComparison, index: number, whose: string): Html {
  const present = pair.perClass.filter(({ support }) => support > 0);
  const reach = Math.max(0.05, ...present.flatMap(({ interval }) => interval!.map(Math.abs)));
  const half = Math.ceil(reach * 10) / 10;
  const figure = intervalFigure(
    {
      id: `recall-${index}`,
      title: 'Difference of recall of each class with its 95 % interval',
      description: present
        .map(({ name, recall }) => `${classLabel(name)} ${formatSigned(recall.difference)}`)
        .join(', '),
    },
    present.map(({ name, recall, interval }) => ({
      label: classLabel(name),
      color: classColor(name),
      value: recall.difference,
      interval,
    })),
    {
      domain: [-half, half],
      ticks: [-half, -half / 2, 0, half / 2, half],
      format: (tick) => (tick === 0 ? '0' : formatSigned(tick).replace(/\.0$/, '')),
      reference: 0,
    },
  );
  return html`<figure>
    ${figure}
    <figcaption>Recall, ${whose}, percentage points with 95 % intervals.</figcaption>
  </figure>`;
}

function classTable({ perClass }: PairComparison, first: string, second: string): Html {
  return table(
    'Recall and F1 of each class',
    [
      { heading: 'Class' },
      { heading: 'Images', isNumber: true },
      { heading: `Recall, ${first}`, isNumber: true },
      { heading: `Recall, ${second}`, isNumber: true },
      { heading: 'Difference', isNumber: true },
      { heading: 'F1, difference', isNumber: true },
    ],
    perClass.map(({ name, support, recall, interval, f1 }) => [
      classMark(name),
      formatCount(support),
      formatPercent(recall.first),
      formatPercent(recall.second),
      html`${formatSigned(recall.difference)}
        <small>${interval === null ? '' : formatSignedInterval(interval)}</small>`,
      formatSigned(f1.difference),
    ]),
  );
}

function differing(
  pair: PairComparison,
  right: DifferingImage['right'],
  name: string,
  other: string,
  pictures: Pictures,
): Html {
  const rows = pair.differing.filter((row) => row.right === right).slice(0, DIFFERING_SHOWN);
  const total = right === 'first' ? pair.mcNemar.onlyFirst : pair.mcNemar.onlySecond;
  const wrongPart = right === 'first' ? 'second' : 'first';
  const items = rows.map(
    (row) =>
      html`<li title="${row.path ?? ''}">
        ${picture(pictures, row.image, row.label)}
        <span>${classMark(row.label)} <small>${formatPercent(row[right].confidence)}</small></span>
        <span>other: <b>${classLabel(row[wrongPart].predicted)}</b>, ${formatPercent(row[wrongPart].confidence)}</span>
      </li> `,
  );
  return html`<h3>Only ${name} is right</h3>
    <p class="muted">
      ${formatCount(total)} images, those first on which the two are furthest apart; “other” is what ${other} said.
    </p>
    <ul class="faces">
      ${items}
    </ul>`;
}
