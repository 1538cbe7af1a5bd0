import type { EvaluationReport, Interval, WrongPage } from '#shared/evaluation.ts';
import { curvePanels, intervalFigure, reliabilityFigure } from './figures.ts';
import {
  classColor,
  classLabel,
  classMark,
  formatCount,
  formatInterval,
  formatPercent,
  html,
  type Html,
  page,
  table,
} from './page.ts';

/** Pictures for a report, as data addresses; an image that could not be read has none. */
export type Pictures = ReadonlyMap<number, string>;

export interface EvaluationPageParts {
  readonly report: EvaluationReport;
  readonly title: string;
  readonly wrong: WrongPage;
  readonly pictures: Pictures;
}

/** A report on one network as a page in one file: headline, classes, confusion, calibration, curves and the surest mistakes. */
export function evaluationPage({ report, title, wrong, pictures }: EvaluationPageParts): string {
  return page(
    title,
    html`<header>
        <h1>${title}</h1>
        <p class="muted">
          ${report.network} network, step ${formatCount(report.step)}, on ${formatCount(report.count)} images of
          ${report.split}
        </p>
      </header>
      ${headline(report)}${classes(report)}${confusion(report)}${calibration(report)}${curves(report)}${mistakes(wrong, pictures)}${facts(report)}
      ${footer()}`,
  );
}

export function footer(): Html {
  return html`<footer>
    Made by Face2Exp Studio. Intervals in brackets are 95 % intervals. This file loads nothing and runs nothing.
  </footer>`;
}

function headline(report: EvaluationReport): Html {
  const { intervals } = report;
  const plain = ([lower, upper]: Interval): string => `[${lower.toFixed(3)}–${upper.toFixed(3)}]`;
  const items: readonly (readonly [string, string, string])[] = [
    ['Images', formatCount(report.count), `${formatCount(report.failed)} could not be read`],
    ['Accuracy', formatPercent(report.accuracy), formatInterval(intervals.accuracy)],
    ['Mean class accuracy', formatPercent(report.meanClassAccuracy), formatInterval(intervals.meanClassAccuracy)],
    ['Macro F1', formatPercent(report.macroF1), formatInterval(intervals.macroF1)],
    ['Top-2 accuracy', formatPercent(report.top2), formatInterval(intervals.top2)],
    ['Calibration error (ECE)', report.ece.toFixed(3), '15 bins'],
    ['Log loss (NLL), nats', report.nll.toFixed(3), plain(intervals.nll)],
    ['Brier score', report.brier.toFixed(3), plain(intervals.brier)],
  ];
  return html`<section aria-label="Headline">
    <dl class="headline">
      ${items.map(
        ([name, value, interval]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${value}<small>${interval}</small></dd>
          </div> `,
      )}
    </dl>
  </section>`;
}

function classes(report: EvaluationReport): Html {
  const rows = report.perClass.map((score, index) => {
    const interval = report.intervals.perClass[index]!;
    const { rocArea, averagePrecision } = report.curves[index]!;
    const cell = (value: number, reach: Interval): Html =>
      html`${formatPercent(value)} <small>${formatInterval(reach)}</small>`;
    return [
      classMark(score.name),
      formatCount(score.support),
      cell(score.precision, interval.precision),
      cell(score.recall, interval.recall),
      cell(score.f1, interval.f1),
      rocArea === null ? '–' : rocArea.toFixed(3),
      averagePrecision === null ? '–' : averagePrecision.toFixed(3),
    ];
  });
  const figureOf = (measure: 'recall' | 'precision'): Html => {
    const heading = measure === 'recall' ? 'Recall' : 'Precision';
    const svg = intervalFigure(
      {
        id: measure,
        title: `${heading} of each class with its 95 % interval`,
        description: report.perClass
          .map((score) => `${classLabel(score.name)} ${formatPercent(score[measure])}`)
          .join(', '),
      },
      report.perClass.map((score, index) => ({
        label: classLabel(score.name),
        color: classColor(score.name),
        value: score[measure],
        interval: score.support === 0 ? null : report.intervals.perClass[index]![measure],
      })),
      { domain: [0, 1], ticks: [0, 0.25, 0.5, 0.75, 1], format: (tick) => `${100 * tick}` },
    );
    return html`<figure>
      ${svg}
      <figcaption>${heading}, %, with 95 % intervals.</figcaption>
    </figure>`;
  };
  return html`<section>
    <h2>Classes</h2>
    ${table(
      'Each class against the rest',
      [
        { heading: 'Class' },
        { heading: 'Images', isNumber: true },
        { heading: 'Precision', isNumber: true },
        { heading: 'Recall', isNumber: true },
        { heading: 'F1', isNumber: true },
        { heading: 'ROC area', isNumber: true },
        { heading: 'Average precision', isNumber: true },
      ],
      rows,
    )}
    <div class="side">${figureOf('precision')}${figureOf('recall')}</div>
  </section>`;
}

function confusion(report: EvaluationReport): Html {
  const names = report.perClass.map(({ name }) => name);
  const rows = report.confusion.map((row, index) => {
    const support = report.perClass[index]!.support;
    const cells = row.map((count, column) => {
      const share = support === 0 ? 0 : count / support;
      const kind = index === column ? 'right' : count === 0 ? 'none' : '';
      return html`<td class="${kind}" style="--share:${share.toFixed(3)}">
        ${(100 * share).toFixed(1)}<small>${formatCount(count)}</small>
      </td>`;
    });
    return html`<tr>
      <th scope="row">${classMark(names[index]!)}</th>
      ${cells}
    </tr> `;
  });
  return html`<section>
    <h2>Confusion</h2>
    <div class="scroll" role="region" aria-label="Confusion" tabindex="0">
      <table class="confusion">
        <caption>
          Rows are true classes, columns predictions. Above, the share of the row in percent, which also is the shade;
          below, images.
        </caption>
        <thead>
          <tr>
            <th scope="col">True \\ predicted</th>
            ${names.map((name) => html`<th scope="col">${classMark(name)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>
  </section>`;
}

function calibration(report: EvaluationReport): Html {
  const { calibrated } = report;
  const figureOf = (id: string, caption: string, bins: EvaluationReport['reliability'], ece: number): Html =>
    html`<figure>
      ${reliabilityFigure(
        {
          id,
          title: 'Reliability diagram',
          description: `Accuracy in ${bins.length} bins of confidence. The expected calibration error is ${ece.toFixed(3)}.`,
        },
        bins,
      )}
      <figcaption>
        ${caption} A bar is the accuracy of a bin, the short line its mean confidence: a line above its bar is
        overconfidence.
      </figcaption>
    </figure>`;
  const before = figureOf('reliability', `As trained: ECE ${report.ece.toFixed(3)}.`, report.reliability, report.ece);
  const beside =
    calibrated === null
      ? binTable(report.reliability)
      : figureOf(
          'reliability-calibrated',
          `At temperature ${calibrated.temperature.temperature.toFixed(3)}: ECE ${calibrated.ece.toFixed(3)}.`,
          calibrated.reliability,
          calibrated.ece,
        );
  const fitted =
    calibrated === null
      ? html`<p class="muted">No temperature is fitted for this network yet: evaluate with --calibrate.</p>`
      : html`<p>
          The temperature ${calibrated.temperature.temperature.toFixed(3)} was fitted on
          ${formatCount(calibrated.temperature.count)} images of ${calibrated.temperature.split}. On ${report.split} it
          changes the log loss from ${report.nll.toFixed(3)} to ${calibrated.nll.toFixed(3)} and the Brier score from
          ${report.brier.toFixed(3)} to ${calibrated.brier.toFixed(3)}; no prediction changes.
        </p>`;
  return html`<section>
    <h2>Calibration</h2>
    ${fitted}
    <div class="side">${before}${beside}</div>
    ${calibrated === null ? html`` : binTable(report.reliability)}
  </section>`;
}

function binTable(bins: EvaluationReport['reliability']): Html {
  return table(
    'Bins of confidence, as trained',
    [
      { heading: 'Confidence, %' },
      { heading: 'Images', isNumber: true },
      { heading: 'Mean confidence', isNumber: true },
      { heading: 'Accuracy', isNumber: true },
    ],
    bins
      .filter(({ count }) => count > 0)
      .map(({ lower, upper, count, confidence, accuracy }) => [
        `${(100 * lower).toFixed(1)}–${(100 * upper).toFixed(1)}`,
        formatCount(count),
        formatPercent(confidence),
        formatPercent(accuracy),
      ]),
  );
}

function curves(report: EvaluationReport): Html {
  const group = (kind: 'roc' | 'precisionRecall', heading: string, explained: string): Html => {
    const { definitions, panels } = curvePanels(kind, report.curves, classColor, classLabel);
    const areas = report.curves.map(({ rocArea, averagePrecision }) => (kind === 'roc' ? rocArea : averagePrecision));
    return html`<section>
      <h2>${heading}</h2>
      <p class="muted">${explained} The other classes stand behind in grey; areas are also in the table of classes.</p>
      ${definitions}
      <div class="panels">
        ${panels.map(
          (panel, index) =>
            html`<div>
              <h3>
                ${classMark(report.curves[index]!.name)}<span
                  >${areas[index] === null ? '–' : areas[index]!.toFixed(3)}</span
                >
              </h3>
              ${panel}
            </div> `,
        )}
      </div>
    </section>`;
  };
  return html`${group('roc', 'ROC', 'True over false positive rate of each class against the rest, with the area under the curve. Dashed: chance.')}
  ${group('precisionRecall', 'Precision and recall', 'Precision over recall of each class against the rest, with the average precision.')}`;
}

function mistakes(wrong: WrongPage, pictures: Pictures): Html {
  const rows = wrong.rows.map(
    ({ image, label, predicted, confidence, path }) =>
      html`<li title="${path ?? ''}">
        ${picture(pictures, image, label)} <span>${classMark(label)}</span
        ><span>taken for <b>${classLabel(predicted)}</b>, ${formatPercent(confidence)}</span>
      </li> `,
  );
  const shown =
    wrong.rows.length === 0
      ? html`<p>None.</p>`
      : html`<ul class="faces">
          ${rows}
        </ul>`;
  return html`<section>
    <h2>Surest mistakes</h2>
    <p class="muted">
      ${formatCount(wrong.total)} of ${formatCount(wrong.count)} images are wrong. Those the network is surest about
      come first: a wrong label is often among them.
    </p>
    ${shown}
  </section>`;
}

export function picture(pictures: Pictures, image: number, label: string): Html {
  const address = pictures.get(image);
  if (address === undefined) return html`<span class="missing">Image ${image}</span>`;
  return html`<img src="${address}" alt="Image ${image}, labeled ${classLabel(label)}" />`;
}

function facts(report: EvaluationReport): Html {
  const { record, leftOut, bootstrap, failed } = report;
  const map = Object.entries(record.map).map(([from, to]) => `${from} → ${to ?? 'left out'}`);
  const gone = Object.entries(leftOut).map(([name, count]) => `${formatCount(count)} of ${classLabel(name)}`);
  const rows: readonly (readonly [string, string])[] = [
    ['Checkpoint', record.checkpoint],
    ['Network', `${record.network}, step ${formatCount(record.step)}`],
    ['Its classes', record.networkClasses.map(classLabel).join(', ')],
    ['Class map', map.length === 0 ? 'none: classes meet by name' : map.join(', ')],
    ['Images left out', gone.length === 0 ? 'none' : `${gone.join(', ')}: the network tells no such class`],
    ['Unreadable images', formatCount(failed)],
    [
      'Intervals',
      `stratified bootstrap, ${formatCount(bootstrap.resamples)} resamples, seed ${bootstrap.seed}, percentiles`,
    ],
    ['Speed', `${Number(record.imagesPerSecond.toPrecision(3)).toLocaleString('en')} images/s`],
    ['Evaluated', record.createdAt],
    ['Kept as', record.id],
  ];
  return html`<section>
    <h2>How this was measured</h2>
    <dl class="facts">
      ${rows.map(
        ([name, value]) =>
          html`<dt>${name}</dt>
            <dd>${value}</dd> `,
      )}
    </dl>
  </section>`;
}
