import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXPRESSIONS } from '#shared/expressions.ts';
import type { Role } from '#shared/images.ts';
import { barChart } from './bar-chart.ts';
import type { Exporter } from './exporter.ts';
import { Tally, type SplitTally } from './tally.ts';
import { writeWholeFolder } from './whole-output.ts';

/** What the catalog knows beside the images themselves. */
export interface DatasheetFacts {
  readonly title: string;
  /** In words, such as `subset balanced@2: 60 of each class, seed 0`. */
  readonly choice: string;
  /** ISO 8601, UTC. */
  readonly madeAt: string;
  readonly version: string;
  readonly sources: readonly {
    readonly name: string;
    readonly root: string;
    readonly format: string;
    readonly role: Role;
    readonly importedAt: string;
    /** Files the import rejected. */
    readonly failed: number;
  }[];
}

/**
 * A folder with a datasheet in markdown and its plots, in the sections of Gebru et al., "Datasheets for Datasets" (Communications of the ACM,
 * 2021). What the catalog knows is filled in; what only people know is left as a question to answer.
 */
export function datasheet(facts: DatasheetFacts): Exporter {
  return ({ target, images, signal, onProgress }) =>
    writeWholeFolder(target, async (folder) => {
      const tally = new Tally();
      for await (const batch of images) {
        signal.throwIfAborted();
        for (const image of batch) tally.add(image);
        onProgress(tally.images);
      }
      for (const { split, counts } of labeledSplits(tally)) {
        await writeFile(join(folder, plotOf(split)), barChart(`Classes of the ${split} split`, classBars(counts)));
      }
      await writeFile(join(folder, 'datasheet.md'), markdownOf(facts, tally));
      return { images: tally.images, notes: [] };
    });
}

const plotOf = (split: string): string => `classes-${split}.svg`;
const count = (value: number): string => value.toLocaleString('en');

function labeledSplits(tally: Tally): SplitTally[] {
  return tally.splits.filter(({ counts }) => counts.some((value) => value > 0));
}

function classBars(counts: readonly number[]) {
  return counts.map((value, index) => {
    const { label, color } = EXPRESSIONS[index]!;
    return { name: label, value, color };
  });
}

function markdownOf(facts: DatasheetFacts, tally: Tally): string {
  return [
    `# Datasheet: ${inText(facts.title)}`,
    `Made on ${facts.madeAt.slice(0, 10)} by Face2Exp Studio ${facts.version} from ${inText(facts.choice)}. The sections follow Gebru et al., “Datasheets for Datasets” (2021); *questions* are for the people who know.`,
    '## Motivation',
    questions('Why was this set put together, and for which task?', 'Who put it together, and who paid for it?'),
    '## Composition',
    composition(tally),
    questions(
      'Whom do these faces show, and which groups of people are missing or rare?',
      'Can people be recognized, and did they agree to be shown?',
      'Is any image offensive, intimate or of a minor?',
    ),
    '## Collection',
    collection(facts, tally),
    questions('How and when were the pictures taken, and by whom?', 'Was there a review by an ethics board?'),
    '## Preprocessing, cleaning and labeling',
    labeling(tally),
    questions('Who gave the labels, how many people looked at each image, and how well did they agree?'),
    '## Uses',
    questions(
      'What has this set been used for, and where are the results?',
      'For what should it not be used? An expression that is seen is not what a person feels.',
    ),
    '## Distribution',
    questions('Who may have it, under which licence, and what do the terms of each source allow?'),
    '## Maintenance',
    questions('Who looks after it, and how does one ask for an image to be taken out?', 'How are errors corrected?'),
    '',
  ].join('\n\n');
}

function composition(tally: Tally): string {
  const { splits, identities, sides } = tally;
  const classes = splits[0]?.counts.map((_, index) => EXPRESSIONS[index]!) ?? [];
  const rows = [
    ...classes.map(({ label }, index) => [label, ...splits.map(({ counts }) => count(counts[index]!))]),
    ['*no label*', ...splits.map(({ total, counts }) => count(total - sum(counts)))],
    ['**all**', ...splits.map(({ total }) => count(total))],
    ['largest : smallest class', ...splits.map(({ counts }) => imbalanceOf(counts))],
  ];
  return [
    `${count(tally.images)} images. ${
      identities.count === 0
        ? 'The catalog knows no identities.'
        : `${count(identities.count)} identities, the largest with ${count(identities.largest)} images.`
    } ${
      sides === null
        ? 'The sizes are not known.'
        : `The shorter side is ${sides.smallest} to ${sides.largest} pixels, ${sides.median} in the median.`
    }`,
    table(['class', ...splits.map(({ split }) => split)], rows),
    ...labeledSplits(tally).map(({ split }) => `![Classes of the ${split} split](${plotOf(split)})`),
  ].join('\n\n');
}

function collection({ sources }: DatasheetFacts, tally: Tally): string {
  const present = sources.filter(({ name }) => tally.sources.has(name));
  return table(
    ['source', 'images', 'place', 'format', 'role', 'imported', 'files rejected'],
    present.map(({ name, root, format, role, importedAt, failed }) => [
      inText(name),
      count(tally.sources.get(name)!),
      inText(root),
      format,
      role,
      importedAt.slice(0, 10),
      count(failed),
    ]),
  );
}

function labeling(tally: Tally): string {
  const boxes = tally.withBox === 0 ? 'No crop box is kept.' : `${count(tally.withBox)} images have a crop box.`;
  const excluded =
    tally.excluded === 0
      ? 'None of these images is excluded.'
      : `${count(tally.excluded)} of them are excluded from training and counts.`;
  return `Images are used as they are on disk: the studio changes no file. ${boxes} ${excluded}`;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function imbalanceOf(counts: readonly number[]): string {
  const filled = counts.filter((value) => value > 0);
  return filled.length < 2 ? '–' : `${(Math.max(...filled) / Math.min(...filled)).toFixed(1)} : 1`;
}

function questions(...texts: readonly string[]): string {
  return texts.map((text) => `- *${text}*`).join('\n');
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A name as it is, whatever signs it has. */
function inText(text: string): string {
  return text.replace(/[\\`*_{}[\]<>#|]/g, '\\$&').replace(/\s+/g, ' ');
}
