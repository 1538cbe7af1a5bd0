import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { ImportRequest } from '#shared/catalog.ts';
import { expressionIndex } from '#shared/expressions.ts';
import type { Job } from '#shared/jobs.ts';
import { PRESETS } from '#shared/presets.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { makeDemo } from '../../demo/make-demo.ts';
import type { JobContext, JobRunner } from '../../jobs/runner.ts';
import type { Workspace } from '../workspace.ts';
import { importSource } from './import-service.ts';
import type { RunService } from './run-service.ts';

/** Names the demo gives its parts in the catalog. */
const LABELED_SOURCE = 'demo';
const UNLABELED_SOURCE = 'demo-fr';
const SUBSET = 'demo-balanced';
const PER_CLASS = 60;
const RUN = 'demo';

export interface DemoServiceOptions {
  readonly workspace: Workspace;
  readonly catalog: Catalog;
  readonly jobs: JobRunner;
  readonly runs: RunService;
}

/** Draws the demo's faces into the workspace and puts them into the catalog. */
export class DemoService {
  readonly #options: DemoServiceOptions;

  constructor(options: DemoServiceOptions) {
    this.#options = options;
  }

  /**
   * Makes the demo as a job; what is there already is kept. @param options.train also makes a balanced subset and starts the demo's run, so
   * that one click shows a network learning.
   */
  start(options: { seed: number; train: boolean }): { job: Job; result: Promise<void> } {
    const started = this.#options.jobs.start(
      { kind: 'demo', title: 'Draw the demo’s faces', unit: 'images' },
      async (context) => {
        await this.#make(options.seed, context);
        if (options.train) this.#train(options.seed);
      },
    );
    started.result.catch(() => undefined); // its row holds the error; the caller may have left
    return started;
  }

  async #make(seed: number, context: JobContext): Promise<void> {
    const { workspace, catalog } = this.#options;
    const drawn = await makeDemo({
      directory: join(workspace.directory, 'demo'),
      seed,
      signal: context.signal,
      // Drawing and importing each count every image once.
      onProgress: ({ done, total }) => context.report(done, total * 2, 'drawing'),
    });
    let imported = drawn.images;
    for (const request of requestsOf(drawn.labeled.root, drawn.unlabeled.root)) {
      const before = imported;
      await importSource(catalog, request, {
        signal: context.signal,
        onProgress: ({ done }) => {
          imported = before + done;
          context.report(imported, drawn.images * 2, 'adding to the catalog');
        },
      });
    }
    catalog.images.setTruths(UNLABELED_SOURCE, await readTruths(drawn.truth, drawn.unlabeled.root));
    context.report(drawn.images * 2, drawn.images * 2, `${drawn.images.toLocaleString('en')} faces`);
  }

  #train(seed: number): void {
    const { catalog, runs } = this.#options;
    if (!catalog.subsets.list().some((subset) => subset.name === SUBSET)) {
      catalog.subsets.create({
        name: SUBSET,
        filter: { sources: [LABELED_SOURCE], splits: ['train'] },
        perClass: PER_CLASS,
        balanced: true,
        seed,
        together: [],
      });
    }
    const preset = PRESETS.find(({ name }) => name === 'demo');
    if (runs.list().some((run) => run.name === RUN)) return;
    runs.start({
      config: { ...preset?.config, name: RUN },
      labeled: SUBSET,
      unlabeled: UNLABELED_SOURCE,
      validation: `${LABELED_SOURCE}:validation`,
    });
  }
}

/** True classes by path below the source's root, from the demo's `path,label` lines, whose paths are below the demo's folder. */
async function readTruths(file: string, root: string): Promise<Map<string, number>> {
  const [, ...lines] = (await readFile(file, 'utf8')).trimEnd().split('\n');
  return new Map(
    lines.map((line): [string, number] => {
      const comma = line.lastIndexOf(',');
      const path = join(dirname(file), line.slice(0, comma));
      return [relative(root, path).replaceAll('\\', '/'), expressionIndex(line.slice(comma + 1))!];
    }),
  );
}

function requestsOf(labeled: string, unlabeled: string): ImportRequest[] {
  return [
    { path: labeled, format: 'folder', role: 'labeled', source: LABELED_SOURCE },
    { path: unlabeled, format: 'identity', role: 'unlabeled', source: UNLABELED_SOURCE },
  ];
}
