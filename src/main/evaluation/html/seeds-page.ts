import type { SeedComparison, SeedGroup } from '#shared/evaluation.ts';
import { RUN_COLORS } from './comparison-page.ts';
import { footer } from './evaluation-page.ts';
import { intervalFigure } from './figures.ts';
import {
  classMark,
  formatCount,
  formatInterval,
  formatPercent,
  formatSetting,
  html,
  type Html,
  page,
  table,
} from './page.ts';

type Mean = SeedGroup['accuracy'];

/** Groups of runs that differ by their seed alone as a page in one file: means with their intervals, classes, and what each group is. */
export function seedsPage({ split, groups }: SeedComparison): string {
  const title = `Means over seeds on ${split}`;
  const runs = groups.reduce((count, group) => count + group.runs.length, 0);
  return page(
    title,
    html`<header>
        <h1>${title}</h1>
        <p class="muted">
          ${formatCount(runs)} runs in ${formatCount(groups.length)} groups that differ by their seed alone; of each run
          the network that validation chose. Intervals are of the mean, by Student’s t; a single run has none.
        </p>
      </header>
      ${means(groups)}${classes(groups)}${members(groups)} ${footer()}`,
  );
}

/** Groups have letters, the best first: their settings are too long for a figure. */
const letterOf = (index: number): string =>
  `${String.fromCharCode(65 + (index % 26))}${index < 26 ? '' : Math.floor(index / 26)}`;

function means(groups: readonly SeedGroup[]): Html {
  const rows = groups.map((group, index) => [
    letterOf(index),
    formatCount(group.runs.length),
    meanCell(group.accuracy),
    meanCell(group.meanClassAccuracy),
    group.ece.mean.toFixed(3),
    group.nll.mean.toFixed(3),
    Object.entries(group.settings)
      .map(([name, value]) => `${name} ${formatSetting(value)}`)
      .join(', ') || '–',
  ]);
  const columns = ['Accuracy', 'Mean class accuracy', 'ECE', 'NLL'].map((heading) => ({ heading, isNumber: true }));
  return html`<section>
    <h2>Groups</h2>
    <div class="wrap">
      ${table(
        'Means over seeds, the highest accuracy first',
        [
          { heading: 'Group' },
          { heading: 'Seeds', isNumber: true },
          ...columns,
          { heading: 'Settings in which groups differ' },
        ],
        rows,
      )}
    </div>
    <div class="side">
      ${meanFigure('accuracy', 'Accuracy', groups)}${meanFigure('meanClassAccuracy', 'Mean class accuracy', groups)}
    </div>
  </section>`;
}

function meanFigure(measure: 'accuracy' | 'meanClassAccuracy', heading: string, groups: readonly SeedGroup[]): Html {
  const values = groups.flatMap((group) => [group[measure].mean, ...(group[measure].interval ?? [])]);
  const low = Math.max(0, Math.floor(Math.min(...values) * 10) / 10);
  const high = Math.min(1, Math.max(low + 0.1, Math.ceil(Math.max(...values) * 10) / 10));
  const clipped = (value: number): number => Math.min(high, Math.max(low, value));
  const figure = intervalFigure(
    {
      id: measure,
      title: `${heading} of each group with the 95 % interval of its mean`,
      description: groups.map((group, index) => `${letterOf(index)} ${formatPercent(group[measure].mean)}`).join(', '),
    },
    groups.map((group, index) => {
      const { mean, interval } = group[measure];
      return {
        label: `Group ${letterOf(index)}`,
        color: RUN_COLORS[index % RUN_COLORS.length]!,
        value: mean,
        interval: interval && [clipped(interval[0]), clipped(interval[1])],
      };
    }),
    {
      domain: [low, high],
      ticks: [0, 1, 2, 3, 4].map((step) => low + (step * (high - low)) / 4),
      format: (tick) => String(Math.round(1_000 * tick) / 10),
    },
  );
  return html`<figure>
    ${figure}
    <figcaption>${heading}, %, with the 95 % interval of the mean.</figcaption>
  </figure>`;
}

function classes(groups: readonly SeedGroup[]): Html {
  const names = [...new Set(groups.flatMap(({ perClass }) => perClass.map(({ name }) => name)))];
  return html`<section>
    <h2>Recall of each class</h2>
    ${table(
      'Means over seeds',
      [{ heading: 'Class' }, ...groups.map((_, index) => ({ heading: `Group ${letterOf(index)}`, isNumber: true }))],
      names.map((name) => [
        classMark(name),
        ...groups.map(({ perClass }) => {
          const recall = perClass.find((score) => score.name === name)?.recall;
          return recall === undefined ? '–' : meanCell(recall);
        }),
      ]),
    )}
  </section>`;
}

function members(groups: readonly SeedGroup[]): Html {
  const rows = groups.flatMap((group, index) =>
    group.runs.map(({ run, seed, accuracy }) => [run, letterOf(index), String(seed), formatPercent(accuracy)]),
  );
  return html`<section>
    <h2>Runs</h2>
    ${table(
      'Every run and its group',
      [
        { heading: 'Run' },
        { heading: 'Group' },
        { heading: 'Seed', isNumber: true },
        { heading: 'Accuracy', isNumber: true },
      ],
      rows,
    )}
  </section>`;
}

function meanCell({ mean, interval }: Mean): Html {
  return html`${formatPercent(mean)} <small>${interval === null ? '' : formatInterval(interval)}</small>`;
}
