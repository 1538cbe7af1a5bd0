import { resolve } from 'node:path';
import { commandLineHint } from '#shared/errors.ts';
import type { RunDetail, RunSummary } from '#shared/training.ts';
import { collect } from './filter-options.ts';
import { formatShare, formatTable } from './output.ts';
import type { Register } from './register.ts';
import { findRun } from './find-run.ts';
import { registerCompareCommand } from './runs-compare.ts';
import { registerLabelsCommand, reviewedText } from './runs-labels.ts';
import { registerTagCommand } from './runs-tag.ts';
import { followRun } from './train.ts';

/** runs list | show | pause | resume | stop | compare | labels | tag | tensorboard | delete. */
export const registerRunsCommands: Register = (program, action) => {
  const runs = program.command('runs').description('list, show, pause, resume, stop, compare, tag and delete runs');

  runs
    .command('list')
    .option('--tag <tag>', 'only runs with this tag (may be repeated: with all of them)', collect(String))
    .action(
      action(async (context, { tag = [] }: { tag?: readonly string[] }) => {
        const connection = await context.connect();
        const all = await connection.client.runs.list.query();
        const list = all.filter(({ tags }) => tag.every((wanted) => tags.includes(wanted)));
        const rows = list.map((run) => [
          run.id,
          run.status,
          `${run.step}/${run.totalSteps}`,
          run.best === null ? '–' : formatShare(run.best.accuracy),
          run.tags.join(', '),
          run.updatedAt,
        ]);
        const none = all.length === 0 ? 'No runs yet.' : `No run has the tag ${tag.join(' and ')}.`;
        context.result(
          list,
          list.length === 0 ? none : formatTable(['run', 'status', 'step', 'best', 'tags', 'updated'], rows),
        );
      }),
    );

  runs
    .command('show')
    .argument('<run>')
    .action(
      action(async (context, _options, name) => {
        const connection = await context.connect();
        const detail = await findRun(connection, name!);
        const history = await connection.client.runs.steps.query({ id: detail.id });
        context.result({ ...detail, history }, describeRun(detail));
      }),
    );

  runs
    .command('pause')
    .argument('<run>')
    .action(
      action(async (context, _options, name) => {
        const connection = await context.connect();
        const run = await connection.client.runs.pause.mutate({ id: (await findRun(connection, name!)).id });
        context.result(run, `Run ${run.id} is ${run.status} at step ${run.step}.`);
      }),
    );

  runs
    .command('resume')
    .argument('<run>')
    .action(
      action(async (context, _options, name) => {
        const connection = await context.connect({ serves: true });
        const { id } = await findRun(connection, name!);
        await connection.client.runs.resume.mutate({ id });
        // Without another host the run lives in this process, so it is followed to its end.
        const run: RunSummary =
          connection.studio === null ? await findRun(connection, id) : await followRun(context, connection, id);
        context.result(run, `Run ${run.id} is ${run.status} at step ${run.step} of ${run.totalSteps}.`);
      }),
    );

  runs
    .command('stop')
    .argument('<run>')
    .action(
      action(async (context, _options, name) => {
        const connection = await context.connect();
        const run = await connection.client.runs.stop.mutate({ id: (await findRun(connection, name!)).id });
        context.result(run, `Run ${run.id} is ${run.status}; its checkpoints stay.`);
      }),
    );

  registerCompareCommand(runs, action);
  registerLabelsCommand(runs, action);
  registerTagCommand(runs, action);

  runs
    .command('tensorboard')
    .description('write the curves of a run as an event file for TensorBoard')
    .argument('<run>')
    .argument('<folder>', 'where the file goes')
    .action(
      action(async (context, _options, name, folder) => {
        const connection = await context.connect();
        const { id } = await findRun(connection, name!);
        const written = await connection.client.runs.exportCurves.mutate({ id, folder: resolve(folder!) });
        context.result(
          written,
          `${written.steps} steps and ${written.evaluations} evaluations are in ${written.path}.`,
        );
      }),
    );

  runs
    .command('delete')
    .argument('<run>')
    .action(
      action(async (context, _options, name) => {
        const connection = await context.connect();
        const { id } = await findRun(connection, name!);
        context.result(
          await connection.client.runs.remove.mutate({ id }),
          `Run ${id} and its checkpoints are deleted.`,
        );
      }),
    );
};

function describeRun(run: RunDetail): string {
  const rows = run.evaluations.map((evaluation) => [
    evaluation.network,
    evaluation.split,
    String(evaluation.step),
    formatShare(evaluation.accuracy),
    formatShare(evaluation.meanClassAccuracy),
  ]);
  return [
    `${run.id}: ${run.status}, step ${run.step} of ${run.totalSteps}, ${Math.round(run.seconds)} s of training.`,
    run.tags.length === 0 ? '' : `Tags: ${run.tags.join(', ')}.`,
    reviewedText(run.reviewed),
    run.error === null ? '' : `${run.error.message} ${commandLineHint(run.error) ?? ''}`,
    rows.length === 0
      ? 'No evaluation yet.'
      : formatTable(['network', 'split', 'step', 'accuracy', 'mean class'], rows),
  ]
    .filter((line) => line !== '')
    .join('\n');
}
