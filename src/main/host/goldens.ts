import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { StudioError } from '#shared/errors.ts';

/** One golden case: what was compared, the largest difference, and how large it may be. */
export interface GoldenResult {
  readonly name: string;
  readonly ok: boolean;
  readonly maxError: number;
  readonly tolerance: number;
  readonly detail?: string;
}

type GroupRunner = (group: string, folder: string) => Promise<GoldenResult[]>;

/** Loaded when needed: a metrics golden needs no TensorFlow. */
const runImaging: GroupRunner = async (group, folder) =>
  (await import('../imaging/goldens.ts')).runImagingGoldens(group, folder);
const runTraining: GroupRunner = async (group, folder) =>
  (await import('../training/goldens.ts')).runTrainingGoldens(group, folder);
const runMetrics: GroupRunner = async (_group, folder) =>
  (await import('../evaluation/metrics-goldens.ts')).runMetricsGoldens(join(folder, 'metrics'));
const runCheckpoints: GroupRunner = async (_group, folder) =>
  (await import('../interchange/goldens.ts')).runCheckpointGoldens(join(folder, 'checkpoints'));
const runGradCam: GroupRunner = async (_group, folder) =>
  (await import('../prediction/goldens.ts')).runGradCamGoldens(join(folder, 'grad-cam'));

/** The groups of a set of goldens, by the entry of the set that holds them. */
const GROUPS: Readonly<Record<string, { readonly entry: string; readonly run: GroupRunner }>> = {
  schedule: { entry: 'schedule.json', run: runTraining },
  forward: { entry: 'forward', run: runTraining },
  'meta-step': { entry: 'meta-step', run: runTraining },
  finetune: { entry: 'finetune', run: runTraining },
  'grad-cam': { entry: 'grad-cam', run: runGradCam },
  'decode-resize': { entry: 'decode-resize', run: runImaging },
  geometry: { entry: 'geometry', run: runImaging },
  normalize: { entry: 'normalize', run: runImaging },
  randaugment: { entry: 'randaugment', run: runImaging },
  metrics: { entry: 'metrics', run: runMetrics },
  checkpoints: { entry: 'checkpoints', run: runCheckpoints },
};

/**
 * Runs every case of a set of goldens.
 *
 * @param folder a set of the layout of the project's goldens. @param groups only these; all that the set holds when left out.
 * @throws StudioError when the folder is no such set, or a group is not in it.
 */
export async function runGoldens(
  folder: string,
  groups: readonly string[] | undefined,
  log: (line: string) => void,
): Promise<GoldenResult[]> {
  if (!existsSync(folder) || !statSync(folder).isDirectory())
    throw new StudioError('not-found', `There is no folder ${folder}.`);
  const wanted = groups ?? Object.keys(GROUPS).filter((group) => existsSync(join(folder, GROUPS[group]!.entry)));
  if (wanted.length === 0)
    throw new StudioError('bad-input', `${folder} holds no goldens.`, {
      hint: `Groups are ${Object.keys(GROUPS).join(', ')}.`,
    });
  const results: GoldenResult[] = [];
  for (const group of wanted) {
    const known = GROUPS[group];
    if (known === undefined)
      throw new StudioError('usage', `There is no group ${group}.`, {
        hint: `Groups are ${Object.keys(GROUPS).join(', ')}.`,
      });
    if (!existsSync(join(folder, known.entry))) throw new StudioError('not-found', `${folder} has no ${known.entry}.`);
    log(`${group} …`);
    const cases = await known.run(group, folder);
    if (cases.length === 0) throw new StudioError('bad-input', `The group ${group} in ${folder} has no cases.`);
    results.push(
      ...cases.map((result) => ({
        ...result,
        name: result.name.startsWith(group) ? result.name : `${group}/${result.name}`,
      })),
    );
  }
  return results;
}
