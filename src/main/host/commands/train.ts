import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { StudioError, deserializeError } from '#shared/errors.ts';
import type { ClusterRequest } from '#shared/cluster.ts';
import { type RunRequest, type RunSummary, trainingConfigSchema } from '#shared/training.ts';
import { checkCheckpointFile } from '../../interchange/checkpoint-file.ts';
import { type Connection, remoteClient } from '../connection.ts';
import { openWorkspace, servingHost } from '../workspace.ts';
import type { CommandContext } from './context.ts';
import { findRun } from './find-run.ts';
import { evaluationText } from './evaluate.ts';
import { formatShare } from './output.ts';
import type { Register } from './register.ts';
import { clusterOf, LAUNCHER } from './cluster-options.ts';
import { joinLaunch } from './train-launched.ts';
import { addTrainOptions, flagsWithoutEffect, trainingConfigOf } from './train-options.ts';

const POLL_MILLISECONDS = 300;
const DETACHED_START_MILLISECONDS = 20_000;

interface TrainOptions extends Record<string, unknown> {
  readonly labeled?: string;
  readonly unlabeled?: string;
  readonly validation: string;
  readonly detach: boolean;
  readonly resume?: string;
  readonly evaluate?: true;
  readonly finetune?: true;
  readonly cluster?: string;
  readonly elastic?: true;
  readonly workerTimeout?: string;
  readonly insecureNetwork?: true;
  readonly map: readonly string[];
}

export const registerTrainCommand: Register = (program, action) => {
  const command = program
    .command('train')
    .description('train with Meta-Face2Exp; every flag of the released program works by its name')
    .option('--labeled <name>', 'subset or source of labeled images (default: the only one)')
    .option('--unlabeled <name>', 'source of unlabeled faces (default: the only one)')
    .option('--validation <split>', 'validation, or SOURCE:validation', 'validation')
    .option('--resume <run>', 'go on with a run, from exactly where it was')
    .option('--evaluate', 'with --resume: score the run’s best network on the test split, and train nothing')
    .option('--finetune', 'with --resume: fine-tune the best network so far, and end the run with that')
    .option('--detach', 'leave it running and return', false);
  command
    .option(
      '--cluster <workers>',
      'HOST:PORT,… of machines that train together, @FILE with one a line (see `worker`), or `launcher` under srun or torchrun',
    )
    .option('--insecure-network', 'with --cluster launcher: workers listen beyond their machines, unencrypted')
    .option(
      '--map <from=to>',
      'with --cluster launcher: where images below a folder of the first process are here',
      (text: string, all: string[]) => [...all, text],
      [],
    )
    .option('--elastic', 'with --cluster: when a worker is gone, go on by itself with those that are left')
    .option('--worker-timeout <seconds>', 'with --cluster: nothing heard of a worker for so long, and it is gone (10)');
  addTrainOptions(command);
  command.action(
    action(async (context, options: TrainOptions) => {
      for (const sentence of flagsWithoutEffect(options)) context.progress.line(`Without effect here: ${sentence}.`);
      checkModes(options);
      if (options.evaluate) return evaluateResumed(context, options.resume!);
      if (options.cluster !== LAUNCHER) return train(context, options, clusterOf(options));
      // A resumed run has its settings already; of a new one all processes must mean the same.
      const config = options.resume === undefined ? trainingConfigSchema.parse(trainingConfigOf(options)) : null;
      const launched = await joinLaunch(context, options, config);
      if (launched === null) return;
      try {
        await train(context, options, clusterOf({ ...options, cluster: launched.workers.join() }));
      } finally {
        launched.close();
      }
    }),
  );
};

async function train(
  context: CommandContext,
  options: TrainOptions,
  cluster: ClusterRequest | undefined,
): Promise<void> {
  const connection = options.detach ? await connectDetached(context) : await context.connect({ serves: true });
  const run =
    options.resume === undefined
      ? await startRun(connection, options, cluster)
      : await resumeRun(connection, options, cluster);
  if (options.detach) {
    context.result(
      { run: run.id, step: run.step, best: run.best, status: run.status, seconds: run.seconds },
      `Run ${run.id} goes on by itself; \`runs show ${run.id}\` tells how far it is.`,
    );
    return;
  }
  const ended = await followRun(context, connection, run.id);
  reportRun(context, ended);
  if (ended.status === 'finished') await waitForOthers(context, connection);
}

async function startRun(
  connection: Connection,
  options: TrainOptions,
  cluster: ClusterRequest | undefined,
): Promise<RunSummary> {
  const config = trainingConfigOf(options);
  if (typeof config.pretrained === 'string') await checkCheckpointFile(config.pretrained);
  const names = await defaultSets(connection, options, config.method === 'supervised');
  const request: RunRequest = {
    ...{ config, ...names, validation: options.validation },
    ...(cluster === undefined ? {} : { cluster }),
  };
  return connection.client.runs.start.mutate(request);
}

async function resumeRun(
  connection: Connection,
  { resume, finetune }: TrainOptions,
  cluster: ClusterRequest | undefined,
): Promise<RunSummary> {
  const { id } = await findRun(connection, resume!);
  const { runs } = connection.client;
  if (finetune) return runs.finetune.mutate({ id });
  return runs.resume.mutate(cluster === undefined ? { id } : { id, cluster });
}

/** @throws StudioError 'usage' for --evaluate and --finetune without the run they are about, or together. */
function checkModes({ evaluate, finetune, resume, cluster, detach }: TrainOptions): void {
  if (cluster === LAUNCHER && detach) {
    throw new StudioError('usage', '--detach would leave the processes of the launcher alone.', {
      hint: 'Leave it out.',
    });
  }
  if (evaluate === undefined && finetune === undefined) return;
  const flag = evaluate === undefined ? '--finetune' : '--evaluate';
  if (evaluate !== undefined && finetune !== undefined) {
    throw new StudioError('usage', '--evaluate and --finetune exclude each other.', {
      hint: 'Run one after the other.',
    });
  }
  if (resume !== undefined) return;
  throw new StudioError('usage', `${flag} is about a run that there is already.`, {
    hint: `Name it: train ${flag} --resume RUN. A new run is fine-tuned at its end by itself.`,
  });
}

/** The released program's --evaluate: the network that validation chose, on the test split. */
async function evaluateResumed(context: CommandContext, name: string): Promise<void> {
  const connection = await context.connect({ serves: true });
  const { id } = await findRun(connection, name);
  const evaluation = await connection.client.evaluation.evaluate.mutate({ model: { run: id }, split: 'test' });
  context.result(evaluation, evaluationText(evaluation));
}

/** The released program names no data sets: where the workspace has just one of a kind, that is the one meant. */
async function defaultSets(
  connection: Connection,
  options: TrainOptions,
  supervised: boolean,
): Promise<{ labeled: string; unlabeled?: string }> {
  const [stats, subsets] = await Promise.all([
    connection.client.catalog.stats.query({}),
    connection.client.subsets.list.query(),
  ]);
  const labeled =
    options.labeled ??
    only(
      'labeled set',
      '--labeled',
      subsets.length > 0
        ? subsets.map((subset) => subset.name)
        : stats.sources.filter((source) => source.role === 'labeled').map((source) => source.name),
    );
  if (supervised) return { labeled };
  const unlabeled =
    options.unlabeled ??
    only(
      'unlabeled source',
      '--unlabeled',
      stats.sources.filter((source) => source.role === 'unlabeled').map((source) => source.name),
    );
  return { labeled, unlabeled };
}

function only(what: string, flag: string, names: readonly string[]): string {
  if (names.length === 1) return names[0]!;
  if (names.length === 0)
    throw new StudioError('usage', `The workspace has no ${what}.`, {
      hint: 'Add one with `import`, or draw the `demo`.',
    });
  throw new StudioError('usage', `The workspace has more than one ${what}: ${names.join(', ')}.`, {
    hint: `Name one with ${flag}.`,
  });
}

/** Follows a run until it leaves the running state. The first Ctrl-C pauses it at the next step, a second one stops it. */
export async function followRun(context: CommandContext, connection: Connection, id: string): Promise<RunSummary> {
  context.onInterrupt = (count) => {
    context.progress.line(
      count === 1
        ? 'Pausing at the next step; press Ctrl-C again to stop the run.'
        : count === 2
          ? 'Stopping the run.'
          : 'Ended.',
    );
    if (count > 2) process.exit(130);
    const { runs } = connection.client;
    // The run may have ended by itself in the meantime; the loop below then says so.
    (count === 1 ? runs.pause : runs.stop).mutate({ id }).catch((error: Error) => context.progress.line(error.message));
  };
  for (;;) {
    const run = await connection.client.runs.get.query({ id });
    const last = run.evaluations.findLast((evaluation) => evaluation.network === 'adaptation');
    context.progress.update({
      label: run.name,
      done: run.step,
      total: run.totalSteps,
      unit: 'steps',
      rate: null,
      secondsLeft: run.secondsLeft,
      detail: [
        run.phase,
        run.imagesPerSecond === null ? '' : `${Math.round(run.imagesPerSecond)} images/s`,
        last === undefined ? '' : `validation ${formatShare(last.accuracy)}`,
        run.badImages === 0 ? '' : `${run.badImages} bad images skipped`,
      ]
        .filter((part) => part !== '')
        .join(', '),
    });
    if (run.status !== 'running' && run.status !== 'queued') {
      context.progress.finish();
      return run;
    }
    await sleep(POLL_MILLISECONDS);
  }
}

/** While this command was the host, others may have asked it to train too: it stays until that is done, or Ctrl-C pauses it. */
async function waitForOthers(context: CommandContext, { studio }: Connection): Promise<void> {
  if (studio === null || !studio.runs.isBusy) return;
  context.progress.line('Another command’s run goes on here; Ctrl-C pauses it.');
  const interrupted = new Promise<void>((resolve) => (context.onInterrupt = () => resolve()));
  await Promise.race([studio.runs.whenIdle(), interrupted]);
}

function reportRun(context: CommandContext, run: RunSummary): void {
  if (run.status === 'failed' && run.error !== null) {
    throw deserializeError(run.error as Parameters<typeof deserializeError>[0]);
  }
  const best =
    run.best === null
      ? ''
      : ` Best on validation: ${formatShare(run.best.accuracy)} (${run.best.network}, step ${run.best.step}).`;
  const next = run.status === 'paused' ? ` Go on with \`train --resume ${run.id}\`.` : '';
  context.result(
    { run: run.id, step: run.step, best: run.best, status: run.status, seconds: run.seconds },
    `Run ${run.id} is ${run.status} at step ${run.step} of ${run.totalSteps}.${best}${next}`,
  );
}

/** A host of its own that lives as long as there is something to train. */
async function connectDetached(context: CommandContext): Promise<Connection> {
  const workspace = openWorkspace(context.workspace);
  if ((await servingHost(workspace)) === null) {
    const entry = fileURLToPath(new URL('../cli.ts', import.meta.url));
    spawn(process.execPath, [entry, 'host', '--until-idle', '--workspace', workspace.directory], {
      detached: true,
      stdio: 'ignore',
    }).unref();
  }
  for (
    const deadline = performance.now() + DETACHED_START_MILLISECONDS;
    performance.now() < deadline;
    await sleep(100)
  ) {
    const host = await servingHost(workspace);
    if (host === null) continue;
    const client = remoteClient(host);
    try {
      await client.system.workspace.query();
      return { client, studio: null, close: () => Promise.resolve() };
    } catch (error) {
      context.progress.line(`Waiting for the studio: ${(error as Error).message}`);
    }
  }
  throw new StudioError('unavailable', 'The background studio did not start.', {
    hint: 'Run `train` without --detach to see why.',
  });
}
