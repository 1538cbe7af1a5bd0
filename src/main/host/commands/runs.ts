import { resolve } from 'node:path';
import type { RunDetail, RunSummary } from '#shared/training.ts';
import { formatShare, formatTable } from './output.ts';
import type { Register } from './register.ts';
import { findRun } from './find-run.ts';
import { registerCompareCommand } from './runs-compare.ts';
import { followRun } from './train.ts';

/** runs list | show | pause | resume | stop | compare | tensorboard | delete. */
export const registerRunsCommands: Register = (program, action) => {
  const runs = program.command('runs').description('list, show, pause, resume, stop, compare and delete runs');

  runs.command('list').action(
    action(async (context) => {
      const connection = await context.connect();
      const list = await connection.client.runs.list.query();
      const rows = list.map((run) => [
        run.id,
        run.status,
        `${run.step}/${run.totalSteps}`,
        run.best === null ? '–' : formatShare(run.best.accuracy),
        run.updatedAt,
      ]);
      context.result(
        list,
        list.length === 0 ? 'No runs yet.' : formatTable(['run', 'status', 'step', 'best', 'updated'], rows),
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
    run.error === null ? '' : `${run.error.message} ${run.error.hint ?? ''}`,
    rows.length === 0
      ? 'No evaluation yet.'
      : formatTable(['network', 'split', 'step', 'accuracy', 'mean class'], rows),
  ]
    .filter((line) => line !== '')
    .join('\n');
}
